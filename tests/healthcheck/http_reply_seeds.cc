// Statuses inside and outside of what is wanted, and patterns of each kind, hopeless ones included.
#include "tests/support/fuzz_target.h"

namespace penstock::test {
namespace {

// `flags`: how many ranges (the low two bits), the pattern's options (the next two).
std::string input_of(char flags, std::string_view ranges, std::string_view pattern, std::string_view offsets,
                     std::string_view body) {
  std::string input{flags, 3, 0, static_cast<char>(200)};
  input += ranges;
  input += static_cast<char>(pattern.size());
  input += pattern;
  input += offsets;
  input += body;
  return input;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  using namespace std::string_literals;
  const auto none = "\0\0"s;
  return {input_of(0, "", "", none, ""),
          input_of(0, "", "OK", none, "<html>OK</html>"),
          input_of(4, "", "ok$", none, "<html>OK"),
          input_of(8, "", "\xc3\xa4+", none, "\xc3\xa4\xc3\xa4\xff"),
          input_of(1, "\0\x64\x63"s, "^a", "\2\4"s, "xxa\nab"),
          input_of(2, "\0\x00\x63\1\x90\x05"s, "(a+)+$", none, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
          input_of(0, "", "(?R)", none, "a"),
          input_of(0, "", "(", none, "a"),
          input_of(0, "", "a(?=b)|\\bc\\K", "\3\0"s, "ab c")};
}

}  // namespace penstock::test
