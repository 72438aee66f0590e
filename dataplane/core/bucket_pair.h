// The two buckets in which a table with two choices may hold a key.
#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock::core {

// By the halves of the key's hash. The second bucket is seldom looked at, so it is worked out by whoever asks for it.
struct BucketPair {
  std::uint32_t first = 0;
  std::uint32_t half = 0;  // of the hash, for the second one

  BucketPair() = default;
  // Precondition: 2 <= bucket_count < 2^32.
  BucketPair(std::uint64_t hash, std::size_t bucket_count)
      : first{scale(static_cast<std::uint32_t>(hash), bucket_count)}, half{static_cast<std::uint32_t>(hash >> 32)} {}

  // Never the first one. Precondition: the constructor's bucket_count.
  [[nodiscard]] std::uint32_t second(std::size_t bucket_count) const {
    const std::uint32_t second = scale(half, bucket_count);
    if (second != first) [[likely]]
      return second;
    return first + 1 != bucket_count ? first + 1 : 0;
  }
  // Some number that depends on the key alone.
  [[nodiscard]] std::uint64_t mixed() const { return (std::uint64_t{half} << 32) | first; }

 private:
  static std::uint32_t scale(std::uint32_t half, std::size_t bucket_count) {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(half) * bucket_count) >> 32);
  }
};

}  // namespace penstock::core
