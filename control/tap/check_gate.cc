#include "control/tap/check_gate.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "control/netlink/requester.h"
#include "control/netlink/route_manager.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/parse.h"

namespace penstock::control {
namespace {

constexpr packet::MacAddress kMac{{0x02, 0x50, 0x53, 0x00, 0xc4, 0xec}};  // locally administered; never seen on a wire
constexpr const char* kName = "checks";
constexpr int kFramesAtOnce = 64;

std::string failure(const std::string& what) { return "check_via: " + what + ": " + std::strerror(errno); }

// No ARP and no neighbour discovery: every frame has the same way out.
bool set_no_arp(const char* name) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  bool done = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_NOARP);
  done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return done;
}

// The two ends of a whole TCP packet; nothing for any other frame.
struct Ends {
  packet::Endpoint source;
  packet::Endpoint destination;
};
std::optional<Ends> ends_of(std::span<const std::byte> frame) {
  const packet::ParsedFrame parsed = packet::parse_frame(frame.data(), frame.size(), frame.size());
  if (parsed.kind != packet::FrameKind::kTransport || parsed.protocol != packet::ip_protocol::kTcp) return std::nullopt;
  const std::byte* const ip = frame.data() + parsed.l3_offset;
  if (parsed.is_v4()) {
    const auto& header = packet::overlay<packet::Ipv4Header>(ip);
    return Ends{{header.source, parsed.source_port}, {header.destination, parsed.destination_port}};
  }
  const auto& header = packet::overlay<packet::Ipv6Header>(ip);
  return Ends{{header.source, parsed.source_port}, {header.destination, parsed.destination_port}};
}

}  // namespace

struct CheckGate::Inside {
  TapDevice tap;
  std::unique_ptr<AddressManager> addresses;

  // On the namespace's own thread.
  static std::expected<Inside, std::string> make() {
    auto links = Requester::open();
    auto addresses = Requester::open();
    auto routes = Requester::open();
    if (!links || !addresses || !routes) return std::unexpected{failure("netlink")};
    LinkControl link_control{std::move(*links)};
    auto tap = TapDevice::create({.name = kName, .mac = kMac}, link_control);
    if (!tap) return std::unexpected{"check_via: " + tap.error()};
    if (!set_no_arp(kName)) return std::unexpected{failure("no ARP")};
    RouteManager route_manager{std::move(*routes)};
    for (const packet::IpAddress& any : {packet::IpAddress{packet::Ipv4Address{}}, packet::IpAddress{packet::Ipv6Address{}}}) {
      const auto added = route_manager.add({.destination = any, .prefix_length = 0, .gateway = {}}, tap->interface_index());
      if (!added) return std::unexpected{"check_via: " + added.error()};
    }
    return Inside{std::move(*tap), std::make_unique<AddressManager>(std::move(*addresses))};
  }
};

std::expected<std::unique_ptr<CheckGate>, std::string> CheckGate::open(EventLoop& loop, ServerOf server_of, Forward forward) {
  auto created = NamespaceThread::start();
  if (!created) return std::unexpected{"check_via: a network namespace for the probes: " + created.error().message()};
  std::expected<Inside, std::string> inside = std::unexpected{std::string{}};
  (*created)->run([&inside] { inside = Inside::make(); });
  if (!inside) return std::unexpected{inside.error()};
  std::unique_ptr<CheckGate> gate{
      new CheckGate{std::move(*created), std::move(*inside), std::move(server_of), std::move(forward)}};
  auto watch = loop.try_add_fd(gate->tap_.fd(), {.readable = true}, [at = gate.get()](FdEvents) { at->on_readable(); });
  if (!watch) return std::unexpected{"check_via: " + watch.error().message()};
  gate->watch_ = std::move(*watch);
  return gate;
}

CheckGate::CheckGate(std::unique_ptr<NamespaceThread> network_namespace, Inside inside, ServerOf server_of, Forward forward)
    : namespace_{std::move(network_namespace)},
      tap_{std::move(inside.tap)},
      addresses_{std::move(inside.addresses)},
      server_of_{std::move(server_of)},
      forward_{std::move(forward)} {}

CheckGate::~CheckGate() = default;

std::expected<void, std::string> CheckGate::add_source(const packet::IpAddress& address) {
  const AddressKey key{tap_.interface_index(), address, static_cast<std::uint8_t>(address.bits())};
  const auto added = addresses_->add({.key = key, .broadcast = {}, .scope = 0, .label = {}});
  if (!added) return std::unexpected{"check_via: " + added.error()};
  return {};
}

bool CheckGate::take(std::span<const std::byte> frame) {
  const auto ends = ends_of(frame);
  if (!ends || !server_of_(ends->destination) || frame.size() > frame_.size()) return false;
  std::ranges::copy(frame, frame_.begin());
  auto& ethernet = packet::overlay<packet::EthernetHeader>(frame_.data());
  ethernet.destination = kMac;
  // A frame that the kernel can't take now is a lost packet, which TCP sends again.
  static_cast<void>(tap_.write_frame(std::span{frame_}.first(frame.size())));
  return true;
}

void CheckGate::on_readable() {
  for (int i = 0; i < kFramesAtOnce; ++i) {
    const auto length = tap_.read_frame(frame_);
    if (!length || *length == 0) return;
    const std::span<std::byte> frame = std::span{frame_}.first(*length);
    const auto ends = ends_of(frame);
    if (!ends) continue;
    if (const auto server = server_of_(ends->source)) forward_(*server, frame);
  }
}

}  // namespace penstock::control
