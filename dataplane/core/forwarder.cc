#include "dataplane/core/forwarder.h"

#include <algorithm>

#include "dataplane/core/forwarder_connections.h"
#include "dataplane/core/punt_class.h"

namespace penstock::core {
namespace {

// Buckets of a table that one maintain() sweeps at most, so that no burst waits long for it.
constexpr std::size_t kSweepAtOnce = 32;

// The whole table is swept once a second: what the share of so many ticks is. Rounded up, or a table of fewer buckets than
// ticks would never be swept.
std::size_t sweep_share(std::size_t buckets, Tick elapsed) {
  return (buckets * std::min(elapsed, kTicksPerSecond) + kTicksPerSecond - 1) / kTicksPerSecond;
}

}  // namespace

Forwarder::Forwarder(CounterBoard& board, const Options& options)
    : board_{board},
      self_{options.self},
      counters_{board.worker(options.self)},
      ipv4_{options.connections4, board, options.self, counters_.connections4},
      ipv6_{options.connections6, board, options.self, counters_.connections6},
      adverts_{board.adverts(options.self)},
      scheduler_{board},
      standby_{options.standby},
      outbox_{options.outbox} {
  released_.reserve(FragmentTable::kHeldFrames + kBurst);
}

void Forwarder::process(const Snapshot& snapshot, Tick now, std::span<Frame> burst, std::span<Verdict> verdicts) {
  burst = burst.first(std::min(burst.size(), kBurst));
  read(snapshot, burst);
  const bool tells_peer = outbox_ != nullptr && outbox_->is_open();
  const Burst context{.snapshot = snapshot,
                      .now = now,
                      .tells_peer = tells_peer,
                      .counts_down = tells_peer && snapshot.sync_policy().counts_down(),
                      .has_standby = standby_ != nullptr && standby_->any_unclaimed()};
  ServerCounters* const servers = board_.servers(self_);
  std::uint32_t forwarded = 0;
  const Step* step = steps_.data();
  Verdict* verdict = verdicts.data();
  for (Frame& frame : burst) {
    const Straight outcome = forward_straight(context, servers, frame, *step, *verdict);
    if (outcome != Straight::kForwarded) [[unlikely]]
      think(context, frame, *step, outcome == Straight::kNew, *verdict);
    if (verdict->action == Action::kForward) [[likely]] {
      ++forwarded;
    } else {
      count(*verdict);
    }
    ++step;
    ++verdict;
  }
  if (forwarded != 0) counters_.actions[static_cast<std::size_t>(Action::kForward)].add(forwarded);
}

// What each frame is, and for those with ports where their connection would lie. Fetches its bucket, which is used one stage
// later. Several loops, because a hash waits for the service, a bucket for the hash, and another bucket for that one: short
// steps of many packets overlap, where the long one of a single packet would wait.
void Forwarder::read(const Snapshot& snapshot, std::span<const Frame> burst) {
  const ServiceTable::Ipv4Services services{snapshot.service_table()};
  for (std::size_t i = 0; i < burst.size(); ++i) {
    const Frame& frame = burst[i];
    Step& step = steps_[i];
    packet::PlainFrame plain;
    if (packet::read_plain_frame(frame.data, frame.length, frame.packet_length, plain)) [[likely]] {
      const ServiceTable::Hit& hit = services.find(plain.destination, plain.destination_port, plain.protocol);
      step.lookup.hit = hit;
      step.key = {plain.source, plain.source_port, hit.virtual_id};
      step.ip_length = plain.ip_length;
      step.destination_port = plain.destination_port;
      step.protocol = plain.protocol;
      step.tcp_flags = plain.tcp_flags;
    } else {
      step.protocol = 0;
      step.lookup.hit = {};
      Uncommon& uncommon = uncommon_[i];
      uncommon.parsed = packet::parse_uncommon(frame.data, frame.length, frame.packet_length);
      uncommon.lookup =
          uncommon.parsed.kind == packet::FrameKind::kTransport ? look_up(snapshot, frame, uncommon.parsed) : Lookup{};
    }
  }
  const ConnectionTable<Connection4>::Map connections{ipv4_.table()};
  for (std::size_t i = 0; i < burst.size(); ++i) {
    Step& step = steps_[i];
    if (!step.is_plain()) [[unlikely]]
      continue;
    const BucketPair place = connections.place_of(step.key);
    connections.prefetch(place);
    step.lookup.first_bucket = place.first;
    step.lookup.second_bucket = place.second;
  }
  for (std::size_t i = 0; i < burst.size(); ++i) {
    Step& step = steps_[i];
    if (step.is_plain()) [[likely]]
      step.guess = ipv4_.peek(step.key, step.place());
  }
}

Forwarder::Lookup Forwarder::look_up(const Snapshot& snapshot, const Frame& frame, const packet::ParsedFrame& parsed) const {
  const auto find = [&]<typename Path>() -> Lookup {
    const ServiceTable::Hit hit =
        snapshot.service_table().find(Path::destination(frame, parsed), parsed.destination_port, parsed.protocol);
    if (!hit) return {hit, 0, 0};
    const typename ConnectionTable<typename Path::Entry>::Map connections{Path::tracker(*this).table()};
    const BucketPair place = connections.place_of({Path::source(frame, parsed), parsed.source_port, hit.virtual_id});
    connections.prefetch(place);
    return {hit, place.first, place.second};
  };
  return parsed.is_v4() ? find.template operator()<Ipv4Path>() : find.template operator()<Ipv6Path>();
}

// A plain packet of an established connection whose server can be reached: nearly all. Where it isn't forwarded nothing has
// changed, but that a connection whose time was up has ended. Each condition is one of decide()'s, and so is all that is done.
[[gnu::always_inline]] inline Forwarder::Straight Forwarder::forward_straight(const Burst& burst, ServerCounters* servers,
                                                                              const Frame& frame, const Step& step,
                                                                              Verdict& verdict) {
  std::byte* const data = frame.data;
  if (!step.lookup.hit || !burst.snapshot.owns(step.lookup.hit) || burst.has_standby) [[unlikely]]
    return Straight::kNo;
  if (!burst.snapshot.port(frame.port).is_destination_of(data) &&
      !burst.snapshot.takes(frame.port, packet::overlay<packet::EthernetHeader>(data).destination)) [[unlikely]]
    return Straight::kNo;
  Connection4* const connection = ipv4_.find(step.key, step.place(), burst.now, step.guess);
  if (connection == nullptr) [[unlikely]]
    return Straight::kNew;
  if ((step.tcp_flags & packet::tcp_flag::kSyn) != 0) [[unlikely]]
    return Straight::kNo;
  const ServerId id = connection->server;
  const std::uint16_t ip_length = step.ip_length;
  const RealServer& server = burst.snapshot.server(id);
  if (!server.is_on_the_wire() || !Egress::send_plain(data, ip_length, server, verdict)) [[unlikely]]
    return Straight::kNo;
  servers[index_of(id)].count_packet(ip_length);
  const ConnectionState next = state_after(connection->state, step.protocol, step.tcp_flags);
  if (burst.tells_peer) [[unlikely]]
    note_for_peer(burst, *connection, next);
  ipv4_.advance(*connection, next, burst.snapshot.timeouts(), burst.now);
  return Straight::kForwarded;
}

// What the straight path left. The conditions of a new packet aren't gone through once more.
void Forwarder::think(const Burst& burst, Frame& frame, const Step& step, bool is_new, Verdict& verdict) {
  if (is_new) [[likely]] {
    send_first(burst, frame, step, verdict);
  } else if (step.is_plain()) {
    verdict = decide(burst, frame, step.parsed(), step.lookup);
  } else {
    const Uncommon& uncommon = uncommon_[static_cast<std::size_t>(&step - steps_.data())];
    verdict = decide(burst, frame, uncommon.parsed, uncommon.lookup);
  }
}

[[gnu::always_inline]] inline packet::ParsedFrame Forwarder::Step::parsed() const {
  packet::PlainFrame plain;
  plain.source_port = key.client_port();
  plain.destination_port = destination_port;
  plain.ip_length = ip_length;
  plain.protocol = protocol;
  plain.tcp_flags = tcp_flags;
  return packet::parsed_of(plain);
}

// A plain packet that may begin a connection.
[[gnu::always_inline]] inline void Forwarder::send_first(const Burst& burst, Frame& frame, const Step& step, Verdict& verdict) {
  const Arrival<Ipv4Path> arrival{step.key.client(), step.key.client_port(), step.protocol, step.tcp_flags, step.ip_length};
  const Choice choice = begin(burst, arrival, step.lookup, [&] { return egress_.refuse(frame, step.parsed(), burst.now); });
  if (choice.server == kNoServer) [[unlikely]] {
    verdict = choice.verdict;
    return;
  }
  const RealServer& server = burst.snapshot.server(choice.server);
  if (server.is_on_the_wire() && Egress::send_plain(frame.data, step.ip_length, server, verdict)) [[likely]]
    return;
  verdict = egress_.send(frame, step.parsed(), server, burst.now);
}

Verdict Forwarder::decide(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup) {
  if (parsed.kind == packet::FrameKind::kMalformed) [[unlikely]]
    return dropped(parsed.reason);
  const packet::MacAddress& to = packet::overlay<packet::EthernetHeader>(frame.data).destination;
  if (to != burst.snapshot.port(frame.port).mac) [[unlikely]] {
    // A group's frame is never IPVS's (it takes PACKET_HOST only), even when a VIP is written in it.
    if (to.is_group()) return to_kernel(burst, frame, parsed);
    if (!burst.snapshot.takes(frame.port, to)) return dropped(DropReason::kFrameForOtherHost);
  }
  if (!lookup.hit) [[unlikely]]
    return decide_uncommon(burst, frame, parsed);
  if (!burst.snapshot.owns(lookup.hit)) [[unlikely]]
    return dropped(DropReason::kVipNotOurs);
  const Choice choice =
      parsed.is_v4() ? choose<Ipv4Path>(burst, frame, parsed, lookup) : choose<Ipv6Path>(burst, frame, parsed, lookup);
  return send(burst, frame, parsed, choice);
}

Verdict Forwarder::send(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed, const Choice& choice) {
  if (choice.server == kNoServer) [[unlikely]]
    return choice.verdict;
  return egress_.send(frame, parsed, burst.snapshot.server(choice.server), burst.now);
}

Verdict Forwarder::decide_uncommon(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed) {
  switch (parsed.kind) {
    case packet::FrameKind::kIcmp: return forward_icmp(burst, frame, parsed);
    case packet::FrameKind::kFirstFragment:
    case packet::FrameKind::kLaterFragment: return forward_fragment(burst, frame, parsed);
    default: return to_kernel(burst, frame, parsed);
  }
}

// Or to the VRRP thread.
Verdict Forwarder::to_kernel(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed) {
  const PuntClass punt_class = punt_class_of(burst.snapshot, frame, parsed);
  if (punt_class == PuntClass::kVrrp) return adverts_.pass(burst.snapshot.advert_filter(), frame, parsed, burst.now);
  return punted(punt_class);
}

void Forwarder::count(const Verdict& verdict) {
  counters_.actions[static_cast<std::size_t>(verdict.action)].add();
  if (verdict.action == Action::kDrop || verdict.action == Action::kReply) on_drop(verdict.reason);
  if (verdict.action == Action::kPunt) counters_.punts[static_cast<std::size_t>(verdict.punt)].add();
}

void Forwarder::maintain(const Snapshot&, Tick now) {
  if (now != last_tick_) {
    const Tick elapsed = now - last_tick_;
    last_tick_ = now;
    sweep_debt4_ = std::min(sweep_debt4_ + sweep_share(ipv4_.table().bucket_count(), elapsed), ipv4_.table().bucket_count());
    sweep_debt6_ = std::min(sweep_debt6_ + sweep_share(ipv6_.table().bucket_count(), elapsed), ipv6_.table().bucket_count());
    fragments_.expire(now, [this](const Frame& frame) { give_up(frame, DropReason::kFragmentHoldExpired); });
  }
  const std::size_t now4 = std::min(sweep_debt4_, kSweepAtOnce);
  const std::size_t now6 = std::min(sweep_debt6_, kSweepAtOnce);
  if (now4 != 0) ipv4_.sweep(now4, now);
  if (now6 != 0) ipv6_.sweep(now6, now);
  sweep_debt4_ -= now4;
  sweep_debt6_ -= now6;
  listing_.serve(ipv4_.table(), ipv6_.table(), now);
  sync_listing_.serve(ipv4_.table(), ipv6_.table(), now);
}

std::size_t Forwarder::take_released(std::span<Released> out) {
  const std::size_t taken = std::min(out.size(), released_.size());
  std::copy_n(released_.end() - static_cast<std::ptrdiff_t>(taken), taken, out.begin());
  released_.resize(released_.size() - taken);
  return taken;
}

Verdict Forwarder::ask_next_worker(const Frame& frame) const {
  const bool begins = frame.transit.kind != Transit::Kind::kSeek;
  const Transit transit{.kind = Transit::Kind::kSeek,
                        .origin = begins ? self_ : frame.transit.origin,
                        .hops = static_cast<std::uint8_t>(begins ? 1 : frame.transit.hops + 1)};
  const auto next = static_cast<WorkerIndex>((self_ + 1U) % board_.workers());
  return {.action = Action::kHandOver, .worker = next, .transit = transit};
}

}  // namespace penstock::core
