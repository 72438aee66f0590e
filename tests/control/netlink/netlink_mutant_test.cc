// The rules of netlink_play.h prove themselves: tables with a planted fault break one of them.
#include <gtest/gtest.h>

#include "tests/control/netlink/netlink_play.h"

namespace penstock::control {
namespace {

struct KeepsWhatIsDeleted : NetworkTables {
  std::optional<NetworkChange> apply(const nlmsghdr& message) {
    if (message.nlmsg_type == RTM_DELNEIGH) return std::nullopt;
    return NetworkTables::apply(message);
  }
};

struct TellsWhatIsNoNews : NetworkTables {
  std::optional<NetworkChange> apply(const nlmsghdr& message) {
    auto change = NetworkTables::apply(message);
    if (change || message.nlmsg_type != RTM_NEWLINK) return change;
    const auto link = read_link(message);
    return link ? std::optional<NetworkChange>{LinkChanged{link->index}} : std::nullopt;
  }
};

struct TellsOfAnotherInterface : NetworkTables {
  std::optional<NetworkChange> apply(const nlmsghdr& message) {
    auto change = NetworkTables::apply(message);
    if (change && std::holds_alternative<AddressChanged>(*change)) ++std::get<AddressChanged>(*change).key.interface_index;
    return change;
  }
};

struct KeepsWhatADumpLacks : NetworkTables {
  void begin_dump() {}
};

// What a dump repeats isn't marked as seen.
struct SweepsWhatADumpRepeats : NetworkTables {
  std::optional<NetworkChange> apply(const nlmsghdr& message) {
    if (message.nlmsg_type == RTM_NEWLINK) {
      const auto link = read_link(message);
      if (link && find_link(link->index) != nullptr && *find_link(link->index) == *link) return std::nullopt;
    }
    return NetworkTables::apply(message);
  }
};

struct SweepsSilently : NetworkTables {
  std::vector<NetworkChange> end_dump() {
    auto changes = NetworkTables::end_dump();
    if (!changes.empty()) changes.pop_back();
    return changes;
  }
};

template <typename Tables>
class NetlinkMutant : public ::testing::Test {};
using Mutants = ::testing::Types<KeepsWhatIsDeleted, TellsWhatIsNoNews, TellsOfAnotherInterface, KeepsWhatADumpLacks,
                                 SweepsWhatADumpRepeats, SweepsSilently>;
TYPED_TEST_SUITE(NetlinkMutant, Mutants);

TYPED_TEST(NetlinkMutant, BreaksARuleForOneOfTheSeeds) {
  const auto play_all = [] {
    for (const std::string& seed : test::fuzz_seeds()) play_netlink<TypeParam>(seed);
  };
  EXPECT_THROW(play_all(), test::BrokenRule);
}

}  // namespace
}  // namespace penstock::control
