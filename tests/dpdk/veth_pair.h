// A cable in this process's network namespace: the port under test at one end, the test with a packet socket at the other.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace penstock::dpdk::testing {

// A packet socket on an interface: what any other machine on the wire would do.
class WireEnd {
 public:
  explicit WireEnd(const std::string& interface);
  ~WireEnd();
  WireEnd(const WireEnd&) = delete;
  WireEnd& operator=(const WireEnd&) = delete;

  void send(std::span<const std::byte> frame);
  // The next frame of the given Ethernet type that came in, waiting for it for up to ten seconds.
  [[nodiscard]] std::optional<std::vector<std::byte>> receive(std::span<const std::byte, 2> ether_type);

 private:
  int fd_;
};

// Both ends up, without IPv6 (which would talk by itself) and without offloads (a sender would leave checksums to a NIC that
// doesn't exist).
class VethPair {
 public:
  explicit VethPair(unsigned queues = 1, unsigned mtu = 1500);
  ~VethPair();
  VethPair(const VethPair&) = delete;
  VethPair& operator=(const VethPair&) = delete;

  [[nodiscard]] const std::string& port_end() const { return port_end_; }
  [[nodiscard]] WireEnd& wire() { return *wire_; }

 private:
  std::string port_end_;
  std::string test_end_;
  std::optional<WireEnd> wire_;
};

}  // namespace penstock::dpdk::testing
