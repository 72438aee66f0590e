// The rules of config_play.h prove themselves: a print with a planted fault breaks one of them.
#include <gtest/gtest.h>

#include "config/print.h"
#include "tests/config/config_play.h"
#include "tests/support/fuzz_target.h"

namespace penstock::config {
namespace {

// The print without the first line that has the word in it.
Printing forgetting(const std::string& word) {
  return [word](const Model& model) {
    std::string text = print(model);
    const std::size_t at = text.find(word);
    if (at == std::string::npos) return text;
    const std::size_t begin = text.rfind('\n', at) + 1;
    return text.erase(begin, text.find('\n', at) + 1 - begin);
  };
}

void play_seeds(const Printing& printing) {
  for (const std::string& seed : test::fuzz_seeds()) play_config(seed, printing);
}

class ConfigMutant : public ::testing::TestWithParam<const char*> {};

TEST_P(ConfigMutant, ForgetsALineAndBreaksARule) { EXPECT_THROW(play_seeds(forgetting(GetParam())), test::BrokenRule); }

INSTANTIATE_TEST_SUITE_P(Each, ConfigMutant,
                         ::testing::Values("priority", "nopreempt", "advert_int", "weight", "digest", "quorum", "hysteresis",
                                           "lb_algo", "router_id", "track_script", "notify_master", "delay_loop",
                                           "connect_timeout", "sorry_server", "real_server", "unicast_peer", "use_vmac"),
                         [](const auto& test) { return std::string{test.param}; });

TEST(ConfigPrintMutant, PrintsAnotherTextEachTime) {
  int count = 0;
  EXPECT_THROW(play_seeds([&count](const Model& model) {
                 return print(model) + std::string(static_cast<std::size_t>(count++ % 2), '\n');
               }),
               test::BrokenRule);
}

}  // namespace
}  // namespace penstock::config
