// Requests that work, those that are refused, and lines that are none.
#include <algorithm>

#include "control/cli/protocol.h"
#include "tests/control/cli/request_play.h"
#include "tests/support/fuzz_target.h"

namespace penstock::test {
namespace {

using Words = std::vector<std::string>;

// A name that needs quotes and is no UTF-8.
constexpr std::string_view kName = "VI \"1\"\\\xff\n";

std::string input_of(char step, char flags, std::string_view rest) {
  return std::string{step, flags, static_cast<char>(kName.size())} + std::string{kName} + std::string{rest};
}

// As bytes that name request_words().
std::string as_words(const Words& words) {
  const auto known = control::request_words();
  std::string bytes;
  for (const std::string& word : words) {
    const auto found = std::ranges::find(known, word);
    bytes += static_cast<char>(static_cast<std::size_t>(found - known.begin()) + (found == known.end() ? word.size() : 0));
    if (found == known.end()) bytes += word;
  }
  return bytes;
}

std::vector<Words> requests() {
  std::vector<Words> all{{},
                         {"announce"},
                         {"announce", "now"},
                         {"show"},
                         {"show", "drops", "--all"},
                         {"show", "workers", "--stages"},
                         {"show", "workers", "--stages", "--json"},
                         {"show", "vrrp", "--json=keepalived"},
                         {"show", "services", "vrrp"},
                         {"ipvsadm"},
                         {"ipvsadm", "-Lnc"},
                         {"ipvsadm", "-Lnc", "--persistent-conn"},
                         {"ipvsadm", "-Ln", "-t", "[fd77::100]:80"},
                         {"ipvsadm", "-L", "-n", "-u", "10.9.0.1:80", "--json"},
                         {"ipvsadm", "-Ln", "--stats", "--exact"},
                         {"ipvsadm", "-L", "--rate", "--nosort"},
                         {"ipvsadm", "-L", "--timeout", "--json"},
                         {"ipvsadm", "-L", "--daemon"},
                         {"ipvsadm", "-Sn"},
                         {"ipvsadm", "-Lnc", "--json"},
                         {"ipvsadm", "-h"},
                         {"ipvsadm", "-v"},
                         {"ipvsadm", "-A", "-t", "10.0.0.1:80"},
                         {"ipvsadm", "-Ln", "-f", "0"},
                         {"ipvsadm", "-Ln", "-f", "1"}};
  for (const std::string_view subject : control::request_words().subspan(1, 12)) {
    all.push_back({"show", std::string{subject}});
    all.push_back({"show", std::string{subject}, "--json"});
  }
  return all;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds{input_of(0, 0, "not JSON\n"), input_of(3, 0, "{\"args\":[1]}\n"), input_of(1, 0, "[]\n"),
                                 input_of(9, 0, "{\"args\":[\"show\",")};
  for (const Words& words : requests()) {
    seeds.push_back(input_of(16, 0, control::encode_request(words)));
    seeds.push_back(input_of(0, 3, as_words(words)));
  }
  seeds.push_back(input_of(5, 7, as_words({"show", "services"})));
  return seeds;
}

}  // namespace penstock::test
