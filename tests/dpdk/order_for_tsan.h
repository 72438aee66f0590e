// Shows ThreadSanitizer the order that DPDK's libraries make between threads.
//
// The problem: the ring driver and the buffer pools lie in Debian's libraries, which aren't instrumented. They order the
// threads that pass a packet on, but ThreadSanitizer doesn't see that, and takes each packet for a race. The idea: the same
// order is told to it where the packet passes through code of DPDK's public interface: callbacks of a port's queues, a pool's
// operations. Each order is one object's alone (a ring, a buffer), so nothing that the libraries don't promise is hidden;
// nothing is suppressed. In other builds all of this is empty.
#pragma once

#include <rte_ring.h>

#include <cstdint>

namespace penstock::dpdk::testing {

// What happened before a release() of an object has happened for who acquires it afterwards.
void release(const void* object);
void acquire(const void* object);

// Packets that come out of `ring` by this receive queue were put there after a release(ring); those that go into it by this
// transmit queue can be taken out after acquire(ring). @pre the port is configured, and no worker uses it yet.
void show_receive_order(std::uint16_t device, std::uint16_t queue, rte_ring* ring);
void show_transmit_order(std::uint16_t device, std::uint16_t queue, rte_ring* ring);

// A buffer's next user comes after the one who freed it, in all pools made from now on. Once, after EAL has started.
void show_pool_order();

}  // namespace penstock::dpdk::testing
