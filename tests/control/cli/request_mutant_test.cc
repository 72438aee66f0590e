// The rules of request_play.h prove themselves: a daemon with a planted fault breaks one of them.
#include <gtest/gtest.h>

#include <string_view>

#include "control/cli/commands.h"
#include "tests/control/cli/request_play.h"
#include "tests/support/fuzz_target.h"

namespace penstock::control {
namespace {

struct Fault {
  const char* name;
  Answering answering;
};

Answer told(std::span<const std::string> args, StatusSource& source) { return printed(answer_command(args, source)); }

Fault faults[]{
    {"FailsWithoutASentence",
     [](auto args, StatusSource& source) {
       Answer answer = told(args, source);
       answer.err.clear();
       return answer;
     }},
    {"SucceedsWithASentence",
     [](auto args, StatusSource& source) {
       Answer answer = told(args, source);
       answer.exit_status = 0;
       return answer;
     }},
    {"HasAnotherExitStatus",
     [](auto args, StatusSource& source) {
       Answer answer = told(args, source);
       if (answer.exit_status != 0) answer.exit_status = 3;
       return answer;
     }},
    {"PrintsJsonWithAComma",
     [](auto args, StatusSource& source) {
       Answer answer = told(args, source);
       if (answer.out.ends_with("]\n")) answer.out.insert(answer.out.size() - 2, ",");
       return answer;
     }},
    {"PrintsNamesAsTheyAre",
     [](auto args, StatusSource& source) {
       if (args.size() != 3 || args[1] != "config") return told(args, source);
       return Answer{.out = "{\"config\": \"" + source.config_text() + "\"}\n"};
     }},
    {"AnnouncesWhenAsked",
     [](auto args, StatusSource& source) {
       if (args.size() > 1 && args[1] == "vrrp") source.announce();
       return told(args, source);
     }},
    {"MeasuresAlways",
     [](auto args, StatusSource& source) {
       if (args.size() > 1 && args[1] == "workers") source.watch_stages();
       return told(args, source);
     }},
    {"PrintsWhatItRefuses",
     [](auto args, StatusSource& source) {
       Answer answer = told(args, source);
       if (answer.exit_status != 0) answer.out = "usage\n";
       return answer;
     }},
    {"TakesWhatItDoesNotKnow",
     [](auto args, StatusSource& source) {
       Answer answer = told(args, source);
       return answer.exit_status == 0 ? std::move(answer) : Answer{};
     }},
    {"AnswersDifferently",
     [count = 0](auto args, StatusSource& source) mutable {
       Answer answer = told(args, source);
       answer.out += std::string(static_cast<std::size_t>(count++), '\n');
       return answer;
     }},
};

class RequestMutant : public ::testing::TestWithParam<Fault> {};

TEST_P(RequestMutant, BreaksARuleForOneOfTheSeeds) {
  const auto play_all = [] {
    for (const std::string& seed : test::fuzz_seeds()) play_request(seed, GetParam().answering);
  };
  EXPECT_THROW(play_all(), test::BrokenRule);
}

INSTANTIATE_TEST_SUITE_P(Each, RequestMutant, ::testing::ValuesIn(faults),
                         [](const auto& test) { return std::string{test.param.name}; });

// `announce` of a host that is master for no instance announces nothing, and says so.
TEST(RequestFinding, AnnounceWithoutAMaster) { play_request(std::string_view{"\x03\x09\x00\x10", 4}, answer_command); }

}  // namespace
}  // namespace penstock::control
