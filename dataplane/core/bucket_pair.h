// The two buckets in which a table with two choices may hold a key.
#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock::core {

struct BucketPair {
  std::uint32_t first;
  std::uint32_t second;  // never the first one
};

// By the halves of the key's hash. Precondition: 2 <= bucket_count < 2^32.
[[nodiscard]] inline BucketPair buckets_of(std::uint64_t hash, std::size_t bucket_count) {
  const auto count = static_cast<std::uint32_t>(bucket_count);
  const auto scale = [count](std::uint32_t half) {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(half) * count) >> 32);
  };
  const std::uint32_t first = scale(static_cast<std::uint32_t>(hash));
  const std::uint32_t second = scale(static_cast<std::uint32_t>(hash >> 32));
  return {first, second != first ? second : (first + 1 != count ? first + 1 : 0)};
}

}  // namespace penstock::core
