// What a worker's loop counts, beside what its core counts by verdict (core::WorkerCounters).
#pragma once

#include "dataplane/core/counter.h"

namespace penstock::dpdk {

// Written by the worker, read by anyone.
struct alignas(64) WorkerCounters {
  core::Counter64 received;     // frames from devices
  core::Counter64 handed_over;  // frames from other workers
  core::Counter64 injected;     // frames from control that went towards a device
  core::Counter64 sent;         // frames that devices took
  core::Counter64 busy_loops;   // with any of the above to do
  core::Counter64 idle_loops;
  core::Counter64 sleeps;
  core::Counter64 busy_cycles;  // of the time stamp counter, spent in busy loops
};
static_assert(sizeof(WorkerCounters) == 64);

}  // namespace penstock::dpdk
