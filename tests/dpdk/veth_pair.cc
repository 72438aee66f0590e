#include "tests/dpdk/veth_pair.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace penstock::dpdk::testing {
namespace {

void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error{"failed: " + command};
}

}  // namespace

WireEnd::WireEnd(const std::string& interface) : fd_{socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL))} {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (fd_ < 0 || bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error{"no packet socket on " + interface};
  }
}

WireEnd::~WireEnd() { close(fd_); }

void WireEnd::send(std::span<const std::byte> frame) {
  if (::send(fd_, frame.data(), frame.size(), 0) != static_cast<ssize_t>(frame.size()))
    throw std::runtime_error{"the wire took no frame"};
}

std::optional<std::vector<std::byte>> WireEnd::receive(std::span<const std::byte, 2> ether_type) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (std::chrono::steady_clock::now() < end) {
    pollfd wait{fd_, POLLIN, 0};
    if (poll(&wait, 1, 1000) != 1) continue;
    std::vector<std::byte> frame(65536);
    sockaddr_ll from{};
    socklen_t length = sizeof(from);
    const ssize_t size = recvfrom(fd_, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < ETH_HLEN || from.sll_pkttype == PACKET_OUTGOING ||
        !std::ranges::equal(std::span{frame}.subspan(12, 2), ether_type))
      continue;
    frame.resize(static_cast<std::size_t>(size));
    return frame;
  }
  return std::nullopt;
}

VethPair::VethPair(unsigned queues, unsigned mtu) {
  static int number = 0;
  port_end_ = fmt::format("dp{}", number);
  test_end_ = fmt::format("dt{}", number++);
  const auto end = [&](const std::string& name) {
    return fmt::format("{0} mtu {1} numtxqueues {2} numrxqueues {2}", name, mtu, queues);
  };
  run(fmt::format("ip link add {} type veth peer name {}", end(port_end_), end(test_end_)));
  for (const auto& name : {port_end_, test_end_}) {
    run(fmt::format("sysctl -qw net.ipv6.conf.{}.disable_ipv6=1", name));
    run(fmt::format("ethtool -K {} tx off tso off gso off gro off > /dev/null", name));
    run(fmt::format("ip link set {} up", name));
  }
  wire_.emplace(test_end_);
}

VethPair::~VethPair() {
  wire_.reset();
  run("ip link del " + test_end_);
}

}  // namespace penstock::dpdk::testing
