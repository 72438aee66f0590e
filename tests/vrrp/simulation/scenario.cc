#include "tests/vrrp/simulation/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/vrrp/simulation/wire.h"

namespace penstock::vrrp::simulation {
namespace {

using namespace std::chrono_literals;

constexpr const char* kInterface = "eth0";

packet::IpAddress make_address(packet::Family family, std::uint8_t net, std::uint8_t host) {
  if (family == packet::Family::kIpv4) return packet::Ipv4Address{0x0a4d0000U | static_cast<std::uint32_t>(net) << 8U | host};
  packet::Ipv6Address address{};
  address.bytes[0] = 0xfe;
  address.bytes[1] = 0x80;
  address.bytes[14] = net;
  address.bytes[15] = host;
  return address;
}

VirtualAddress virtual_address(packet::Family family, std::size_t instance, std::uint32_t number) {
  VirtualAddress address;
  address.address = make_address(family, 1, static_cast<std::uint8_t>(instance * kAddressesEach + number));
  address.prefix_length = static_cast<std::uint8_t>(address.address.bits());
  address.interface = kInterface;
  return address;
}

void draw_protocol(Scenario& scenario, Random& random) {
  scenario.version = random.percent(35) ? 2 : 3;
  scenario.family = scenario.version == 3 && random.percent(50) ? packet::Family::kIpv6 : packet::Family::kIpv4;
  scenario.password = scenario.version == 2 && random.percent(70);
  scenario.pseudo_header = random.percent(70);
  scenario.unicast = random.percent(20);
  scenario.virtual_mac = random.percent(15);
  if (scenario.version == 2) {
    scenario.least_interval = random.one_of({1s, 1s, 2s});
    scenario.most_interval = scenario.least_interval;
  } else {
    scenario.least_interval = random.one_of({10ms, 20ms, 50ms, 100ms, 200ms, 500ms, 1000ms});
    scenario.most_interval = scenario.least_interval * (random.percent(25) ? 2 : 1);
  }
  scenario.down_timer_adverts = static_cast<std::uint8_t>(random.percent(85) ? 3 : random.between(2, 5));
}

void draw_lan(Scenario& scenario, Random& random) {
  const Nanoseconds interval = scenario.least_interval;
  scenario.least_delay = random.between(1us, interval / 50);
  scenario.most_delay = scenario.least_delay + random.between(0ns, interval / 8);
  scenario.duplicated = random.percent(25) ? 10 : 0;
}

void draw_announcements(Scenario& scenario, Random& random) {
  const Duration interval = scenario.least_interval;
  AnnouncementSpec& announcement = scenario.announcement;
  announcement.repeat = random.percent(80) ? 1 : 2;
  announcement.again_after = random.percent(30) ? interval * random.between(1, 3) : Duration{};
  announcement.refresh = random.percent(10) ? interval * 5 : Duration{};
  announcement.lower_priority_repeat = random.percent(50) ? 1 : 0;
  announcement.lower_priority_again_after = random.percent(20) ? interval : Duration{};
  if (random.percent(15)) announcement.arp_gap = announcement.neighbour_gap = interval / 100;
}

RouterConfig draw_config(const Scenario& scenario, bool nopreempt, bool delays, Random& random) {
  RouterConfig config;
  config.priority = scenario.draw_priority(random);
  config.interval = random.percent(50) ? scenario.least_interval : scenario.most_interval;
  config.addresses = static_cast<std::uint32_t>(random.between(1, 2));
  config.nopreempt = nopreempt && random.percent(80);
  if (delays && !config.nopreempt && random.percent(60)) config.preempt_delay = scenario.least_interval * random.between(1, 4);
  return config;
}

InstanceSpec instance_spec(const Scenario& scenario, std::size_t router, std::size_t instance, const RouterConfig& config) {
  InstanceSpec spec;
  spec.name = name_of(instance);
  spec.interface = kInterface;
  spec.family = scenario.family;
  spec.version = scenario.version;
  spec.virtual_router_id = static_cast<std::uint8_t>(kFirstVirtualRouter + instance);
  spec.priority = config.priority;
  spec.advert_interval = config.interval;
  spec.initial_master = config.priority == InstanceSpec::kOwnerPriority;
  spec.nopreempt = config.nopreempt;
  spec.preempt_delay = config.preempt_delay;
  spec.auth_pass = scenario.password ? "password" : "";
  spec.pseudo_header = scenario.pseudo_header;
  for (std::uint32_t i = 0; i < config.addresses; ++i) {
    spec.addresses.push_back(virtual_address(scenario.family, instance, i));
  }
  for (std::uint32_t i = 0; i < scenario.excluded; ++i) {
    spec.excluded_addresses.push_back(virtual_address(scenario.family, instance, kFirstExcluded + i));
  }
  for (std::size_t peer = 0; scenario.unicast && peer < scenario.routers; ++peer) {
    if (peer != router) spec.unicast_peers.push_back({.address = address_of(scenario.family, peer)});
  }
  spec.check_unicast_source = scenario.unicast;
  spec.down_timer_adverts = scenario.down_timer_adverts;
  spec.answers_lower_priority = scenario.answers_lower_priority;
  spec.advert_before_yielding = scenario.advert_before_yielding;
  spec.announcement = scenario.announcement;
  if (scenario.virtual_mac) spec.virtual_mac.emplace();
  return spec;
}

}  // namespace

std::uint8_t Scenario::draw_priority(Random& random) const {
  if (equal_priorities) return random.percent(80) ? 100 : 110;
  return static_cast<std::uint8_t>(random.between(1, 254));
}

Scenario draw_scenario(std::uint64_t seed) {
  Random random{seed};
  Scenario scenario{.seed = seed};
  // Few routers have fewer failovers in a scenario, and cost less.
  static constexpr std::array<std::size_t, 7> kRouters{2, 3, 4, 5, 2, 3, 2};
  scenario.routers = kRouters[seed % kRouters.size()];
  scenario.instances = random.percent(25) ? 2 : 1;
  draw_protocol(scenario, random);
  draw_lan(scenario, random);
  draw_announcements(scenario, random);
  scenario.equal_priorities = random.percent(20);
  scenario.owner = random.percent(10);
  scenario.tracks_scripts = random.percent(75);
  scenario.attacked = random.percent(50);
  scenario.answers_lower_priority = random.percent(80);
  scenario.advert_before_yielding = random.percent(20);
  scenario.excluded = random.percent(20) ? 1 : 0;
  scenario.episodes = 60;
  scenario.ring = static_cast<std::size_t>(random.one_of({4, 16, 64, 1024}));
  const bool nopreempt = random.percent(15);
  const bool delays = random.percent(15);
  for (RouterConfig& config : scenario.configs) config = draw_config(scenario, nopreempt, delays, random);
  if (scenario.owner) {
    scenario.configs[0].priority = InstanceSpec::kOwnerPriority;
    scenario.configs[0].nopreempt = false;
    scenario.configs[0].preempt_delay = {};
  }
  return scenario;
}

RouterSpec spec_of(const Scenario& scenario, std::size_t router, const RouterConfig& config) {
  RouterSpec spec;
  Tracking tracking;
  if (scenario.tracks_scripts) {
    tracking.scripts = {{.name = "weight", .weight = {.value = kScriptWeight}}, {.name = "condition"}};
    spec.scripts = {{.name = "weight"}, {.name = "condition"}};
  }
  for (std::size_t i = 0; i < scenario.instances; ++i) spec.instances.push_back(instance_spec(scenario, router, i, config));
  if (scenario.instances > 1) {
    spec.sync_groups = {{.name = "G1", .instances = {name_of(0), name_of(1)}, .tracking = tracking}};
  } else {
    spec.instances[0].tracking = tracking;
  }
  return spec;
}

InterfaceState interface_of(const Scenario& scenario, std::size_t router, bool up) {
  return {.up = up, .mac = mac_of(router), .addresses = {address_of(scenario.family, router)}, .is_router = true};
}

packet::MacAddress mac_of(std::size_t router) { return {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(router + 1)}}; }

packet::MacAddress announced_mac(const Scenario& scenario, std::size_t router, std::size_t instance) {
  if (!scenario.virtual_mac) return mac_of(router);
  const std::uint8_t network = scenario.family == packet::Family::kIpv4 ? 1 : 2;  // RFC 9568 section 7.3
  return {{0, 0, 0x5e, 0, network, static_cast<std::uint8_t>(kFirstVirtualRouter + instance)}};
}

packet::IpAddress address_of(packet::Family family, std::size_t router) {
  return make_address(family, 0, static_cast<std::uint8_t>(router + 1));
}

std::string name_of(std::size_t instance) { return instance == 0 ? "VI_1" : "VI_2"; }
std::size_t instance_of(const std::string& name) { return name == "VI_1" ? 0 : 1; }

std::uint32_t held_addresses_of(const Scenario& scenario, const RouterConfig& config) {
  return ((1U << config.addresses) - 1) | ((1U << scenario.excluded) - 1) << kFirstExcluded;
}

std::string describe(const Scenario& scenario) {
  std::string text = fmt::format(
      "seed {}: {} routers, {} virtual router(s), version {} IPv{}{}{}{}, interval {}..{} ms, {} adverts down, frames take "
      "{}..{} us{}{}\n",
      scenario.seed, scenario.routers, scenario.instances, static_cast<int>(scenario.version),
      scenario.family == packet::Family::kIpv4 ? 4 : 6, scenario.password ? " PASS" : "", scenario.unicast ? " unicast" : "",
      scenario.virtual_mac ? " vmac" : "", scenario.least_interval.count() / 1000, scenario.most_interval.count() / 1000,
      static_cast<int>(scenario.down_timer_adverts), scenario.least_delay.count() / 1000, scenario.most_delay.count() / 1000,
      scenario.tracks_scripts ? ", scripts" : "", scenario.attacked ? ", attacked" : "");
  for (std::size_t i = 0; i < scenario.routers; ++i) {
    const RouterConfig& config = scenario.configs[i];
    text +=
        fmt::format("  router {}: priority {}, interval {} ms{}, preempt_delay {} ms\n", i, static_cast<int>(config.priority),
                    config.interval.count() / 1000, config.nopreempt ? ", nopreempt" : "", config.preempt_delay.count() / 1000);
  }
  return text;
}

}  // namespace penstock::vrrp::simulation
