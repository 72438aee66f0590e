// Names of each kind, a reply with its question and one without.
#include "tests/support/fuzz_target.h"

namespace penstock::test {
namespace {

std::string input_of(std::string_view name, std::string_view changes, std::string_view answer) {
  std::string input{"12\0", 3};
  input += static_cast<char>(name.size());
  input += name;
  input += changes;
  input += answer;
  return input;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  using namespace std::string_literals;
  const std::string reply = "12\x81\x80\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1"s;
  const std::string no_question = "12\x81\x85\0\0\0\0\0\0\0\0"s;
  const std::string label(63, 'a');
  return {input_of("example.org", "\0"s, reply),
          input_of("Example.Org.", "\3\0\2\x01\0\x0d\x20\0\x18\x01"s, reply),
          input_of(".", "\1\0\0\xff"s, no_question),
          input_of("a..b", "", no_question),
          input_of(label + "." + label + "." + label + "." + std::string(61, 'b'), "\1\0\x20\x20"s, reply),
          input_of(label + "a", "", reply)};
}

}  // namespace penstock::test
