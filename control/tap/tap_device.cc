#include "control/tap/tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "control/netlink/interface_sysctl.h"

namespace penstock::control {
namespace {

std::string no_tun_driver(int code) {
  std::string text = std::string{"cannot open /dev/net/tun: "} + std::strerror(code);
  if (code == ENOENT || code == ENODEV) text += " (is the kernel module loaded? modprobe tun)";
  if (code == EPERM || code == EACCES) text += " (this needs root or CAP_NET_ADMIN)";
  return text;
}

std::string cannot_create(const std::string& name, int code) {
  if (code == EBUSY || code == EINVAL) {
    return "an interface \"" + name +
           "\" exists already, but the port's own interface must have this name: rename the existing one (ip link set " + name +
           " down; ip link set " + name + " name " + name + "-nic) and name it so in --port as well";
  }
  std::string text = "cannot create the interface \"" + name + "\": " + std::strerror(code);
  if (code == EPERM) text += " (this needs root or CAP_NET_ADMIN)";
  return text;
}

}  // namespace

std::expected<TapDevice, std::string> TapDevice::create(const TapOptions& options, LinkControl& links) {
  if (options.name.empty() || options.name.size() >= IFNAMSIZ) {
    return std::unexpected{"\"" + options.name + "\" can't be an interface's name: 1 to " + std::to_string(IFNAMSIZ - 1) +
                           " characters"};
  }
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return std::unexpected{no_tun_driver(errno)};
  TapDevice tap{fd, options.name};

  ifreq request{};
  options.name.copy(request.ifr_name, IFNAMSIZ - 1);
  constexpr int kFlags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL;  // exclusive: never somebody else's persistent TAP
  request.ifr_flags = static_cast<short>(kFlags);
  if (ioctl(fd, TUNSETIFF, &request) != 0) return std::unexpected{cannot_create(options.name, errno)};
  tap.interface_index_ = static_cast<int>(if_nametoindex(options.name.c_str()));

  // Else its IPv6 addresses couldn't be used for two seconds: VRRP would have to wait for its source address. (The address that
  // follows from the NIC's MAC address is the NIC's own; where the knob can't be turned the wait is all that comes of it.)
  const InterfaceSysctl accept_dad{InterfaceSysctl::Family::kIpv6, options.name, "accept_dad"};
  if (accept_dad.exists()) static_cast<void>(accept_dad.write("0"));

  const int index = tap.interface_index_;
  if (auto done = links.set_mac(index, options.mac); !done) return std::unexpected{std::move(done.error())};
  if (auto done = links.set_mtu(index, options.mtu); !done) return std::unexpected{std::move(done.error())};
  if (auto done = links.set_up(index, true); !done) return std::unexpected{std::move(done.error())};
  return tap;
}

TapDevice::TapDevice(TapDevice&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, interface_index_{other.interface_index_}, name_{std::move(other.name_)} {}

TapDevice& TapDevice::operator=(TapDevice&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(interface_index_, other.interface_index_);
  std::swap(name_, other.name_);
  return *this;
}

TapDevice::~TapDevice() {
  if (fd_ >= 0) close(fd_);
}

std::expected<std::size_t, int> TapDevice::read_frame(std::span<std::byte> room) {
  ssize_t size = 0;
  do {
    size = read(fd_, room.data(), room.size());
  } while (size < 0 && errno == EINTR);
  if (size >= 0) return static_cast<std::size_t>(size);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  return std::unexpected{errno};
}

std::expected<void, int> TapDevice::write_frame(std::span<const std::byte> frame) {
  while (write(fd_, frame.data(), frame.size()) < 0) {
    if (errno != EINTR) return std::unexpected{errno};
  }
  return {};
}

}  // namespace penstock::control
