// A configuration for tests of connection sync: three services with two servers each.
#pragma once

#include <memory>

#include "control/sync/directory.h"
#include "tests/support/ip.h"

namespace penstock::control {

using penstock::test::ip;

// 192.168.1.200:80 TCP and 192.168.1.200:53 UDP with 192.168.1.179 and .180; [fd77::200]:80 TCP with fd77::179 and ::180. Each
// server at its service's port.
class DirectoryForTests {
 public:
  DirectoryForTests();

  [[nodiscard]] const SyncDirectory& directory() const { return *directory_; }
  [[nodiscard]] core::VirtualId service(const char* address, std::uint16_t port, packet::Protocol protocol) const;
  [[nodiscard]] core::ServerId server(core::VirtualId service, const char* address, std::uint16_t port) const;

 private:
  std::unique_ptr<SyncDirectory> directory_;
};

}  // namespace penstock::control
