// The protocol's state machine as a table: each state with each event, for version 2, version 3 and version 3 with IPv6.
//
// Steps are RFC 5798's numbers, section 6.4; RFC 9568 section 6.4 has the same steps without numbers, RFC 3768 section 6.4
// those of version 2 without numbers. FAULT is keepalived's: it does what Init does, and is entered at a shutdown of the
// interface.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/vrrp/router_fixture.h"
#include "vrrp/timers.h"

namespace penstock::vrrp {
namespace {

enum class Event : std::uint8_t {
  kStartup,  // the interface is up
  kShutdown,
  kInterfaceDown,
  kTimer,  // the running timer is due; in Init and Fault: ten seconds pass
  kPriorityZero,
  kLower,
  kLowerNopreempt,
  kEqualLowerAddress,
  kEqualHigherAddress,
  kHigher,
  kRejected,
};
constexpr int kEvents = 11;
constexpr State kStates[] = {State::kInit, State::kBackup, State::kMaster, State::kFault};

enum class Timer : std::uint8_t {
  kNone,
  kUnchanged,
  kInterval,      // Advertisement_Interval from now
  kNextInterval,  // from when it was due
  kDown,          // Master_Down_Interval of our own interval
  kDownOfMaster,  // of the advert's interval
  kSkew,
};

struct StateRow {
  State state;
  Event event;
  State then;
  Timer timer;
  std::vector<int> adverts;  // their priorities; -1: ours
  int announcements;         // of the VIP
  int owner;                 // 1: becomes ours, 0: no longer, -1: no word
  std::vector<int> steps;    // RFC 5798 section 6.4
  const char* version2;      // RFC 3768 section 6.4
};
constexpr int kOurs = -1;
constexpr int kNoWord = -1;
constexpr auto kI = State::kInit;
constexpr auto kB = State::kBackup;
constexpr auto kM = State::kMaster;
constexpr auto kF = State::kFault;

// clang-format off
const std::vector<StateRow> kTable = {
    {kI, Event::kStartup,            kB, Timer::kDown,         {},      0, kNoWord, {100, 150, 155, 160, 165}, "6.4.1 Startup: Master_Down_Timer, Backup"},
    {kI, Event::kShutdown,           kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kInterfaceDown,      kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: FAULT"},
    {kI, Event::kTimer,              kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: no timer runs"},
    {kI, Event::kPriorityZero,       kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kLower,              kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kLowerNopreempt,     kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kEqualLowerAddress,  kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kEqualHigherAddress, kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kHigher,             kI, Timer::kNone,         {},      0, kNoWord, {}, "6.4.1: only Startup counts"},
    {kI, Event::kRejected,           kI, Timer::kNone,         {},      0, kNoWord, {}, "7.1: discarded"},

    {kB, Event::kStartup,            kB, Timer::kUnchanged,    {},      0, kNoWord, {300}, "6.4.2: already started"},
    {kB, Event::kShutdown,           kI, Timer::kNone,         {},      0, kNoWord, {345, 350, 355}, "6.4.2 Shutdown: cancel, Initialize"},
    {kB, Event::kInterfaceDown,      kF, Timer::kNone,         {},      0, kNoWord, {345, 350}, "6.4.2 Shutdown: cancel"},
    {kB, Event::kTimer,              kM, Timer::kInterval,     {kOurs}, 5, 1,       {365, 370, 375, 380, 385, 395, 405, 410}, "6.4.2: ADVERTISEMENT, gratuitous ARP, Adver_Timer, Master"},
    {kB, Event::kPriorityZero,       kB, Timer::kSkew,         {},      0, kNoWord, {420, 425, 430}, "6.4.2: Master_Down_Timer to Skew_Time"},
    {kB, Event::kLower,              kB, Timer::kUnchanged,    {},      0, kNoWord, {420, 440, 445, 465, 470}, "6.4.2: discarded"},
    {kB, Event::kLowerNopreempt,     kB, Timer::kDownOfMaster, {},      0, kNoWord, {420, 440, 445, 450, 455, 460}, "6.4.2 Preempt_Mode False: timer anew"},
    {kB, Event::kEqualLowerAddress,  kB, Timer::kDownOfMaster, {},      0, kNoWord, {420, 440, 445, 450, 455, 460}, "6.4.2 equal: timer anew"},
    {kB, Event::kEqualHigherAddress, kB, Timer::kDownOfMaster, {},      0, kNoWord, {420, 440, 445, 450, 455, 460}, "6.4.2 equal: timer anew"},
    {kB, Event::kHigher,             kB, Timer::kDownOfMaster, {},      0, kNoWord, {420, 440, 445, 450, 455, 460}, "6.4.2 greater: timer anew"},
    {kB, Event::kRejected,           kB, Timer::kUnchanged,    {},      0, kNoWord, {}, "7.1: discarded"},

    {kM, Event::kStartup,            kM, Timer::kUnchanged,    {},      0, kNoWord, {600}, "6.4.3: already started"},
    {kM, Event::kShutdown,           kI, Timer::kNone,         {0},     0, 0,       {655, 660, 665, 670}, "6.4.3 Shutdown: cancel, priority 0, Initialize"},
    {kM, Event::kInterfaceDown,      kF, Timer::kNone,         {0},     0, 0,       {655, 660, 665}, "6.4.3 Shutdown: cancel, priority 0"},
    {kM, Event::kTimer,              kM, Timer::kNextInterval, {kOurs}, 0, kNoWord, {680, 685, 690}, "6.4.3: ADVERTISEMENT, Adver_Timer"},
    {kM, Event::kPriorityZero,       kM, Timer::kInterval,     {kOurs}, 0, kNoWord, {700, 705, 710, 715}, "6.4.3: ADVERTISEMENT, Adver_Timer"},
    {kM, Event::kLower,              kM, Timer::kUnchanged,    {kOurs}, 5, kNoWord, {700, 720, 770, 775}, "6.4.3: discarded; RFC 9568 and keepalived assert themselves"},
    {kM, Event::kLowerNopreempt,     kM, Timer::kUnchanged,    {kOurs}, 5, kNoWord, {700, 720, 770, 775}, "6.4.3: Preempt_Mode is Backup's"},
    {kM, Event::kEqualLowerAddress,  kM, Timer::kUnchanged,    {kOurs}, 5, kNoWord, {700, 720, 735, 770, 775}, "6.4.3: discarded"},
    {kM, Event::kEqualHigherAddress, kB, Timer::kDownOfMaster, {},      0, 0,       {700, 720, 735, 740, 745, 750, 755, 760, 765}, "6.4.3 equal, primary address greater: Backup"},
    {kM, Event::kHigher,             kB, Timer::kDownOfMaster, {},      0, 0,       {700, 720, 725, 740, 745, 750, 755, 760, 765}, "6.4.3 greater: Backup"},
    {kM, Event::kRejected,           kM, Timer::kUnchanged,    {},      0, kNoWord, {}, "7.1: discarded"},

    {kF, Event::kStartup,            kB, Timer::kDown,         {},      0, kNoWord, {100, 150, 155, 160, 165}, "6.4.1 Startup: Master_Down_Timer, Backup"},
    {kF, Event::kShutdown,           kI, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: STOP"},
    {kF, Event::kInterfaceDown,      kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: FAULT"},
    {kF, Event::kTimer,              kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: no timer runs"},
    {kF, Event::kPriorityZero,       kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: ignored"},
    {kF, Event::kLower,              kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: ignored"},
    {kF, Event::kLowerNopreempt,     kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: ignored"},
    {kF, Event::kEqualLowerAddress,  kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: ignored"},
    {kF, Event::kEqualHigherAddress, kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: ignored"},
    {kF, Event::kHigher,             kF, Timer::kNone,         {},      0, kNoWord, {}, "keepalived: ignored"},
    {kF, Event::kRejected,           kF, Timer::kNone,         {},      0, kNoWord, {}, "7.1: discarded"},
};
// clang-format on

enum class Protocol : std::uint8_t { kVersion2, kVersion3, kVersion3Ipv6 };

class ConformanceTest : public RouterTest, public ::testing::WithParamInterface<std::tuple<Protocol, std::size_t>> {
 protected:
  [[nodiscard]] static Protocol protocol() { return std::get<0>(GetParam()); }
  [[nodiscard]] static const StateRow& row() { return kTable.at(std::get<1>(GetParam())); }
  [[nodiscard]] static bool is_v6() { return protocol() == Protocol::kVersion3Ipv6; }
  [[nodiscard]] static std::uint8_t version() { return protocol() == Protocol::kVersion2 ? 2 : 3; }
  // Another one than ours where the protocol has it.
  [[nodiscard]] static Duration peer_interval() { return version() == 2 ? 1s : 2s; }

  void given(State wanted) {
    InstanceSpec spec = instance();
    if (protocol() == Protocol::kVersion3) spec = version3(spec);
    if (is_v6()) spec = ipv6(spec);
    spec.nopreempt = row().event == Event::kLowerNopreempt;
    configure(with({spec}));
    if (wanted != State::kInit) link("eth0", wanted != State::kFault);
    if (wanted == State::kMaster) pass(10s);
    pass(500ms);
    ASSERT_EQ(state(), wanted);
    forget();
  }

  void advert(std::uint8_t priority, bool higher_address, std::uint8_t ttl = 255) {
    const std::string v4 = higher_address ? "10.77.0.3" : "10.77.0.1";
    const std::string v6 = higher_address ? "fe80::3" : "fe80::1";
    hear({.from = is_v6() ? v6 : v4, .priority = priority, .interval = peer_interval(), .ttl = ttl});
  }

  void when(Event event) {
    switch (event) {
      case Event::kStartup: return link("eth0", true);
      case Event::kShutdown: return take(router_.stop(now_));
      case Event::kInterfaceDown: return link("eth0", false);
      case Event::kTimer: return pass(status().next ? until_timer() : nanoseconds{10s});
      case Event::kPriorityZero: return advert(0, false);
      case Event::kLower:
      case Event::kLowerNopreempt: return advert(50, true);
      case Event::kEqualLowerAddress: return advert(100, false);
      case Event::kEqualHigherAddress: return advert(100, true);
      case Event::kHigher: return advert(150, false);
      case Event::kRejected: return advert(200, true, 64);
    }
  }

  [[nodiscard]] std::optional<TimePoint> expected_timer(const std::optional<TimePoint>& before) const {
    switch (row().timer) {
      case Timer::kNone: return std::nullopt;
      case Timer::kUnchanged: return before;
      case Timer::kInterval: return now_ + 1s;
      case Timer::kNextInterval: return *before + 1s;
      case Timer::kDown: return now_ + master_down_interval(version(), 100, 1s, 3);
      case Timer::kDownOfMaster: return now_ + master_down_interval(version(), 100, peer_interval(), 3);
      case Timer::kSkew: return now_ + skew_time(version(), 100, 1s);
    }
    return std::nullopt;
  }
};

TEST_P(ConformanceTest, EachStateWithEachEvent) {
  given(row().state);
  const std::optional<TimePoint> before = status().next;
  when(row().event);
  EXPECT_EQ(state(), row().then);
  EXPECT_EQ(status().next, expected_timer(before));
  std::vector<int> sent;
  for (const SentAdvert& each : adverts_) sent.push_back(each.advert.priority == 100 ? kOurs : each.advert.priority);
  EXPECT_EQ(sent, row().adverts);
  EXPECT_EQ(announced(is_v6() ? "fd77::10" : "10.77.0.10"), row().announcements);
  EXPECT_EQ(owners_.empty() ? kNoWord : static_cast<int>(owners_.back().owns), row().owner);
}

INSTANTIATE_TEST_SUITE_P(Table, ConformanceTest,
                         ::testing::Combine(::testing::Values(Protocol::kVersion2, Protocol::kVersion3,
                                                              Protocol::kVersion3Ipv6),
                                            ::testing::Range(std::size_t{0}, kTable.size())));

TEST(ConformanceTable, HasEachStateWithEachEventOnce) {
  std::map<std::pair<State, int>, int> cells;
  for (const StateRow& row : kTable) ++cells[{row.state, static_cast<int>(row.event)}];
  for (const State state : kStates) {
    for (int event = 0; event < kEvents; ++event) {
      EXPECT_EQ((cells[{state, event}]), 1) << to_string(state) << ", event " << event;
    }
  }
  EXPECT_EQ(kTable.size(), std::size(kStates) * kEvents);
}

TEST(ConformanceTable, CitesTheStandardsStepByStep) {
  std::size_t steps = 0;
  std::set<int> cited{100, 105, 110, 115, 120, 125, 130, 140, 145};  // an owner's start: the test below
  for (const StateRow& row : kTable) {
    steps += row.steps.size();
    cited.insert(row.steps.begin(), row.steps.end());
    EXPECT_FALSE(std::string_view{row.version2}.empty());
  }
  EXPECT_GE(steps, 80);
  // All steps but "else" and "endif", and those for packets other than adverts: (305)-(340) and (605)-(650), the data plane's.
  for (const int step :
       {100, 105, 110, 120, 130, 140, 145, 155, 160, 165, 345, 350, 355, 365, 370, 380, 395, 405, 410, 420, 425, 430, 445, 450,
        455, 460, 470, 655, 660, 665, 670, 680, 685, 690, 700, 705, 710, 715, 725, 735, 740, 745, 750, 755, 760, 765, 775}) {
    EXPECT_TRUE(cited.contains(step)) << step;
  }
}

using OwnerStartTest = RouterTest;

// (105)-(145): an ADVERTISEMENT, gratuitous ARP or a neighbour advertisement for each address, the Adver_Timer, Master.
TEST_F(OwnerStartTest, IsThatOfAMasterForBothFamilies) {
  InstanceSpec v4 = instance("VI_1", 255);
  InstanceSpec v6 = ipv6(instance("VI_2", 255));
  v4.initial_master = v6.initial_master = true;
  start(with({v4, v6}));
  for (const char* name : {"VI_1", "VI_2"}) {
    EXPECT_EQ(state(name), State::kMaster);
    EXPECT_EQ(until_timer(name), 1s);
  }
  EXPECT_EQ(adverts_.size(), 2);
  EXPECT_EQ(announced("10.77.0.10"), 5);
  EXPECT_EQ(announced("fd77::10"), 5);
}

}  // namespace
}  // namespace penstock::vrrp
