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
  ++generation_;
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
  sweep(neighbours_, [this](const NeighbourKey& key) { announce_neighbour(key); });
  sweep(addresses_, [this](const AddressKey& key) { announce_address(key); });
  sweep(links_, [this](int index) { announce_link(index); });
  announce_routes(std::nullopt);
}

// What the last complete dump didn't contain has gone without our being told.
template <typename Map, typename Announce>
void NetworkMirror::sweep(Map& map, Announce announce) {
  std::vector<typename Map::key_type> gone;
  for (const auto& [key, entry] : map) {
    if (entry.generation != generation_) gone.push_back(key);
  }
  for (const auto& key : gone) {
    map.erase(key);
    announce(key);
  }
}

// True when the map changed.
template <typename Map, typename Key, typename Value>
bool NetworkMirror::store(Map& map, const Key& key, const Value& value, bool gone) {
  if (gone) return map.erase(key) != 0;
  const auto [place, is_new] = map.try_emplace(key, value, generation_);
  place->second.generation = generation_;
  if (is_new) return true;
  if (place->second.value == value) return false;
  place->second.value = value;
  return true;
}

void NetworkMirror::apply(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      if (const auto link = read_link(message); link && store(links_, link->index, *link, message.nlmsg_type == RTM_DELLINK)) {
        announce_link(link->index);
      }
      break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      if (const auto address = read_address(message);
          address && store(addresses_, address->key, *address, message.nlmsg_type == RTM_DELADDR)) {
        announce_address(address->key);
      }
      break;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      if (const auto neighbour = read_neighbour(message);
          neighbour && store(neighbours_, neighbour->key, *neighbour, message.nlmsg_type == RTM_DELNEIGH)) {
        announce_neighbour(neighbour->key);
      }
      break;
    case RTM_NEWROUTE:
    case RTM_DELROUTE: announce_routes(read_route_scope(message)); break;
    case RTM_NEWRULE:
    case RTM_DELRULE:
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP: announce_routes(std::nullopt); break;
    default: break;
  }
}

// Over a copy of the list: an observer may end its own or another's subscription while it is called.
template <typename Call>
void NetworkMirror::notify(Call call) {
  const std::vector<std::pair<std::uint64_t, std::shared_ptr<Observer>>> listed{observers_.begin(), observers_.end()};
  for (const auto& [id, observer] : listed) {
    if (observers_.contains(id)) call(*observer);
  }
}

void NetworkMirror::announce_link(int index) {
  notify([&](const Observer& observer) {
    if (observer.link_changed) observer.link_changed(index, find_link(index));
  });
}

void NetworkMirror::announce_address(const AddressKey& key) {
  notify([&](const Observer& observer) {
    if (observer.address_changed) observer.address_changed(key, find_address(key));
  });
}

void NetworkMirror::announce_neighbour(const NeighbourKey& key) {
  notify([&](const Observer& observer) {
    if (observer.neighbour_changed) observer.neighbour_changed(key, find_neighbour(key));
  });
}

void NetworkMirror::announce_routes(const std::optional<RouteScope>& scope) {
  notify([&](const Observer& observer) {
    if (observer.routes_changed) observer.routes_changed(scope);
  });
}

NetworkMirror::Subscription NetworkMirror::subscribe(Observer observer) {
  const std::uint64_t id = next_observer_++;
  observers_.emplace(id, std::make_shared<Observer>(std::move(observer)));
  return Subscription{this, id};
}

const Link* NetworkMirror::find_link(int index) const {
  const auto found = links_.find(index);
  return found == links_.end() ? nullptr : &found->second.value;
}

const Link* NetworkMirror::find_link(std::string_view name) const {
  for (const auto& [index, entry] : links_) {
    if (entry.value.name == name) return &entry.value;
  }
  return nullptr;
}

const Address* NetworkMirror::find_address(const AddressKey& key) const {
  const auto found = addresses_.find(key);
  return found == addresses_.end() ? nullptr : &found->second.value;
}

const Neighbour* NetworkMirror::find_neighbour(const NeighbourKey& key) const {
  const auto found = neighbours_.find(key);
  return found == neighbours_.end() ? nullptr : &found->second.value;
}

void NetworkMirror::for_each_link(const std::function<void(const Link&)>& visit) const {
  for (const auto& [index, entry] : links_) visit(entry.value);
}

void NetworkMirror::for_each_address(const std::function<void(const Address&)>& visit) const {
  for (const auto& [key, entry] : addresses_) visit(entry.value);
}

}  // namespace penstock::control
