// A fixed-size, zero-initialised array in huge pages where the machine has them: explicit ones first, else transparent ones by
// advice.
//
// A connection table is a few hundred megabytes that are read at random, so the page size decides how many of the look-ups miss
// the TLB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace penstock::core {

enum class PageKind : std::uint8_t { kHuge, kTransparent, kSmall };

// Returns zeroed memory of at least `bytes` bytes, aligned to a huge page; aborts with one line on stderr when the machine has
// not enough.
[[nodiscard]] void* map_huge(std::size_t bytes, PageKind& kind);
void unmap_huge(void* memory, std::size_t bytes);

template <typename T>
  requires(std::is_trivially_destructible_v<T>)
class HugeArray {
 public:
  explicit HugeArray(std::size_t size) : size_{size}, data_{static_cast<T*>(map_huge(size * sizeof(T), kind_))} {}
  ~HugeArray() { unmap_huge(data_, size_ * sizeof(T)); }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;

  [[nodiscard]] T& operator[](std::size_t index) { return data_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return data_[index]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] PageKind page_kind() const { return kind_; }

 private:
  std::size_t size_;
  PageKind kind_ = PageKind::kSmall;
  T* data_;
};

}  // namespace penstock::core
