// Drives a Router by a clock that only the test moves, and reads what it asked for.
//
// Our host is 10.77.0.2 / fe80::2 on eth0; its peers are 10.77.0.1, 10.77.0.3 and so on. Time passes in pass(), which calls
// on_time() at exactly the moments that the router names.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/ip.h"
#include "vrrp/advert_codec.h"
#include "vrrp/router.h"

namespace penstock::vrrp {

using namespace std::chrono_literals;
using penstock::test::ip;
using std::chrono::nanoseconds;

// An instance on eth0 with VRID 51 and the VIP 10.77.0.10.
InstanceSpec instance(const std::string& name = "VI_1", std::uint8_t priority = 100);
VirtualAddress vip(std::string_view address, const std::string& interface = "eth0");
RouterSpec with(std::vector<InstanceSpec> instances, std::vector<SyncGroupSpec> groups = {});
// The same for version 3, and for version 3 with IPv6 (VIP fd77::10).
InstanceSpec version3(InstanceSpec spec, Duration interval = 1s);
InstanceSpec ipv6(InstanceSpec spec);

// What a peer sends.
struct PeerAdvert {
  std::string from = "10.77.0.1";
  std::uint8_t priority = 100;
  std::optional<Duration> interval{};     // none: the instance's
  std::optional<std::string> password{};  // none: the instance's
  std::optional<std::vector<packet::IpAddress>> addresses{};
  std::uint8_t ttl = 255;
};

struct SentAdvert {
  TimePoint at{};
  std::string interface{};
  HeardFrame frame{};  // its spans are empty: the bytes are gone
  Advert advert{};
};
struct SentAnnouncement {
  TimePoint at{};
  std::string interface{};
  packet::IpAddress address{};
  packet::MacAddress mac{};
};

class RouterTest : public ::testing::Test {
 protected:
  static constexpr packet::MacAddress kMac{{2, 0, 0, 0, 0, 2}};

  // -- given --
  void configure(RouterSpec spec);
  void link(const std::string& name, bool up, std::vector<packet::IpAddress> addresses = {ip("10.77.0.2"), ip("fe80::2")});
  void start(RouterSpec spec);            // configured, eth0 up
  void start_as_master(RouterSpec spec);  // and the master-down intervals are over
  // -- when --
  void hear(const PeerAdvert& advert, const std::string& name = "VI_1");
  void hear_bytes(std::span<const std::byte> frame, const std::string& interface = "eth0");
  void pass(nanoseconds time);
  void stall(nanoseconds time);  // nobody calls on_time() meanwhile; then once
  void script(const std::string& name, bool success) { take(router_.on_script(name, success, now_)); }
  void take(Actions actions);
  void forget();  // what was asked for so far
  // -- then --
  [[nodiscard]] InstanceStatus status(const std::string& name = "VI_1") const;
  [[nodiscard]] State state(const std::string& name = "VI_1") const { return status(name).state; }
  [[nodiscard]] State group_state(const std::string& name = "G1") const;
  [[nodiscard]] nanoseconds until_timer(const std::string& name = "VI_1") const { return *status(name).next - now_; }
  [[nodiscard]] bool logged(std::string_view line) const;
  [[nodiscard]] std::size_t count_logged(std::string_view part) const;
  [[nodiscard]] std::vector<nanoseconds> advert_times(nanoseconds since = {}) const;  // of test time
  [[nodiscard]] std::size_t announced(std::string_view address) const;
  [[nodiscard]] nanoseconds time() const { return now_ - kStart; }
  // "frame", "own", "disown", "log", "script", "fifo", "mail", in order, repetitions once.
  [[nodiscard]] std::vector<std::string> order() const;

  static constexpr TimePoint kStart{std::chrono::hours{1}};
  Router router_;
  TimePoint now_ = kStart;
  RouterSpec spec_;
  std::vector<SentAdvert> adverts_;
  std::vector<SentAnnouncement> announcements_;
  std::vector<SetOwner> owners_;
  std::vector<std::string> lines_;
  std::vector<std::string> debug_lines_;
  std::vector<notify::RunScript> scripts_;
  std::vector<std::string> fifo_;
  std::vector<notify::SendMail> mails_;
  std::vector<std::string> order_;
};

}  // namespace penstock::vrrp
