#include "config/diagnostic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/suggest.h"
#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

std::string render_all(const LoadResult& result) {
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) out += render(diagnostic, result.sources);
  return out;
}

TEST(Diagnostic, ShowsTheLineACaretAndTheHint) {
  EXPECT_EQ(render_all(load_text(in_service("    lb_algo rrr"))),
            "x.conf:4:13: error: \"rrr\" is not a scheduler\n"
            "      lb_algo rrr\n"
            "              ^\n"
            "  did you mean \"rr\"?\n");
}

TEST(Diagnostic, ACaretStandsUnderTheWordBehindTabsAndOtherAlphabets) {
  EXPECT_EQ(render_all(load_text("global_defs {\n\t\xE8\xB7\xAF\xE7\x94\xB1 x {\n\t}\n}\n")),
            "x.conf:2:2: error: \"\xE8\xB7\xAF\xE7\x94\xB1\" is unknown in global_defs\n"
            "  \t\xE8\xB7\xAF\xE7\x94\xB1 x {\n"
            "  \t^\n");
  EXPECT_EQ(render_all(load_text("global_defs {\n\trouter_id \xE8\xB7\xAF extra\n}\n")),
            "x.conf:2:16: warning: \"router_id\" takes one value: \"extra\" is ignored\n"
            "  \trouter_id \xE8\xB7\xAF extra\n"
            "  \t            ^\n");
}

TEST(Diagnostic, AFileAsAWholeHasNoLine) {
  EXPECT_EQ(render_all(load_files({})), "x.conf: error: the file can't be read: No such file or directory\n");
}

TEST(Diagnostic, TextFromADefinitionIsShownWhereItStandsAndWhereItIsUsed) {
  EXPECT_EQ(render_all(load_text("$V=9\nglobal_defs {\n    vrrp_version $V\n}\n")),
            "x.conf:1:4: error: \"vrrp_version\" takes 2 or 3, not \"9\"\n"
            "  $V=9\n"
            "     ^\n"
            "  used at x.conf:3:18\n");
}

TEST(Diagnostic, TextThatASequenceMakesIsShownWhereItIsUsed) {
  EXPECT_EQ(render_all(load_text("~SEQ(V, 9, 9) global_defs { vrrp_version ${V} }\n")),
            "x.conf:1:42: error: \"vrrp_version\" takes 2 or 3, not \"9\"\n"
            "  ~SEQ(V, 9, 9) global_defs { vrrp_version ${V} }\n"
            "                                           ^\n");
}

TEST(Diagnostic, ControlBytesOfTheFileAreNotPrinted) {
  const std::string shown = render_all(load_text("global_defs {\n    \x1b[31m\x07x 1\n}\n"));
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_NE(shown.find("\"?[31m?x\" is unknown"), std::string::npos);
}

TEST(Diagnostic, TheSameFindingOfARepeatedDefinitionIsSaidOnce) {
  EXPECT_THAT(findings("$G= \\\nglobal_defs { \\\nvrrp_version 9 \\\n}\n~SEQ(I, 1, 50) $G\n"),
              testing::ElementsAre("3:14: error: \"vrrp_version\" takes 2 or 3, not \"9\""));
}

TEST(Diagnostic, BeyondTheMostOnlyTheirNumberIsShown) {
  std::string text = "global_defs {\n";
  for (int i = 0; i < 30; ++i) text += "wibble" + std::to_string(i) + "\n";
  Limits limits;
  limits.diagnostics = 10;
  const LoadResult result = load_files({{"x.conf", text + "}\n"}}, limits);
  ASSERT_EQ(result.diagnostics.size(), 11U);
  EXPECT_EQ(result.diagnostics.back().message, "20 more findings are not shown");
  EXPECT_FALSE(result.model.has_value());
}

TEST(Suggest, FindsTheNearestWord) {
  const std::vector<std::string_view> words{"priority", "state", "interface", "rr", "DR"};
  EXPECT_EQ(nearest("priorty", words), "priority");
  EXPECT_EQ(nearest("prioirty", words), "priority");
  EXPECT_EQ(nearest("STATE", words), "state");
  EXPECT_EQ(nearest("interfaces", words), "interface");
  EXPECT_EQ(nearest("dr", words), "DR");
  EXPECT_EQ(nearest("wibble", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest(std::string(10'000, 'x'), words), "");
}

}  // namespace
}  // namespace penstock::config
