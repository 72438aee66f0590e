// A fixed-size, zero-initialised array in huge pages where the machine has them: explicit ones first, else transparent ones by
// advice.
//
// A connection table is a few hundred megabytes that are read at random, so the page size decides how many of the look-ups miss
// the TLB. The kernel finds and clears a page when it is touched first: 0.1 to 0.3 ms for a huge one, 3 to 10 where a virtual
// machine's host must find it, too. So whoever has time gives an array its pages before it is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace penstock::core {

enum class PageKind : std::uint8_t { kHuge, kTransparent, kSmall };

// Returns zeroed memory of at least `bytes` bytes, aligned to a huge page; aborts with one line on stderr when the machine has
// not enough.
[[nodiscard]] void* map_huge(std::size_t bytes, PageKind& kind);
// Gives a huge page's worth at `begin`, aligned to one, the pages that it lacks; what is there stays. A kernel before 5.14
// doesn't: there they come as they are touched.
void populate_huge(void* begin);
void unmap_huge(void* memory, std::size_t bytes);
inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

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
  // Gives the next huge page's worth its pages: one thread, while others may use the array. @return false: all have theirs.
  bool populate_some() {
    const std::size_t bytes = size_ * sizeof(T);
    if (populated_ >= bytes) return false;
    populate_huge(reinterpret_cast<std::byte*>(data_) + populated_);
    populated_ += kHugePage;
    return populated_ < bytes;
  }
  [[nodiscard]] PageKind page_kind() const { return kind_; }

 private:
  std::size_t size_;
  PageKind kind_ = PageKind::kSmall;
  T* data_;
  std::size_t populated_ = 0;  // bytes
};

}  // namespace penstock::core
