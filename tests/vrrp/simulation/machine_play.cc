#include "tests/vrrp/simulation/machine_play.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/support/fuzz_target.h"
#include "tests/vrrp/simulation/world.h"
#include "vrrp/advert_codec.h"

namespace penstock::vrrp::simulation {
namespace {

using test::FuzzInput;

class Play {
 public:
  Play(World& world, FuzzInput& input) : world_{world}, scenario_{world.scenario()}, input_{input} {}

  void run() {
    for (std::size_t i = 0; i < scenario_.routers; ++i) world_.start(i);
    for (std::size_t i = 0; i < kMostOrders && input_.more(); ++i) {
      const auto order = static_cast<Order>(input_.byte() % kOrders);
      const std::uint8_t whom = input_.byte();
      follow(order, whom, input_.byte());
    }
    settle();
    world_.check_counters();
  }

 private:
  void follow(Order order, std::uint8_t whom, std::uint8_t amount) {
    const std::size_t router = whom % scenario_.routers;
    switch (order) {
      case Order::kWait: world_.run_for(world_.down_time(router) * amount / 128); break;
      case Order::kSettle: settle(); break;
      case Order::kStart: world_.start(router); break;
      case Order::kCrash: world_.crash(router); break;
      case Order::kStop: world_.stop(router); break;
      case Order::kStall: world_.stall(router, world_.down_time(router) * amount / 100); break;
      case Order::kLink: world_.set_link(router, amount % 2 == 1); break;
      case Order::kScript:
        if (scenario_.tracks_scripts) world_.set_script(router, amount / 2 % 2, amount % 2 == 1);
        break;
      case Order::kReload: reload(router, whom / 8, amount); break;
      case Order::kCut: world_.cut(router, amount % scenario_.routers); break;
      case Order::kHeal: world_.heal(); break;
      case Order::kBadTimes: begin_bad_times(whom, amount); break;
      case Order::kGoodTimes: end_bad_times(); break;
      case Order::kStranger: world_.receive(router, strangers_frame(router, amount)); break;
      case Order::kDamagedStranger: world_.receive(router, damaged(strangers_frame(router, amount))); break;
      case Order::kFrame: world_.receive(router, bytes_of(input_.text(amount))); break;
    }
  }

  void settle() {
    end_bad_times();
    world_.settle();
  }

  void begin_bad_times(std::uint8_t whom, std::uint8_t amount) {
    bad_times_ = true;
    world_.begin_burst(amount % 100, whom % 2 == 1 ? 30 : 0, scenario_.least_interval * (whom / 2) / 64);
  }
  void end_bad_times() {
    if (std::exchange(bad_times_, false)) world_.end_burst();
  }

  void reload(std::size_t router, unsigned bits, std::uint8_t priority) {
    RouterConfig config = world_.facts(router).config;
    if (config.priority != InstanceSpec::kOwnerPriority) config.priority = std::clamp<std::uint8_t>(priority, 1, 254);
    config.addresses = bits % 3 + 1;
    config.interval = bits / 3 % 2 == 0 ? scenario_.least_interval : scenario_.most_interval;
    world_.reload(router, config);
  }

  // From an address that is nobody's, or of one of the others; by the scenario's own protocol.
  std::vector<std::byte> strangers_frame(std::size_t to, std::uint8_t priority) {
    const std::uint8_t choice = input_.byte();
    Advert advert{.family = scenario_.family,
                  .version = scenario_.version,
                  .virtual_router_id = static_cast<std::uint8_t>(kFirstVirtualRouter + choice % scenario_.instances),
                  .priority = priority,
                  .interval = choice / 2 % 2 == 0 ? scenario_.least_interval : scenario_.most_interval};
    if (scenario_.password) {
      advert.authentication_type = 1;
      advert.authentication = authentication_of(choice / 4 % 8 == 7 ? "wrong" : "password");
    }
    const bool is_v4 = scenario_.family == packet::Family::kIpv4;
    if (!is_v4 || (scenario_.version == 3 && scenario_.pseudo_header)) advert.checksum = ChecksumForm::kPseudoHeader;
    const std::size_t somebody = scenario_.unicast ? (to + 1) % scenario_.routers : std::size_t{100};
    Envelope envelope{.source_mac = mac_of(somebody), .source = address_of(scenario_.family, somebody)};
    envelope.destination = scenario_.unicast ? address_of(scenario_.family, to)
                                             : packet::IpAddress::parse(is_v4 ? "224.0.0.18" : "ff02::12").value();
    if (!scenario_.unicast) envelope.destination_mac = multicast_mac_of(envelope.destination);
    return advert_frame(advert, envelope);
  }

  std::vector<std::byte> damaged(std::vector<std::byte> frame) {
    frame[input_.byte() % frame.size()] = std::byte{input_.byte()};
    frame.resize(frame.size() - input_.byte() % frame.size());
    return frame;
  }

  static std::vector<std::byte> bytes_of(std::string_view text) {
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
  }

  World& world_;
  const Scenario& scenario_;
  FuzzInput& input_;
  bool bad_times_ = false;
};

}  // namespace

void play_machine(std::string_view bytes, Mutant mutant, std::string* report) {
  FuzzInput input{bytes};
  const Scenario scenario = draw_scenario(input.word());
  World world{scenario, mutant};
  try {
    Play{world, input}.run();
  } catch (const Violation& violation) {
    if (report != nullptr) {
      *report = fmt::format("{}{}{:16.9f} s  VIOLATION {}\n", describe(scenario), world.trace().text(),
                            std::chrono::duration<double>(world.now()).count(), violation.what());
    }
    throw;
  }
}

std::string draw_orders(std::uint64_t seed) {
  Random random{seed};
  const auto byte = [&random] { return static_cast<char>(random.next()); };
  std::string orders{byte(), byte()};
  for (std::size_t i = random.below(kMostOrders); i > 0; --i) {
    const auto order = static_cast<Order>(random.percent(25) ? 0 : random.below(kOrders));
    const std::size_t amount = order == Order::kFrame ? random.below(80) : random.below(256);
    orders += {static_cast<char>(order), byte(), static_cast<char>(amount)};
    const std::size_t more = order == Order::kStranger ? 1 : order == Order::kDamagedStranger ? 4 : amount;
    for (std::size_t j = order >= Order::kStranger ? more : 0; j > 0; --j) orders += byte();
  }
  return orders;
}

}  // namespace penstock::vrrp::simulation
