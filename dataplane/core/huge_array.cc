#include "dataplane/core/huge_array.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace penstock::core {
namespace {

std::size_t rounded(std::size_t bytes) { return (bytes + kHugePage - 1) / kHugePage * kHugePage; }

}  // namespace

void* map_huge(std::size_t bytes, PageKind& kind) {
  const std::size_t size = rounded(bytes);
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  if (bytes >= kHugePage) {
    void* const memory = mmap(nullptr, size, kProtection, kFlags | MAP_HUGETLB, -1, 0);
    if (memory != MAP_FAILED) {
      kind = PageKind::kHuge;
      return memory;
    }
  }
  // The kernel aligns to small pages: room to choose a beginning in, and the rest is given back. Of no bytes munmap
  // gives nothing back and says EINVAL, which is as good.
  void* const room = mmap(nullptr, size + kHugePage, kProtection, kFlags, -1, 0);
  if (room == MAP_FAILED) {
    std::fprintf(stderr, "penstock: not enough memory for a table of %zu bytes: give it fewer --connections\n", size);
    std::abort();
  }
  auto* const begin = static_cast<std::byte*>(room);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(room) % kHugePage) % kHugePage;
  munmap(begin, before);
  munmap(begin + before + size, kHugePage - before);
  std::byte* const memory = begin + before;
  kind = bytes >= kHugePage && madvise(memory, size, MADV_HUGEPAGE) == 0 ? PageKind::kTransparent : PageKind::kSmall;
  return memory;
}

void populate_huge(void* begin) { (void)madvise(begin, kHugePage, MADV_POPULATE_WRITE); }

void unmap_huge(void* memory, std::size_t bytes) { munmap(memory, rounded(bytes)); }

}  // namespace penstock::core
