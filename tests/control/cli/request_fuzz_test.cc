// The fuzz target, fed with requests that work, their damaged copies, and noise from a fixed seed.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "control/cli/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::control {
namespace {

void feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(RequestFuzz, holds_its_rules_on_damaged_requests) {
  std::mt19937 random{20'261'123};
  const auto byte = [&random] { return static_cast<char>(random() & 0xff); };
  const std::vector<std::vector<std::string>> commands{{"show", "services"},
                                                       {"show", "connections", "--json"},
                                                       {"ipvsadm", "-Lnc"},
                                                       {"ipvsadm", "-Ln", "-t", "[fd77::100]:80"},
                                                       {"ipvsadm", "-Ln", "--stats"},
                                                       {"ipvsadm", "-A", "-t", "10.0.0.1:80"},
                                                       {}};
  for (const auto& command : commands) {
    const std::string whole = encode_request(command);
    for (int round = 0; round < 300; ++round) {
      std::string input = byte() + whole;
      for (int damage = round % 4; damage > 0; --damage) input[random() % input.size()] = byte();
      if (round % 7 == 0) input.resize(random() % input.size());
      feed(input);
    }
  }
}

TEST(RequestFuzz, holds_its_rules_on_words_and_noise) {
  std::mt19937 random{20'261'124};
  const std::vector<std::string> words{"show",        "drops", "--all", "--json", "ipvsadm", "-Ln", "-t",
                                       "10.9.0.1:80", "-",     "--",    "-S",     "--x=",    "\n",  ""};
  for (int round = 0; round < 2'000; ++round) {
    std::string input(1, static_cast<char>(random() & 0xff));
    for (auto count = random() % 6; count > 0; --count) input += words[random() % words.size()] + ' ';
    for (auto count = random() % 3; count > 0; --count) input += static_cast<char>(random() & 0xff);
    feed(input);
  }
}

}  // namespace
}  // namespace penstock::control
