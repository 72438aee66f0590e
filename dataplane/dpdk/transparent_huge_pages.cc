// The problem: with --no-huge DPDK 22.11 maps a memfd, and for shared memory the kernel's default (shmem_enabled = never)
// ignores MADV_HUGEPAGE. The idea: private anonymous memory does get huge pages by advice. So a new mapping of the same size is
// prepared, the pages that EAL has touched are copied into it, and mremap() puts it in place of the old one in a single step.
// The limits: a device that shares its memory with another process (vhost-user, memif without copies) needs the memfd: the
// caller leaves this out for those.
#include "dataplane/dpdk/transparent_huge_pages.h"

#include <rte_memory.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace penstock::dpdk {
namespace {

constexpr std::size_t kHugePage = 2U << 20U;

struct Area {
  std::byte* begin;
  std::size_t size;
};

// The new mapping lies at the same offset within a huge page as the old one, so that its huge pages stay whole when it is
// moved.
std::byte* map_congruent(const Area& area, Area& reserved) {
  reserved.size = area.size + 2 * kHugePage;
  void* memory = mmap(nullptr, reserved.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  reserved.begin = static_cast<std::byte*>(memory);
  const auto want = reinterpret_cast<std::uintptr_t>(area.begin) % kHugePage;
  const auto have = reinterpret_cast<std::uintptr_t>(memory) % kHugePage;
  return reserved.begin + (want + kHugePage - have) % kHugePage;
}

bool replace(const Area& area) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident(area.size / page);
  if (mincore(area.begin, area.size, resident.data()) != 0) return false;
  Area reserved{};
  std::byte* fresh = map_congruent(area, reserved);
  if (fresh == nullptr) return false;
  bool done = madvise(fresh, area.size, MADV_HUGEPAGE) == 0;
  if (done) {
    for (std::size_t i = 0; i < resident.size(); ++i) {
      if ((resident[i] & 1U) != 0) std::memcpy(fresh + i * page, area.begin + i * page, page);
    }
    done = mremap(fresh, area.size, area.size, MREMAP_MAYMOVE | MREMAP_FIXED, area.begin) != MAP_FAILED;
  }
  if (!done) {
    munmap(reserved.begin, reserved.size);
    return false;
  }
  if (fresh > reserved.begin) munmap(reserved.begin, static_cast<std::size_t>(fresh - reserved.begin));
  std::byte* const tail = fresh + area.size;
  munmap(tail, static_cast<std::size_t>(reserved.begin + reserved.size - tail));
  return true;
}

}  // namespace

std::size_t use_transparent_huge_pages() {
  std::vector<Area> areas;
  const auto collect = [](const rte_memseg_list*, const rte_memseg* segment, std::size_t size, void* list) {
    static_cast<std::vector<Area>*>(list)->push_back({static_cast<std::byte*>(segment->addr), size});
    return 0;
  };
  rte_memseg_contig_walk(collect, &areas);
  std::size_t bytes = 0;
  for (const Area& area : areas) {
    if (replace(area)) bytes += area.size;
  }
  return bytes;
}

}  // namespace penstock::dpdk
