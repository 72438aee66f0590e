// A director with one port, and words for what it is told.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "control/director/director.h"
#include "tests/support/ip.h"

namespace penstock::control {

using packet::IpAddress;
using packet::MacAddress;
using penstock::test::ip;

inline constexpr MacAddress kPortMac{{2, 0, 0, 0, 0, 1}};

inline Director::Row real_server(const char* address, std::uint32_t weight = 1) {
  return {.endpoint = {ip(address), 80}, .weight = weight};
}

// All servers in service.
inline Director::Wanted service(packet::Endpoint endpoint, packet::Protocol protocol, std::vector<Director::Row> rows) {
  Director::Wanted wanted{
      .key = {endpoint, protocol}, .scheduler = config::Scheduler::kRoundRobin, .rows = std::move(rows), .named = {}};
  for (const Director::Row& row : wanted.rows) wanted.named.push_back(row.endpoint);
  return wanted;
}

inline Director::Wanted web(std::vector<Director::Row> rows) {
  return service({ip("192.168.1.200"), 80}, packet::Protocol::kTcp, std::move(rows));
}

using Services = std::vector<Director::Wanted>;

inline NextHop resolved(std::uint8_t last_byte, NextHop::State state = NextHop::State::kResolved) {
  NextHop hop;
  hop.state = state;
  hop.interface_name = "eth0";
  hop.mac = MacAddress{{2, 0, 0, 0, 1, last_byte}};
  hop.mtu = 1500;
  return hop;
}

class DirectorTest : public testing::Test {
 protected:
  DirectorTest() { director_.add_port("eth0", 0, kPortMac); }

  Director::Changes apply(const Services& services) { return director_.apply(services).value(); }

  // The servers of the only service, in the order in which schedulers walk them.
  std::vector<std::string> walk() {
    const auto snapshot = director_.build_snapshot();
    const auto hit = snapshot->service_table().find(ip("192.168.1.200").v4(), 80, 6);
    std::vector<std::string> names;
    if (!hit) return names;
    for (const core::ServerId id : snapshot->members(snapshot->service(hit.service))) {
      names.push_back(director_.find(id)->endpoint.address.to_string());
    }
    return names;
  }
  core::ServerId id_of(const char* address) {
    for (const Director::Service* service : director_.services()) {
      for (const Director::Server* server : Director::servers(*service)) {
        if (server->endpoint.address == ip(address)) return server->id;
      }
    }
    return core::kNoServer;
  }
  void open_connection(core::ServerId id) { board_.server(0, id).active.add(); }
  void close_connection(core::ServerId id) { board_.server(0, id).active.subtract(); }

  core::CounterBoard board_{2};
  core::Ownership ownership_;
  Director director_{board_, ownership_};
  Director::Clock::time_point now_{std::chrono::hours{1}};
};

}  // namespace penstock::control
