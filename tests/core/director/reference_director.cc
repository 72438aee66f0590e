#include "tests/core/director/reference_director.h"

#include <algorithm>

#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using core::Action;
using core::PuntClass;
using packet::DropReason;

constexpr std::uint64_t kTicks = 64;  // a second
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kAck = 0x10;

packet::IpAddress address(const char* text) { return packet::IpAddress::parse(text).value(); }

bool is_multicast(const packet::IpAddress& of) {
  return of.is_v4() ? of.v4().value() >> 28 == 0xe || of.v4().value() == 0xffff'ffff : of.v6().bytes[0] == 0xff;
}
// Loopback, or no address at all.
bool is_nobody(const packet::IpAddress& of) {
  if (of.is_v4()) return of.v4().value() >> 24 == 127 || of.v4().value() >> 24 == 0;
  packet::Ipv6Address loopback{};
  loopback.bytes[15] = 1;
  return of.v6() == loopback || of.v6() == packet::Ipv6Address{};
}

ModelServer model_of(const Situation& situation, unsigned id) {
  const RowServer& server = situation.servers.at(id);
  return {.id = id, .weight = server.weight, .overloaded = !server.local && !server.resolved};
}

}  // namespace

ReferenceDirector::ReferenceDirector(const Situation& situation, core::SchedulerKind scheduler, const Timeouts& timeouts)
    : situation_{situation}, timeouts_{timeouts}, error_credit_{50 * kTicks} {
  read_addresses();
  for (const RowService& service : situation.services) {
    ModelService& model = schedulers_.emplace(service.id, scheduler).first->second;
    for (const unsigned id : service.servers) model.add(model_of(situation, id));
  }
}

// A list is told of what is different in it. A service that is not there now keeps its list.
void ReferenceDirector::change(const Situation& situation) {
  for (const RowService& service : situation.services) {
    ModelService& model = schedulers_.at(service.id);
    std::vector<ModelServer> before{model.servers().begin(), model.servers().end()};
    for (const ModelServer& server : before) {
      if (std::ranges::find(service.servers, server.id) == service.servers.end()) model.remove(server.id);
    }
    for (const unsigned id : service.servers) {
      const auto known = std::ranges::find(before, id, &ModelServer::id);
      const ModelServer now_is = model_of(situation, id);
      if (known == before.end()) {
        model.add(now_is);
        continue;
      }
      if (known->weight != now_is.weight) model.set_weight(id, now_is.weight);
      model.set_overloaded(id, now_is.overloaded);
    }
  }
  situation_ = situation;
  read_addresses();
}

void ReferenceDirector::read_addresses() {
  vips_.clear();
  check_targets_.clear();
  for (const RowService& service : situation_.services) vips_.push_back(address(service.vip.c_str()));
  for (const std::string& target : situation_.check_targets) check_targets_.push_back(address(target.c_str()));
}

std::vector<ReferenceOutcome> ReferenceDirector::pass(std::uint64_t ticks) {
  now_ += ticks;
  released_.clear();
  for (auto& [key, datagram] : datagrams_) {
    if (datagram.held.empty() || now_ < datagram.given_up_at) continue;
    for (const Arrived& fragment : datagram.held) {
      released_.push_back({.outcome = dropped_by(DropReason::kFragmentHoldExpired), .tag = fragment.input.tag});
    }
    datagram.held.clear();
  }
  std::erase_if(datagrams_, [&](const auto& each) { return each.second.held.empty() && now_ >= each.second.forgotten_at; });
  std::erase_if(connections_, [&](const auto& each) { return is_known_to_be_gone(each.second); });
  return released_;
}

std::vector<ReferenceOutcome> ReferenceDirector::receive(const ReferenceInput& input) {
  const Arrived frame{input, read_reference_frame(input.bytes, input.contiguous)};
  if (is_beyond(frame)) return {};
  released_.clear();
  const Outcome outcome = decide(frame);
  const bool is_advert = frame.read.kind == ReferenceFrame::Kind::kAdvert && outcome.action == Action::kPunt;
  std::vector<ReferenceOutcome> all{{.outcome = outcome, .is_advert = is_advert, .tag = input.tag}};
  all.insert(all.end(), released_.begin(), released_.end());
  return all;
}

bool ReferenceDirector::is_beyond(const Arrived& frame) const {
  const bool is_fragment =
      frame.read.kind == ReferenceFrame::Kind::kFirstFragment || frame.read.kind == ReferenceFrame::Kind::kLaterFragment;
  if (is_fragment && datagrams_.size() >= kMostDatagrams) {
    return !datagrams_.contains({frame.read.source, frame.read.destination, frame.read.datagram, frame.read.protocol});
  }
  return frame.read.has_ip && connections(frame.read.is_v4) >= kMostConnections;
}

std::size_t ReferenceDirector::connections(bool is_v4) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [&](const auto& each) { return each.first.client.is_v4() == is_v4; }));
}

std::array<ReferenceLoad, 4> ReferenceDirector::loads() const {
  std::array<ReferenceLoad, 4> loads{};
  for (const auto& [flow, connection] : connections_) {
    ReferenceLoad& load = loads.at(connection.server);
    const bool is_active = connection.state == State::kSynReceived || connection.state == State::kEstablished;
    ++(is_active ? load.active : load.inactive);
  }
  return loads;
}

Outcome ReferenceDirector::decide(const Arrived& frame) {
  const ReferenceFrame& read = frame.read;
  if (read.kind == ReferenceFrame::Kind::kBroken) return dropped_by(read.reason);
  if (read.destination_mac != port_mac(frame.input.port)) {
    if (read.destination_mac.is_group()) return to_kernel(frame);
    const bool is_masters = frame.input.port == 0 && read.destination_mac == kVirtualMac && !situation_.is_backup;
    if (!is_masters) return dropped_by(DropReason::kFrameForOtherHost);
  }
  switch (read.kind) {
    case ReferenceFrame::Kind::kWhole: {
      const RowService* const service = service_at(read.destination, read.destination_port, read.protocol);
      if (service == nullptr) return to_kernel(frame);
      if (situation_.is_backup) return dropped_by(DropReason::kVipNotOurs);
      const Way way = way_of(frame, *service);
      return way.server ? send(frame, *way.server) : way.instead;
    }
    case ReferenceFrame::Kind::kIcmp: return icmp(frame);
    case ReferenceFrame::Kind::kFirstFragment:
    case ReferenceFrame::Kind::kLaterFragment: return fragment(frame);
    default: return to_kernel(frame);
  }
}

Outcome ReferenceDirector::to_kernel(const Arrived& frame) const {
  const ReferenceFrame& read = frame.read;
  PuntClass punt = PuntClass::kOther;
  if (read.kind == ReferenceFrame::Kind::kAdvert) {
    punt = PuntClass::kDoubtfulAdvert;
  } else if (read.kind == ReferenceFrame::Kind::kNeighbour) {
    punt = PuntClass::kNeighbour;
  } else if (read.kind == ReferenceFrame::Kind::kWhole && read.protocol == kUdp && read.destination_port == 8848 &&
             read.destination == address("224.0.0.81")) {
    punt = PuntClass::kSync;
  } else if (read.has_ip && std::ranges::find(check_targets_, read.source) != check_targets_.end()) {
    punt = PuntClass::kCheck;
  }
  return punted_as(frame.input.bytes, punt);
}

const RowService* ReferenceDirector::service_at(const packet::IpAddress& vip, std::uint16_t port, std::uint8_t protocol) const {
  for (std::size_t i = 0; i < vips_.size(); ++i) {
    const RowService& service = situation_.services[i];
    if (service.port == port && static_cast<std::uint8_t>(service.protocol) == protocol && vips_[i] == vip) return &service;
  }
  return nullptr;
}

bool ReferenceDirector::is_vip(const packet::IpAddress& of) const { return std::ranges::find(vips_, of) != vips_.end(); }

// ---- Connections

ReferenceDirector::Way ReferenceDirector::way_of(const Arrived& frame, const RowService& service) {
  const ReferenceFrame& read = frame.read;
  const auto found = connections_.find({read.source, read.source_port, service.id});
  if (found == connections_.end() || is_known_to_be_gone(found->second)) return begin(frame, service);
  Connection& connection = found->second;
  const RowServer& server = situation_.servers.at(connection.server);
  if (read.protocol == kTcp && (read.tcp_flags & kSyn) != 0) {
    const bool has_ended = connection.state == State::kTimeWait || connection.state == State::kClose;
    if (has_ended || (situation_.expire_nodest_conn && server.weight == 0)) {
      connections_.erase(found);
      ++counters_.rescheduled;
      return begin(frame, service);
    }
  }
  if (!server.available) {
    if (!situation_.expire_nodest_conn) return {.server = {}, .instead = dropped_by(DropReason::kServerRemoved)};
    connections_.erase(found);
    return begin(frame, service);
  }
  account(connection.server, frame);
  advance(connection, state_after(connection.state, read));
  return {.server = connection.server};
}

ReferenceDirector::Way ReferenceDirector::begin(const Arrived& frame, const RowService& service) {
  const ReferenceFrame& read = frame.read;
  const auto instead = [](Outcome outcome) { return Way{.server = {}, .instead = std::move(outcome)}; };
  connections_.erase({read.source, read.source_port, service.id});
  if (is_multicast(read.source)) return instead(dropped_by(DropReason::kSourceIsMulticast));
  if (is_nobody(read.source)) return instead(dropped_by(DropReason::kSourceIsLoopback));
  if (is_vip(read.source)) return instead(dropped_by(DropReason::kSourceIsVip));
  const Outcome kernel = punted_as(frame.input.bytes, PuntClass::kOther);
  if (read.source_port == 20) return instead(kernel);  // an FTP server's data connection
  if (read.protocol == kTcp) {
    const bool may_begin = situation_.sloppy_tcp || (read.tcp_flags & kSyn) != 0;
    if (!may_begin || (read.tcp_flags & kRst) != 0) return instead(kernel);
  }
  const std::optional<unsigned> server = schedulers_.at(service.id).pick();
  if (!server) return instead(answer(frame, frame.input.bytes, DropReason::kNoServer, ReferenceError::kPortUnreachable));
  ++counters_.servers.at(*server).connections;
  account(*server, frame);
  Connection& connection = connections_[{read.source, read.source_port, service.id}];
  connection.server = *server;
  advance(connection, state_after({}, read));
  return {.server = server};
}

void ReferenceDirector::advance(Connection& connection, State next) {
  connection.state = next;
  connection.expires = now_ + lifetime_of(next);
}

std::uint64_t ReferenceDirector::lifetime_of(State state) const {
  switch (state) {
    case State::kSynReceived: return timeouts_.syn_received * kTicks;
    case State::kEstablished: return timeouts_.established * kTicks;
    case State::kFinWait: return timeouts_.fin_wait * kTicks;
    case State::kTimeWait: return timeouts_.time_wait * kTicks;
    case State::kClose: return timeouts_.close * kTicks;
    case State::kUdp: break;
  }
  return timeouts_.udp * kTicks;
}

// The kernel's table for traffic of which only the client's half is seen, as far as that can lead.
ReferenceDirector::State ReferenceDirector::state_after(std::optional<State> before, const ReferenceFrame& read) {
  if (read.protocol == kUdp) return State::kUdp;
  const std::uint8_t flags = read.tcp_flags;
  if ((flags & kRst) != 0) return before == State::kSynReceived ? State::kSynReceived : State::kClose;
  if ((flags & kSyn) != 0) return before == State::kEstablished ? State::kEstablished : State::kSynReceived;
  if ((flags & kFin) != 0) {
    if (before == State::kEstablished || before == State::kFinWait) return State::kFinWait;
    return before == State::kSynReceived || before == State::kTimeWait ? State::kTimeWait : State::kClose;
  }
  if ((flags & kAck) == 0) return State::kClose;
  if (before == State::kFinWait || before == State::kTimeWait || before == State::kClose) return *before;
  return State::kEstablished;
}

// ---- The way out

void ReferenceDirector::account(unsigned server, const Arrived& frame) {
  ++counters_.servers.at(server).packets;
  counters_.servers.at(server).bytes += frame.read.ip_length();
}

Outcome ReferenceDirector::send(const Arrived& frame, unsigned id) {
  const RowServer& server = situation_.servers.at(id);
  if (server.local) return punted_as(frame.input.bytes, PuntClass::kOther);
  if (!server.resolved) return dropped_by(DropReason::kServerUnresolved);
  if (frame.read.time_to_live <= 1) {
    return answer(frame, frame.input.bytes, DropReason::kTtlExceeded, ReferenceError::kTimeExceeded);
  }
  const Outcome sent = forwarded(frame.input.bytes, id, server.egress);
  if (frame.read.ip_length() <= server.mtu) return sent;
  // The quote shows what the next hop would have been given: the TTL has gone down.
  return answer(frame, sent.out, DropReason::kTooBigForEgress, ReferenceError::kPacketTooBig, server.mtu);
}

Outcome ReferenceDirector::answer(const Arrived& frame, const Bytes& about, DropReason reason, ReferenceError error,
                                  std::uint16_t mtu) {
  if (!may_send_error()) return dropped_by(DropReason::kIcmpFloodLimited);
  const auto reply = reference_icmp_error(about, frame.input.contiguous, frame.read, error, mtu);
  return reply ? answered(reason, *reply, frame.input.port) : dropped_by(reason);
}

// 1000 a second, 50 at once.
bool ReferenceDirector::may_send_error() {
  error_credit_ = std::min(50 * kTicks, error_credit_ + (now_ - error_credit_at_) * 1000);
  error_credit_at_ = now_;
  if (error_credit_ < kTicks) return false;
  error_credit_ -= kTicks;
  return true;
}

}  // namespace penstock::test
