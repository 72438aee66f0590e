#include "dataplane/core/advert_gate.h"

#include <utility>

namespace penstock::core {
namespace {

template <std::size_t... Is>
std::array<TokenBucket, sizeof...(Is)> buckets(std::uint32_t per_second, std::uint32_t burst, std::index_sequence<Is...>) {
  return {((void)Is, TokenBucket{per_second, burst})...};
}

}  // namespace

AdvertGate::AdvertGate(AdvertCounters& counters)
    : counters_{counters},
      secret_{process_hash_secret()},
      credible_{buckets(kCrediblePerSecond, kCredibleBurst, std::make_index_sequence<kClasses>{})},
      doubtful_{buckets(kDoubtfulPerSecond, kDoubtfulBurst, std::make_index_sequence<kClasses>{})} {}

std::size_t AdvertGate::class_of(const Frame& frame, const packet::ParsedFrame& parsed,
                                 const AdvertFilter::Opinion& opinion) const {
  const std::byte* const ip = frame.data + parsed.l3_offset;
  const std::uint64_t what = (std::uint64_t{index_of(opinion.router)} << 8) | std::to_underlying(opinion.fault);
  const std::uint64_t hash = parsed.is_v4()
                                 ? keyed_hash((what << 32) | packet::overlay<packet::Ipv4Header>(ip).source.value(), secret_)
                                 : keyed_hash(packet::overlay<packet::Ipv6Header>(ip).source, what, secret_);
  return hash % kClasses;
}

Verdict AdvertGate::pass(const AdvertFilter& filter, const Frame& frame, const packet::ParsedFrame& parsed, Tick now) {
  const AdvertFilter::Opinion opinion = filter.look(frame, parsed);
  const bool credible = opinion.fault == AdvertFault::kNone;
  TokenBucket& limit = (credible ? credible_ : doubtful_)[class_of(frame, parsed, opinion)];
  if (limit.take(now)) return {.action = Action::kPunt, .punt = credible ? PuntClass::kVrrp : PuntClass::kDoubtfulAdvert};
  counters_.of(opinion.router)[static_cast<std::size_t>(opinion.fault)].add();
  return {.action = Action::kDrop, .reason = DropReason::kAdvertLimited};
}

}  // namespace penstock::core
