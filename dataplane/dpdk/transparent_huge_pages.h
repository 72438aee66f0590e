// Transparent huge pages for EAL's memory on a machine that has set no huge pages aside.
#pragma once

#include <cstddef>

namespace penstock::dpdk {

// Moves EAL's memory (started with --no-huge) to private anonymous pages at the same addresses, and asks the kernel for huge
// ones there.
// @pre right after rte_eal_init(): no pool exists and no worker runs yet, so the few pages in use can be copied.
// @return bytes that huge pages may back; 0 when the kernel would not, which leaves the memory as it was.
std::size_t use_transparent_huge_pages();

}  // namespace penstock::dpdk
