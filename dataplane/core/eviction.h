// Who gives way when a table is full. Each connection has a rank, and the one of the least goes first: a connection that has
// been half open for too long, as a SYN flood's are; then an inactive one; of several that which ends first. An active one
// stays. All of a bucket are ranked at once, because which of them goes can't be predicted.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/core/connection.h"
#include "dataplane/core/connection_state.h"
#include "dataplane/core/tick.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace penstock::core {

// How long after its last SYN a client that means to connect has sent something else: it would have repeated the SYN after 1 s
// and after 2 s more (RFC 6298, 2.1 and 5.5).
inline constexpr std::chrono::seconds kAnswersWithin{3};

// The rank of one that doesn't give way: more than any other's.
inline constexpr std::int32_t kStays = std::numeric_limits<std::int32_t>::max();

namespace detail {

// A half-open connection with so much of its time left, or less, is abandoned.
inline constexpr auto kAbandonedAt = static_cast<std::int32_t>(to_ticks(kSynReceivedTimeout - kAnswersWithin));
// More than any connection has left.
inline constexpr std::int32_t kBeforeOthers = 1 << 30;
static_assert(to_ticks(kMaxTimeout) < kBeforeOthers);

}  // namespace detail

template <typename Entry>
[[nodiscard]] std::int32_t rank_of(const Entry& entry, Tick now) {
  const auto left = static_cast<std::int32_t>(entry.expires - now);
  if (entry.counts_as_active == 0) return left;
  const bool is_abandoned = entry.state == ConnectionState::kSynReceived && left <= detail::kAbandonedAt;
  return is_abandoned ? left - detail::kBeforeOthers : kStays;
}

// Of the connections in two buckets, none of whose slots is free, the one that goes first: its position when the second
// bucket's slots follow the first one's; 2 * Slots: all stay. On any processor, and with entries of any kind.
template <typename Entry, std::size_t Slots>
[[nodiscard]] unsigned first_to_go_one_by_one(const std::array<Entry, Slots>& first, const std::array<Entry, Slots>& second,
                                              Tick now) {
  unsigned position = 2 * Slots;
  std::int32_t least = kStays;
  for (unsigned i = 0; i < 2 * Slots; ++i) {
    const std::int32_t rank = rank_of(i < Slots ? first[i] : second[i - Slots], now);
    if (rank >= least) continue;
    least = rank;
    position = i;
  }
  return position;
}

#if defined(__SSE4_1__)
namespace detail {

// rank_of() each of four entries of 16 bytes.
template <typename Entry>
[[nodiscard]] __m128i ranks_of(const std::array<Entry, 4>& slots, Tick now) {
  static_assert(sizeof(Entry) == 16 && offsetof(Entry, expires) == 12);
  // The word before the time, where state and counts_as_active are, of an entry that has nothing else.
  const auto word_of = [](ConnectionState state) {
    const Entry entry{.key = {}, .server = ServerId{0}, .state = state, .counts_as_active = 1};
    return _mm_set1_epi32(static_cast<std::int32_t>(std::bit_cast<std::array<std::uint32_t, 4>>(entry)[2]));
  };
  const __m128i active = word_of(static_cast<ConnectionState>(0));
  const __m128i active_in_any_state = word_of(static_cast<ConnectionState>(15));
  const __m128i half_open = word_of(ConnectionState::kSynReceived);

  const auto* const entries = reinterpret_cast<const __m128i*>(slots.data());
  const __m128 first_two = _mm_castsi128_ps(_mm_unpackhi_epi64(entries[0], entries[1]));
  const __m128 last_two = _mm_castsi128_ps(_mm_unpackhi_epi64(entries[2], entries[3]));
  const __m128i words = _mm_castps_si128(_mm_shuffle_ps(first_two, last_two, _MM_SHUFFLE(2, 0, 2, 0)));
  const __m128i expires = _mm_castps_si128(_mm_shuffle_ps(first_two, last_two, _MM_SHUFFLE(3, 1, 3, 1)));
  const __m128i left = _mm_sub_epi32(expires, _mm_set1_epi32(static_cast<std::int32_t>(now)));
  const __m128i is_active = _mm_cmpeq_epi32(_mm_and_si128(words, active), active);
  const __m128i is_half_open = _mm_cmpeq_epi32(_mm_and_si128(words, active_in_any_state), half_open);
  const __m128i is_abandoned = _mm_andnot_si128(_mm_cmpgt_epi32(left, _mm_set1_epi32(kAbandonedAt)), is_half_open);
  const __m128i ranks = _mm_sub_epi32(left, _mm_and_si128(is_abandoned, _mm_set1_epi32(kBeforeOthers)));
  return _mm_blendv_epi8(ranks, _mm_set1_epi32(kStays), _mm_andnot_si128(is_abandoned, is_active));
}

}  // namespace detail
#endif

// The same, by the quickest way that this processor has.
template <typename Entry, std::size_t Slots>
[[nodiscard]] unsigned first_to_go(const std::array<Entry, Slots>& first, const std::array<Entry, Slots>& second, Tick now) {
#if defined(__SSE4_1__)
  if constexpr (Slots == 4 && sizeof(Entry) == 16) {
    const __m128i ranks = detail::ranks_of(first, now);
    const __m128i more_ranks = detail::ranks_of(second, now);
    __m128i least = _mm_min_epi32(ranks, more_ranks);
    least = _mm_min_epi32(least, _mm_shuffle_epi32(least, _MM_SHUFFLE(1, 0, 3, 2)));
    least = _mm_min_epi32(least, _mm_shuffle_epi32(least, _MM_SHUFFLE(2, 3, 0, 1)));
    const auto where = [least](__m128i these) {
      return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(these, least))));
    };
    if (_mm_cvtsi128_si32(least) == kStays) return 2 * Slots;
    return static_cast<unsigned>(std::countr_zero(where(ranks) | where(more_ranks) << Slots));
  }
#endif
  return first_to_go_one_by_one(first, second, now);
}

}  // namespace penstock::core
