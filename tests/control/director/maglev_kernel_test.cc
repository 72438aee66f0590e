// The same server as the kernel's IPVS for each of many flows: what mh gives in tests/ipvs_conformance/recorded-kernel-mh.txt,
// which the guest's kernel wrote (maglev_play.py), a digest of all picks for each case. Flows and cases are those of
// maglev_flows.py beside it, told once more: services and changes through the Director, picks by the Scheduler.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "control/director/director.h"
#include "dataplane/core/scheduler.h"

namespace penstock::control {
namespace {

constexpr unsigned kServers = 10;
constexpr std::size_t kFlows = 100'000;

// One line of the record: "8002 mh-port 1,2,...,10 removed:3 DIGEST 400,...,0". The last of the shares is nobody's.
struct Expected {
  std::uint16_t port = 0;
  std::string flags;
  std::vector<std::uint32_t> weights;
  std::string change;
  std::string digest;
  std::string shares;
};

std::vector<Expected> record() {
  std::ifstream file{PENSTOCK_RECORDED_MH};
  std::vector<Expected> all;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words{line};
    Expected each;
    std::string weights;
    words >> each.port >> each.flags >> weights >> each.change >> each.digest >> each.shares;
    std::istringstream numbers{weights};
    for (std::string number; std::getline(numbers, number, ',');)
      each.weights.push_back(static_cast<std::uint32_t>(std::stoul(number)));
    all.push_back(std::move(each));
  }
  return all;
}

// splitmix64.
std::uint64_t mixed(std::uint64_t number) {
  std::uint64_t z = (number + 1) * 0x9e37'79b9'7f4a'7c15;
  z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
  return z ^ z >> 31;
}

struct Flow {
  bool is_v6;
  bool is_tcp;
  core::Client client;
};

Flow flow(std::uint64_t number) {
  const std::uint64_t what = mixed(3 * number);
  const std::uint64_t first = mixed(3 * number + 1);
  const std::uint64_t second = mixed(3 * number + 2);
  packet::Ipv6Address v6{{0x20, 0x01, 0x0d, 0xb8}};
  for (unsigned i = 0; i < 4; ++i) v6.bytes[4 + i] = static_cast<std::uint8_t>(first >> (24 - 8 * i));
  for (unsigned i = 0; i < 8; ++i) v6.bytes[8 + i] = static_cast<std::uint8_t>(second >> (56 - 8 * i));
  const packet::Ipv4Address v4{static_cast<std::uint32_t>((11 + (first >> 32) % 100) << 24 | (first & 0xff'ffff))};
  const bool is_v6 = what % 8 == 0;
  return {is_v6,
          (what >> 7 & 1) != 0,
          {is_v6 ? core::folded(v6) : core::folded(v4), static_cast<std::uint16_t>(1024 + (what >> 8) % 64512)}};
}

std::string digest_of(const std::string& picks) {
  std::uint64_t value = 0xcbf2'9ce4'8422'2325;
  for (const char letter : picks) value = (value ^ static_cast<std::uint8_t>(letter)) * 0x100'0000'01b3;
  return fmt::format("{:016x}", value);
}

std::string shares_of(const std::string& picks) {
  std::string shares;
  for (unsigned i = 0; i < kServers; ++i) shares += fmt::format("{},", std::ranges::count(picks, static_cast<char>('a' + i)));
  return shares + std::to_string(std::ranges::count(picks, '-'));
}

// The four services of one case, TCP and UDP on both VIPs, and what a worker would pick.
class Case {
 public:
  explicit Case(const Expected& expected) {
    director_.add_port("eth0", 0, {{2, 0, 0, 0, 0, 1}});
    std::vector<Director::Wanted> wanted;
    for (const bool is_v6 : {false, true}) {
      for (const auto protocol : {packet::Protocol::kTcp, packet::Protocol::kUdp})
        wanted.push_back(service(expected, is_v6, protocol));
    }
    EXPECT_TRUE(director_.apply(wanted));
    for (unsigned i = 0; i < kServers; ++i) {
      for (const bool is_v6 : {false, true}) director_.set_next_hop(server(i, is_v6), reached());
    }
    snapshot_ = director_.build_snapshot();
    for (const Director::Wanted& each : wanted) change(each, expected.change);
    for (const Director::Wanted& each : wanted) {
      for (unsigned i = 0; i < kServers; ++i) letters_[id_of(each.key, each.named[i])] = static_cast<char>('a' + i);
    }
  }

  std::string picks(std::uint16_t port) {
    std::string letters;
    for (std::size_t i = 0; i < kFlows; ++i) {
      const Flow each = flow(i);
      const core::ServiceTable& table = snapshot_->service_table();
      const std::uint8_t protocol = each.is_tcp ? 6 : 17;
      const auto hit = each.is_v6 ? table.find(vip(true).v6(), port, protocol) : table.find(vip(false).v4(), port, protocol);
      const core::ServerId id = scheduler_.pick(*snapshot_, snapshot_->service(hit.service), [&each] { return each.client; });
      letters += id == core::kNoServer ? '-' : letters_.at(id);
      if (id != core::kNoServer) board_.server(0, id).active.add();
    }
    return letters;
  }

 private:
  static packet::IpAddress vip(bool is_v6) { return packet::IpAddress::parse(is_v6 ? "fd77::200" : "192.168.1.200").value(); }
  static packet::IpAddress server(unsigned number, bool is_v6) {
    return packet::IpAddress::parse(is_v6 ? fmt::format("fd77::{:x}", 101 + number) : fmt::format("192.168.1.{}", 101 + number))
        .value();
  }
  static NextHop reached() {
    NextHop hop;
    hop.state = NextHop::State::kResolved;
    hop.interface_name = "eth0";
    hop.mac = packet::MacAddress{{2, 0, 0, 0, 1, 1}};
    return hop;
  }
  static Director::Wanted service(const Expected& expected, bool is_v6, packet::Protocol protocol) {
    Director::Wanted wanted{
        .key = {{vip(is_v6), expected.port}, protocol},
        .scheduler = config::Scheduler::kMaglev,
        .maglev_flags = {.port = expected.flags.contains("mh-port"), .fallback = expected.flags.contains("mh-fallback")},
        .rows = {},
        .named = {}};
    for (unsigned i = 0; i < kServers; ++i) {
      wanted.rows.push_back({.endpoint = {server(i, is_v6), expected.port}, .weight = expected.weights.at(i)});
      wanted.named.push_back(wanted.rows.back().endpoint);
    }
    return wanted;
  }

  // As a verdict of a health check would: in a copy of the last snapshot.
  void change(const Director::Wanted& service, const std::string& change) {
    if (change == "none") return;
    const unsigned number = static_cast<unsigned>(std::stoul(change.substr(change.find(':') + 1)));
    std::vector<Director::Row> rows = service.rows;
    if (change.starts_with("zero")) {
      rows.at(number).weight = 0;
    } else if (change.starts_with("limited")) {
      rows.at(number).upper_threshold = 50;
    } else {
      rows.erase(rows.begin() + number);
    }
    director_.set_rows(service.key, rows);
    if (change.starts_with("returned")) director_.set_rows(service.key, service.rows);
    snapshot_ = director_.snapshot_with_new_rows();
  }

  core::ServerId id_of(const Director::Key& key, const packet::Endpoint& endpoint) const {
    for (const Director::Service* const service : director_.services()) {
      if (service->endpoint == key.endpoint && service->protocol == key.protocol) return service->servers.at(endpoint).id;
    }
    return core::kNoServer;
  }

  core::CounterBoard board_{1};
  core::Ownership ownership_;
  Director director_{board_, ownership_};
  core::Scheduler scheduler_{board_};
  std::unique_ptr<const core::Snapshot> snapshot_;
  std::map<core::ServerId, char> letters_;
};

TEST(MaglevLikeTheKernel, TheSameServerForEachOf100000Flows) {
  for (const Expected& line : record()) {
    const std::string picks = Case{line}.picks(line.port);
    EXPECT_EQ(shares_of(picks), line.shares) << line.port;
    EXPECT_EQ(digest_of(picks), line.digest) << line.port;
  }
}

// That the record says as much as it should: no line got lost.
TEST(MaglevLikeTheKernel, TheRecordHasEachSetOfWeightsWithEachFlagAndChange) {
  std::multiset<std::string> seen;
  for (const Expected& line : record()) {
    seen.insert(fmt::format("{} {}", line.flags, line.change.substr(0, line.change.find(':'))));
  }
  const std::map<std::string, std::size_t> expected{{"none none", 3},
                                                    {"none removed", 3},
                                                    {"mh-port none", 3},
                                                    {"mh-port removed", 3},
                                                    {"none zero", 3},
                                                    {"mh-fallback zero", 3},
                                                    {"mh-fallback,mh-port zero", 3},
                                                    {"mh-port returned", 3},
                                                    {"mh-port limited", 2},
                                                    {"mh-fallback,mh-port limited", 2}};
  EXPECT_EQ(seen.size(), 28U);
  for (const auto& [what, times] : expected) EXPECT_EQ(seen.count(what), times) << what;
}

}  // namespace
}  // namespace penstock::control
