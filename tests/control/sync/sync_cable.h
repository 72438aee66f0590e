// Two ends of a cable in namespaces of their own, for tests of connection sync: ours, which the test's thread is in, has the
// interface "left"; the peer's has "right".
#pragma once

#include <poll.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "control/sync/sync_socket.h"
#include "tests/control/netlink/network_namespace.h"

namespace penstock::control::test {

[[nodiscard]] inline packet::IpAddress group_of(bool is_v4) {
  return packet::IpAddress::parse(is_v4 ? "224.0.0.81" : "ff02::81").value();
}

class SyncCable {
 public:
  // The calling thread's namespace becomes the left end.
  SyncCable() { plug(); }

  // Makes it, or makes it anew after pull().
  void plug() {
    shell("ip link add name left type veth peer name right netns " + peer_.path());
    set_up("left", 1);
    peer_.run([] {
      set_up("right", 2);
      await_carrier("right");
    });
    await_carrier("left");
  }
  // Both interfaces are gone.
  static void pull() { shell("ip link del left"); }

  [[nodiscard]] SyncSocket peer(const packet::IpAddress& group, std::uint16_t port = 8848) const {
    std::optional<SyncSocket> socket;
    peer_.run([&] { socket.emplace(SyncSocket::open({.interface = "right", .group = group, .port = port}).value()); });
    return std::move(*socket);
  }
  [[nodiscard]] const NetworkNamespace& peers_namespace() const { return peer_; }

 private:
  // Addresses at once: a kernel that looks for duplicates first would send nothing meanwhile.
  static void set_up(const char* interface, int number) {
    const std::string name = interface;
    const std::string n = std::to_string(number);
    shell("ip link set " + name + " addrgenmode none && ip link set " + name + " up && ip addr add 10.0.0." + n + "/24 dev " +
          name + " && ip addr add fe80::" + n + "/64 dev " + name + " nodad");
  }

  // Until the kernel has taken notice that both ends are up, it drops what is sent.
  static void await_carrier(const std::string& interface) {
    shell("timeout 10 sh -c 'until ip link show dev " + interface + " | grep -q \"state UP\"; do :; done'");
  }

  NetworkNamespace peer_ = NetworkNamespace::create();
};

// The next one; nothing where none comes within ten seconds.
[[nodiscard]] inline std::optional<std::vector<std::byte>> next_datagram(SyncSocket& socket) {
  pollfd readable{.fd = socket.receive_fd(), .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, 10'000) != 1) return std::nullopt;
  const auto datagram = socket.receive();
  if (!datagram) return std::nullopt;
  return std::vector<std::byte>{datagram->begin(), datagram->end()};
}

}  // namespace penstock::control::test
