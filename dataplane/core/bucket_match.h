// Which connections of a bucket have a key. All of them are compared, because which of them it is can't be predicted.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace penstock::core {

// Bit i: slot i has this key. On any processor, and with entries of any kind.
template <typename Entry, std::size_t Slots>
[[nodiscard]] unsigned matching_one_by_one(const std::array<Entry, Slots>& slots, const typename Entry::Key& key) {
  unsigned matches = 0;
  for (std::size_t i = 0; i < Slots; ++i) matches |= static_cast<unsigned>(slots[i].key == key) << i;
  return matches;
}

// The same, by the quickest way that this processor has.
template <typename Entry, std::size_t Slots>
[[nodiscard]] unsigned matching(const std::array<Entry, Slots>& slots, const typename Entry::Key& key) {
#if defined(__SSE4_1__)
  if constexpr (Slots == 4 && sizeof(Entry) == 16 && sizeof(key) == 8) {
    static_assert(offsetof(Entry, key) == 0);
    const __m128i wanted = _mm_set1_epi64x(std::bit_cast<std::int64_t>(key));
    const auto* const entries = reinterpret_cast<const __m128i*>(slots.data());
    const __m128i first_two = _mm_cmpeq_epi64(_mm_unpacklo_epi64(entries[0], entries[1]), wanted);
    const __m128i last_two = _mm_cmpeq_epi64(_mm_unpacklo_epi64(entries[2], entries[3]), wanted);
    return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(_mm_packs_epi32(first_two, last_two))));
  }
#endif
  return matching_one_by_one(slots, key);
}

}  // namespace penstock::core
