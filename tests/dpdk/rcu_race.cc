// Readers and a publisher at full speed, in a process of its own: run by rcu_test.cc, also with an error planted.
//
//   rcu-race correct|reclaim-at-once|quiescent-too-early PUBLICATIONS
//
// What is freed is poisoned and never given back to the allocator, so a reader that still looks at it is certain to notice.
// Exit status 0: nobody saw a freed object, and all but the last were freed. 3: a reader saw one. (ThreadSanitizer has its own
// status for what it sees.)
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "dataplane/dpdk/rcu.h"

namespace penstock::dpdk {
namespace {

constexpr std::uint64_t kAlive = 0x5eed5eed5eed5eed;
constexpr std::uint64_t kPoison = 0xdeaddeaddeaddead;
constexpr unsigned kReaders = 2;

class Canary {
 public:
  ~Canary() {
    for (auto& word : words_) word = kPoison;
    ++freed;
  }
  [[nodiscard]] bool sings() const {
    for (const auto& word : words_) {
      if (word != kAlive) return false;
    }
    return true;
  }
  // Memory stays what the destructor made of it.
  static void operator delete(void* memory) { quarantine.push_back(memory); }

  static inline std::vector<void*> quarantine;
  static inline unsigned freed = 0;

 private:
  // Volatile: the poison must be written and the canary read though neither seems to be of use.
  volatile std::uint64_t words_[8]{kAlive, kAlive, kAlive, kAlive, kAlive, kAlive, kAlive, kAlive};
};

// Planted error: frees as if no reader could be in the middle of anything.
struct NoGrace {
  static bool is_over(rte_rcu_qsbr*, std::uint64_t) { return true; }
};

enum class Habit { kCorrect, kQuiescentTooEarly };

// Counters are relaxed: they order nothing that the publisher doesn't order itself.
struct Race {
  std::atomic<bool> stop{false};
  std::atomic<bool> caught{false};
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> freed{0};
  // At which publication each reader's round began.
  std::array<std::atomic<std::uint64_t>, kReaders> began{};
};

std::uint64_t now(const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); }

// For so many publications a reader holds what it has, if that is long enough to show an error.
constexpr std::uint64_t kLingering = 16;
// However few CPUs there are, the publisher is never further ahead of the begin of a reader's round. More than kLingering: else
// both would wait for each other.
constexpr std::uint64_t kLead = 64;

// Every other time it holds what it has for long enough that any error must show: until the object was replaced many times, or,
// when it has said too early that it is quiescent, until the object was freed.
template <typename Publisher>
void read(Publisher& publisher, unsigned id, Habit habit, Race& race) {
  typename Publisher::Reader reader{publisher, id};
  reader.online();
  for (std::uint64_t round = 0; !race.stop.load(std::memory_order_relaxed); ++round) {
    const bool linger = round % 2 == 1;
    const auto begin = now(race.published);
    race.began[id].store(begin, std::memory_order_relaxed);
    const Canary* canary = reader.get();
    if (!canary->sings()) race.caught = true;
    const auto is_waiting = [&] {
      return habit == Habit::kCorrect ? now(race.published) < begin + kLingering : now(race.freed) <= begin + 1;
    };
    while (linger && is_waiting() && !race.stop.load(std::memory_order_relaxed)) {
      if (habit == Habit::kQuiescentTooEarly) reader.quiescent();
    }
    if (!canary->sings()) race.caught = true;
    reader.quiescent();
    if (round % 64 == 0) {
      reader.offline();
      reader.online();
    }
  }
  reader.offline();
}

template <typename Publisher>
void publish(Publisher& publisher, std::uint64_t publications, Race& race) {
  const auto reclaim = [&] {
    publisher.reclaim();
    race.freed.store(Canary::freed, std::memory_order_relaxed);
  };
  for (std::uint64_t published = 1; published <= publications && !race.caught; ++published) {
    publisher.publish(std::make_unique<const Canary>());
    race.published.store(published, std::memory_order_relaxed);
    reclaim();
    for (const auto& began : race.began) {
      while (now(began) + kLead <= published && !race.caught) {
        std::this_thread::yield();
        reclaim();
      }
    }
  }
  race.stop = true;
}

template <typename Grace>
int run(Habit habit, std::uint64_t publications) {
  Race race;
  {
    RcuPublisher<Canary, Grace> publisher{kReaders};
    publisher.publish(std::make_unique<const Canary>());
    std::vector<std::jthread> readers;
    for (unsigned id = 0; id < kReaders; ++id) readers.emplace_back([&, id] { read(publisher, id, habit, race); });
    publish(publisher, publications, race);
    readers.clear();
    if (publisher.reclaim() != 0) {
      std::puts("some were never freed");
      return 4;
    }
  }
  for (void* memory : Canary::quarantine) ::operator delete(memory);
  std::printf("%u freed, %s\n", Canary::freed, race.caught ? "and a reader saw it" : "none while in use");
  return race.caught ? 3 : 0;
}

}  // namespace
}  // namespace penstock::dpdk

int main(int argc, char** argv) {
  using namespace penstock::dpdk;
  if (argc != 3) return 2;
  const std::string_view what = argv[1];
  const std::uint64_t publications = std::strtoull(argv[2], nullptr, 10);
  if (what == "reclaim-at-once") return run<NoGrace>(Habit::kCorrect, publications);
  if (what == "quiescent-too-early") return run<QsbrGrace>(Habit::kQuiescentTooEarly, publications);
  return what == "correct" ? run<QsbrGrace>(Habit::kCorrect, publications) : 2;
}
