#include "control/netlink/mirror.h"

#include <linux/rtnetlink.h>

#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "control/netlink/message.h"

namespace penstock::control {
namespace {

using std::chrono_literals::operator""ms;

// Work in one turn of the loop, in datagrams: a notification is one each (some microseconds), a dump's piece holds hundreds of
// entries.
constexpr int kEventsPerTurn = 256;
constexpr int kDumpPiecesPerTurn = 4;
// A dump that the kernel refused (no memory) is asked for again after this.
constexpr auto kDumpRetryDelay = 200ms;

const std::vector<int> kGroups{RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NEIGH,  RTNLGRP_IPV4_ROUTE,
                               RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP};

Message dump_message(std::uint16_t type) {
  Message message{type, NLM_F_DUMP};
  switch (type) {
    case RTM_GETLINK: message.header(ifinfomsg{}).put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); break;
    case RTM_GETADDR: message.header(ifaddrmsg{}); break;
    default: message.header(ndmsg{}); break;
  }
  return message;
}

}  // namespace

NetworkMirror::Subscription& NetworkMirror::Subscription::operator=(Subscription&& other) noexcept {
  std::swap(mirror_, other.mirror_);
  std::swap(id_, other.id_);
  return *this;
}

NetworkMirror::Subscription::~Subscription() {
  if (mirror_ != nullptr) mirror_->observers_.erase(id_);
}

NetworkMirror::NetworkMirror(EventLoop& loop, NetlinkSocket events, NetlinkSocket dumps)
    : events_{std::move(events)},
      dumps_{std::move(dumps)},
      events_watch_{loop.add_fd(events_.fd(), {}, [this](FdEvents) { on_events(); })},
      dumps_watch_{loop.add_fd(dumps_.fd(), {}, [this](FdEvents) { on_dump(); })},
      retry_{loop.add_timer([this] { start_resync(); })} {}

std::expected<std::unique_ptr<NetworkMirror>, std::string> NetworkMirror::open(EventLoop& loop, const Options& options) {
  auto events = NetlinkSocket::open({.groups = kGroups, .receive_buffer_bytes = options.receive_buffer_bytes});
  if (!events) return std::unexpected{std::move(events.error())};
  auto dumps = NetlinkSocket::open({});
  if (!dumps) return std::unexpected{std::move(dumps.error())};
  std::unique_ptr<NetworkMirror> mirror{new NetworkMirror{loop, std::move(*events), std::move(*dumps)}};
  mirror->start_resync();
  // A dump's next piece is always there once the previous one was read, so this ends without waiting.
  while (mirror->dump_stage_ != DumpStage::kNone && mirror->dump_stage_ != DumpStage::kRetry) mirror->on_dump();
  if (!mirror->is_in_sync()) return std::unexpected{std::string{"the kernel refuses to list its network interfaces"}};
  mirror->counters_ = {};
  return mirror;
}

void NetworkMirror::on_events() {
  for (int i = 0; i < kEventsPerTurn; ++i) {
    switch (events_.receive([this](const nlmsghdr& message) { apply(message); })) {
      case NetlinkSocket::Received::kMessages: break;
      case NetlinkSocket::Received::kNothing: return;
      case NetlinkSocket::Received::kOverrun:
        ++counters_.overruns;
        start_resync();
        return;
    }
  }
}

void NetworkMirror::poll() {
  if (is_in_sync()) on_events();
}

// Lost notifications: what is queued is older than the dump that is about to begin, so it goes; what comes from now on waits.
void NetworkMirror::start_resync() {
  while (events_.receive([](const nlmsghdr&) {}) != NetlinkSocket::Received::kNothing) {
  }
  events_watch_.set_events({});
  tables_.begin_dump();
  request_dump(DumpStage::kLinks);
}

void NetworkMirror::request_dump(DumpStage stage) {
  static constexpr std::array<std::uint16_t, 4> kTypes{0, RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH};
  dump_stage_ = stage;
  dump_interrupted_ = false;
  Message message = dump_message(kTypes.at(static_cast<std::size_t>(stage)));
  nlmsghdr& header = message.raw();
  header.nlmsg_seq = ++dump_sequence_;
  if (dumps_.send(std::as_bytes(std::span{reinterpret_cast<const char*>(&header), header.nlmsg_len}))) {
    dumps_watch_.set_events({.readable = true});
    return;
  }
  dump_stage_ = DumpStage::kRetry;
  dumps_watch_.set_events({});
  retry_.start_once(kDumpRetryDelay);
}

void NetworkMirror::on_dump() {
  for (int i = 0; i < kDumpPiecesPerTurn && dump_stage_ != DumpStage::kNone && dump_stage_ != DumpStage::kRetry; ++i) {
    const auto received = dumps_.receive([this](const nlmsghdr& message) { take_dump_message(message); });
    if (received == NetlinkSocket::Received::kNothing) return;
    if (received == NetlinkSocket::Received::kOverrun) request_dump(dump_stage_);  // this piece is lost: begin this kind again
  }
}

void NetworkMirror::take_dump_message(const nlmsghdr& message) {
  if (message.nlmsg_seq != dump_sequence_) return;  // of a dump that was begun again
  if ((message.nlmsg_flags & NLM_F_DUMP_INTR) != 0) dump_interrupted_ = true;
  if (message.nlmsg_type == NLMSG_ERROR) {
    dump_stage_ = DumpStage::kRetry;
    dumps_watch_.set_events({});
    retry_.start_once(kDumpRetryDelay);
  } else if (message.nlmsg_type == NLMSG_DONE) {
    next_dump();
  } else {
    apply(message);
  }
}

void NetworkMirror::next_dump() {
  if (dump_interrupted_) return request_dump(dump_stage_);  // the list changed under the kernel's hands: it may lack entries
  if (dump_stage_ == DumpStage::kNeighbours) return finish_resync();
  request_dump(static_cast<DumpStage>(static_cast<int>(dump_stage_) + 1));
}

void NetworkMirror::finish_resync() {
  dump_stage_ = DumpStage::kNone;
  dumps_watch_.set_events({});
  events_watch_.set_events({.readable = true});
  ++counters_.resyncs;
  for (const NetworkChange& change : tables_.end_dump()) announce(change);
  announce(RoutesChanged{});
}

void NetworkMirror::apply(const nlmsghdr& message) {
  if (const auto change = tables_.apply(message)) announce(*change);
}

// Over a copy of the list: an observer may end its own or another's subscription while it is called.
template <typename Call>
void NetworkMirror::notify(Call call) {
  const std::vector<std::pair<std::uint64_t, std::shared_ptr<Observer>>> listed{observers_.begin(), observers_.end()};
  for (const auto& [id, observer] : listed) {
    if (observers_.contains(id)) call(*observer);
  }
}

void NetworkMirror::announce(const NetworkChange& change) {
  notify([&](const Observer& observer) { std::visit([&](const auto& what) { tell(observer, what); }, change); });
}

void NetworkMirror::tell(const Observer& observer, const LinkChanged& change) const {
  if (observer.link_changed) observer.link_changed(change.index, find_link(change.index));
}
void NetworkMirror::tell(const Observer& observer, const AddressChanged& change) const {
  if (observer.address_changed) observer.address_changed(change.key, find_address(change.key));
}
void NetworkMirror::tell(const Observer& observer, const NeighbourChanged& change) const {
  if (observer.neighbour_changed) observer.neighbour_changed(change.key, find_neighbour(change.key));
}
void NetworkMirror::tell(const Observer& observer, const RoutesChanged& change) const {
  if (observer.routes_changed) observer.routes_changed(change.scope);
}

NetworkMirror::Subscription NetworkMirror::subscribe(Observer observer) {
  const std::uint64_t id = next_observer_++;
  observers_.emplace(id, std::make_shared<Observer>(std::move(observer)));
  return Subscription{this, id};
}

}  // namespace penstock::control
