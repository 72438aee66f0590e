// Whole configurations, their blocks one by one, and what the preprocessor makes of lines.
#include <fstream>
#include <iterator>

#include "tests/support/fuzz_target.h"

namespace penstock::test {
namespace {

std::string text_of(const std::string& name) {
  std::ifstream file{std::string{PENSTOCK_TEST_DATA} + "/" + name};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// The blocks at the outermost level: a line that begins one has no space in front, and neither has its end.
void append_blocks(std::vector<std::string>& seeds, const std::string& text) {
  std::size_t begin = 0;
  for (std::size_t end = text.find("\n}\n"); end != std::string::npos; end = text.find("\n}\n", begin)) {
    seeds.push_back(text.substr(begin, end + 3 - begin));
    begin = end + 3;
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds{
      "$A=10.0.0.1\nvirtual_server $A 80 {\n lb_kind DR\n protocol TCP\n real_server 10.0.0.2 80 {\n }\n}\n",
      "$B={ priority 9 \\\n }\nvrrp_instance V $B\n",
      "include 1\n\n%%%\nglobal_defs {\n router_id x\n}\n",
      "@main global_defs {\n@other router_id y\n}\n",
      "~SEQ(i, 1, 3) virtual_server 10.0.0.$i 80 { }\n",
      "# a comment ! and another\nglobal_defs { router_id \"a b\" }\n"};
  for (const char* name : {"howto-master.conf", "howto-backup.conf", "everything.conf"}) {
    const std::string text = text_of(name);
    seeds.push_back(text);
    append_blocks(seeds, text);
  }
  return seeds;
}

}  // namespace penstock::test
