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
      servers_{board.servers(options.self)},
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
  const std::size_t middle = std::min(burst.size(), kBurst / 2);
  const std::span<Step> steps = std::span{steps_}.first(burst.size());
  const std::array halves{Part{burst.first(middle), steps.first(middle), verdicts.data()},
                          Part{burst.subspan(middle), steps.subspan(middle), verdicts.data() + middle}};
  for (const Part& half : halves) read(snapshot, half);
  const bool tells_peer = outbox_ != nullptr && outbox_->is_open();
  const Burst context{.snapshot = snapshot,
                      .now = now,
                      .tells_peer = tells_peer,
                      .counts_down = tells_peer && snapshot.sync_policy().counts_down(),
                      .has_standby = standby_ != nullptr && standby_->any_unclaimed()};
  std::size_t others = 0;
  for (const Part& half : halves) {
    look(half);
    others += context.has_standby ? take_long_path(context, half) : take_straight_path(context, half);
  }
  counters_.actions[static_cast<std::size_t>(Action::kForward)].add(burst.size() - others);
}

std::size_t Forwarder::take_straight_path(const Burst& context, const Part& part) {
  std::size_t others = 0;
  const Step* step = part.steps.data();
  Verdict* verdict = part.verdicts;
  for (Frame& frame : part.frames) {
    const Straight outcome = forward_straight(context, frame, *step, *verdict);
    if (outcome != Straight::kForwarded) [[unlikely]] {
      outcome == Straight::kNew ? send_first(context, frame, *step, *verdict) : think(context, frame, *step, *verdict);
      if (is_other(*verdict)) ++others;
    }
    ++step;
    ++verdict;
  }
  return others;
}

std::size_t Forwarder::take_long_path(const Burst& context, const Part& part) {
  std::size_t others = 0;
  const Step* step = part.steps.data();
  Verdict* verdict = part.verdicts;
  for (Frame& frame : part.frames) {
    think(context, frame, *step++, *verdict);
    if (is_other(*verdict++)) ++others;
  }
  return others;
}

// What each frame is, and for those with ports where their connection would lie. Fetches its bucket, which is used one stage
// later. Two loops, because a hash waits for the service and a bucket for the hash: short steps of many packets overlap, where
// the long one of a single packet would wait. Out of line: both halves' would need more registers than there are.
[[gnu::noinline]] void Forwarder::read(const Snapshot& snapshot, const Part& part) {
  const ServiceTable::Ipv4Services services{snapshot.service_table()};
  Step* next = part.steps.data();
  for (const Frame& frame : part.frames) {
    Step& step = *next++;
    const packet::Segment segment = packet::plain_segment(frame.data, frame.length, frame.packet_length);
    if (segment != packet::Segment::kNone) [[likely]] {
      // All is read before anything is written, or the compiler reads again.
      const packet::PlainFrame plain{frame.data};
      const std::uint16_t ip_length = plain.ip_length();
      const ServiceTable::Hit hit = services.find(plain.destination(), plain.destination_port(), plain.protocol());
      const Connection4::Key key{plain.source(), plain.source_port(), hit.virtual_id};
      step.lookup.hit = hit;
      step.key = key;
      step.ip_length = ip_length;
      step.segment = segment;
    } else {
      step.segment = segment;
      step.lookup.hit = {};
      Uncommon& uncommon = uncommon_[static_cast<std::size_t>(&step - steps_.data())];
      uncommon.parsed = packet::parse_uncommon(frame.data, frame.length, frame.packet_length);
      uncommon.lookup =
          uncommon.parsed.kind == packet::FrameKind::kTransport ? look_up(snapshot, frame, uncommon.parsed) : Lookup{};
    }
  }
  const ConnectionTable<Connection4>::Map connections = ipv4_.map();
  for (Step& step : part.steps) {
    if (!step.is_plain()) [[unlikely]]
      continue;
    step.lookup.place = connections.place_of(step.key);
    connections.prefetch(step.lookup.place);
  }
}

// Which connection the bucket has, when it has come. A loop of its own: what has to be fetched now, another bucket, is on its
// way for all.
inline void Forwarder::look(const Part& part) {
  const ConnectionTable<Connection4>::Map connections = ipv4_.map();
  for (Step& step : part.steps) {
    if (step.is_plain()) [[likely]]
      step.guess = connections.peek(step.key, step.lookup.place);
  }
}

Forwarder::Lookup Forwarder::look_up(const Snapshot& snapshot, const Frame& frame, const packet::ParsedFrame& parsed) {
  const auto find = [&]<typename Path>() -> Lookup {
    const ServiceTable::Hit hit =
        snapshot.service_table().find(Path::destination(frame, parsed), parsed.destination_port, parsed.protocol);
    if (!hit) return {hit, {}};
    const auto connections = Path::tracker(*this).map();
    const BucketPair place = connections.place_of({Path::source(frame, parsed), parsed.source_port, hit.virtual_id});
    connections.prefetch(place);
    return {hit, place};
  };
  return parsed.is_v4() ? find.template operator()<Ipv4Path>() : find.template operator()<Ipv6Path>();
}

// A plain packet of an established connection whose server can be reached: nearly all. Where it isn't forwarded nothing has
// changed, but that a connection whose time was up has ended. Each condition is one of decide()'s, and so is all that is done.
[[gnu::always_inline]] inline Forwarder::Straight Forwarder::forward_straight(const Burst& burst, const Frame& frame,
                                                                              const Step& step, Verdict& verdict) {
  std::byte* const data = frame.data;
  if (!burst.snapshot.owns(step.lookup.hit)) [[unlikely]]
    return Straight::kNo;
  if (!burst.snapshot.port(frame.port).is_destination_of(data) &&
      !burst.snapshot.takes(frame.port, packet::overlay<packet::EthernetHeader>(data).destination)) [[unlikely]]
    return Straight::kNo;
  Connection4* const connection = ipv4_.find(step.key, step.lookup.place, burst.now, step.guess);
  if (connection == nullptr) [[unlikely]]
    return Straight::kNew;
  if (has_flag(step.segment, packet::tcp_flag::kSyn)) [[unlikely]]
    return Straight::kNo;
  const ServerId id = connection->server;
  const std::uint16_t ip_length = step.ip_length;
  const RealServer& server = burst.snapshot.server(id);
  if (!Egress::takes_plain(data, ip_length, server)) [[unlikely]]
    return Straight::kNo;
  const ConnectionState next = state_after(connection->state, step.segment);
  if (burst.tells_peer) [[unlikely]]
    note_for_peer(burst, *connection, next);
  ipv4_.advance(*connection, next, burst.snapshot.timeouts(), burst.now);
  Egress::send_plain(data, server, verdict);
  servers_[index_of(id)].count_packet(ip_length);
  return Straight::kForwarded;
}

// All is thought of.
void Forwarder::think(const Burst& burst, Frame& frame, const Step& step, Verdict& verdict) {
  if (step.is_plain()) {
    verdict = decide(burst, frame, packet::parsed_of(packet::PlainFrame{frame.data}), step.lookup);
  } else {
    const Uncommon& uncommon = uncommon_[static_cast<std::size_t>(&step - steps_.data())];
    verdict = decide(burst, frame, uncommon.parsed, uncommon.lookup);
  }
}

// A plain packet that may begin a connection. Out of line as open() is.
[[gnu::noinline]] void Forwarder::send_first(const Burst& burst, Frame& frame, const Step& step, Verdict& verdict) {
  Instead instead;
  const ServerId id = begin<Ipv4Path>(burst, step.key, step.segment, step.ip_length, step.lookup, instead);
  const auto parsed = [&] { return packet::parsed_of(packet::PlainFrame{frame.data}); };
  if (id == kNoServer) [[unlikely]] {
    verdict = without_server(burst, frame, parsed(), instead);
    return;
  }
  const RealServer& server = burst.snapshot.server(id);
  if (Egress::takes_plain(frame.data, step.ip_length, server)) [[likely]]
    return Egress::send_plain(frame.data, server, verdict);
  verdict = egress_.send(frame, parsed(), server, burst.now);
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
  Instead instead;
  const ServerId server = choose(burst, frame, parsed, lookup, instead);
  if (server == kNoServer) [[unlikely]]
    return without_server(burst, frame, parsed, instead);
  return egress_.send(frame, parsed, burst.snapshot.server(server), burst.now);
}

ServerId Forwarder::choose(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup,
                           Instead& instead) {
  return parsed.is_v4() ? choose<Ipv4Path>(burst, frame, parsed, lookup, instead)
                        : choose<Ipv6Path>(burst, frame, parsed, lookup, instead);
}

Verdict Forwarder::without_server(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed, const Instead& instead) {
  return instead ? *instead : egress_.refuse(frame, parsed, burst.now);
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

inline bool Forwarder::is_other(const Verdict& verdict) {
  if (verdict.action == Action::kForward) [[likely]]
    return false;
  count(verdict);
  return true;
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
  ipv4_.sweep(now4, now);
  ipv6_.sweep(now6, now);
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
