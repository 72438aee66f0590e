#include "config/secret.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "tests/config/load_text.h"
#include "tests/support/seed.h"

namespace penstock::config {
namespace {

std::string rendered(const std::string& text) {
  const LoadResult result = load_text(text);
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) out += render(diagnostic, result.sources);
  return out;
}

std::string in_authentication(const std::string& lines) { return in_instance("    authentication {\n" + lines + "    }\n"); }

TEST(Secret, TheLineOfAPasswordThatIsTooLongIsShownWithoutIt) {
  const std::string shown = rendered(in_authentication("        auth_type PASS\n        auth_pass Hidden0123\n"));
  EXPECT_NE(shown.find("x.conf:7:19: warning: auth_pass is cut to its first 8 bytes, as keepalived does\n"
                       "          auth_pass ********\n"
                       "                    ^\n"),
            std::string::npos)
      << shown;
}

// What is between "authentication {" and "}": each has the password in it, and something wrong that is said.
struct Damage {
  const char* name;
  const char* lines;
};

class DamagedPassword : public testing::TestWithParam<Damage> {};

TEST_P(DamagedPassword, IsSaidWithoutThePassword) {
  const std::string shown = rendered(in_authentication(GetParam().lines));
  EXPECT_FALSE(shown.empty());
  EXPECT_EQ(shown.find("Hidden"), std::string::npos) << shown;
}

INSTANTIATE_TEST_SUITE_P(Secret, DamagedPassword,
                         testing::Values(Damage{"TwoWords", "auth_type PASS\nauth_pass Hidden Hidden2\n"},
                                         Damage{"OnTheNextLine", "auth_type PASS\nauth_pass\nHidden\n"},
                                         Damage{"BehindABrace", "auth_type PASS\nauth_pass {\n Hidden\n}\n"},
                                         Damage{"BracesWithinIt", "auth_type PASS\nauth_pass Hid{Hidden}\n"},
                                         Damage{"AQuoteWithinIt", "auth_type PASS\nauth_pass Hid\"Hidden\n"},
                                         Damage{"AnOpenQuote", "auth_type PASS\nauth_pass \"Hidden\n"},
                                         Damage{"MisspeltWord", "auth_type PASS\nauth_pas Hidden\n"},
                                         Damage{"MisspeltWordWithoutScore", "auth_type PASS\nAuthPass Hidden\n"},
                                         Damage{"WrongTypeOnTheSameLine", "auth_pass Hidden auth_type PASSWORD\n"},
                                         Damage{"GivenTwice", "auth_type PASS\nauth_pass Hidden\nauth_pass Hidden2\n"},
                                         Damage{"TheWordInQuotes", "auth_type PASS\n\"auth_pass\" Hidden0 Hidden\n"},
                                         Damage{"ControlBytes", "auth_type PASS\nauth_pass Hid\x01Hidden\n"}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Secret, ADefinitionThatIsUsedAsAPasswordIsHidden) {
  const std::string shown = rendered("$P=Hidden0123\n" + in_authentication("auth_type PASS\nauth_pass $P\n"));
  EXPECT_NE(shown.find("  $P=********\n     ^\n  used at x.conf"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("Hidden"), std::string::npos) << shown;
}

TEST(Secret, OtherLinesAreShownWhole) {
  const std::string shown = rendered(in_service("    lb_algo /etc/check_pass.sh -v\n    protocol PASSIVE x\n"));
  EXPECT_NE(shown.find("/etc/check_pass.sh -v"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"PASSIVE\" is not a protocol"), std::string::npos) << shown;
}

// A file with words, braces, quotes and line ends put into it anywhere but within the two lines' own words.
TEST(Secret, NoDamageElsewhereShowsThePassword) {
  const std::vector<std::string> parts{
      "vrrp_instance ",     "V ",  "{\n",           "interface ", "eth0\n",     "virtual_router_id ", "5\n",
      "authentication ",    "{\n", "auth_type ",    "PASS\n",     "auth_pass ", "Hidden0123\n",       "}\n",
      "virtual_ipaddress ", "{\n", "10.0.0.1/33\n", "}\n",        "}\n"};
  const std::vector<std::string> noise{"{", "}", "\"",     "\n",           "x ",          "\\",
                                       "#", "!", "$X=1\n", "~SEQ(V,1,2) ", "include y\n", "auth_type\n"};
  std::mt19937_64 random{test::seed()};
  int said = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (const std::string& part : parts) {
      const bool is_between = part.starts_with("Hidden");  // a stray line between the word and the password hides what it is
      if (!is_between && random() % 6 == 0) text += noise[random() % noise.size()];
      text += part;
    }
    const std::string shown = rendered(text);
    if (!shown.empty()) ++said;
    ASSERT_EQ(shown.find("Hidden"), std::string::npos) << text << shown;
  }
  EXPECT_GT(said, 1000);
}

}  // namespace
}  // namespace penstock::config
