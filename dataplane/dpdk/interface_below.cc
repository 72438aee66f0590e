#include "dataplane/dpdk/interface_below.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace penstock::dpdk {

std::optional<InterfaceBelow> look_at_interface(const std::string& name) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || name.size() >= IFNAMSIZ) return std::nullopt;
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  std::optional<InterfaceBelow> below;
  if (ioctl(fd, SIOCGIFMTU, &request) == 0) {
    below.emplace();
    below->mtu = static_cast<unsigned>(request.ifr_mtu);
    ethtool_channels channels{};
    channels.cmd = ETHTOOL_GCHANNELS;
    request.ifr_data = reinterpret_cast<char*>(&channels);
    if (ioctl(fd, SIOCETHTOOL, &request) == 0) {
      below->receive_queues = std::max(1U, channels.combined_count + channels.rx_count);
      below->combined_queues = std::max(1U, channels.combined_count);  // none on a veth pair, which the driver takes for one
    }
  }
  close(fd);
  return below;
}

}  // namespace penstock::dpdk
