// A printed model is keepalived.conf again: read anew, it gives an equal model.
#include "config/print.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

Model model_of(const std::string& text) {
  const LoadResult result = load_text(text);
  for (const std::string& finding : findings(result)) EXPECT_EQ(finding.find("error"), std::string::npos) << finding;
  return result.model.value_or(Model{});
}

void expect_same_after_printing(const std::string& text) {
  Model model = model_of(text);
  Model again = model_of(print(model));
  for (Model* const each : {&model, &again}) {
    for (vrrp::InstanceSpec& instance : each->vrrp.instances) instance.auth_pass.clear();
    each->health.tls.password.clear();
  }
  EXPECT_EQ(again, model) << print(model);
}

// Nearly everything that can be configured.
std::string everything() {
  std::ifstream file{std::string{PENSTOCK_TEST_DATA} + "/everything.conf"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(Print, KeepsWhatAConfigurationMeans) { expect_same_after_printing(everything()); }

TEST(Print, KeepsTheHowTosConfiguration) {
  const LoadResult howto = load(std::string{PENSTOCK_TEST_DATA} + "/howto-master.conf", {});
  ASSERT_TRUE(howto.model.has_value());
  expect_same_after_printing(print(*howto.model));
}

TEST(Print, NeverShowsAPassword) {
  const std::string text = print(model_of(everything()));
  EXPECT_EQ(text.find("geheim"), std::string::npos);
  EXPECT_EQ(text.find("offen"), std::string::npos);
  EXPECT_NE(text.find("auth_pass ********"), std::string::npos);
  EXPECT_NE(text.find("password ********"), std::string::npos);
}

TEST(Print, PrintsTheSameTextAgain) {
  const std::string text = print(model_of(everything()));
  EXPECT_EQ(print(model_of(text)), text);
}

}  // namespace
}  // namespace penstock::config
