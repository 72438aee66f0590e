#include "tests/control/sync/directory_for_tests.h"

#include "dataplane/core/counters.h"
#include "dataplane/core/ownership.h"

namespace penstock::control {
namespace {

Director::Wanted wanted(const packet::Endpoint& service, packet::Protocol protocol,
                        std::initializer_list<const char*> servers) {
  Director::Wanted wanted{.key = {service, protocol}, .scheduler = config::Scheduler::kRoundRobin, .rows = {}, .named = {}};
  for (const char* const server : servers) {
    wanted.rows.push_back({.endpoint = {ip(server), service.port}});
    wanted.named.push_back({ip(server), service.port});
  }
  return wanted;
}

}  // namespace

DirectoryForTests::DirectoryForTests() {
  const core::CounterBoard board{1};
  const core::Ownership ownership;
  Director director{board, ownership};
  const std::vector<Director::Wanted> services{
      wanted({ip("192.168.1.200"), 80}, packet::Protocol::kTcp, {"192.168.1.179", "192.168.1.180"}),
      wanted({ip("192.168.1.200"), 53}, packet::Protocol::kUdp, {"192.168.1.179", "192.168.1.180"}),
      wanted({ip("fd77::200"), 80}, packet::Protocol::kTcp, {"fd77::179", "fd77::180"})};
  (void)director.apply(services).value();
  directory_ = std::make_unique<SyncDirectory>(director, config::LvsTimeouts{});
}

core::VirtualId DirectoryForTests::service(const char* address, std::uint16_t port, packet::Protocol protocol) const {
  return directory_->find_service({ip(address), port}, protocol).value();
}

core::ServerId DirectoryForTests::server(core::VirtualId service, const char* address, std::uint16_t port) const {
  return directory_->find_server(service, {ip(address), port}).value();
}

}  // namespace penstock::control
