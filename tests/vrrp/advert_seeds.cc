// Adverts that keepalived and FRR have sent, and plain ones, before an instance that has the same addresses and password.
#include "tests/support/fuzz_target.h"
#include "tests/vrrp/raw_advert.h"
#include "tests/vrrp/recorded_adverts.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<Bytes> frames{frame_of(version2()), frame_of(version3()), frame_of(version3_ipv6()), frame_with_ah(version2()),
                            keepalived_ah_advert()};
  for (const auto& recorded : keepalived_adverts()) frames.push_back(recorded.frame);
  for (const auto& recorded : frr_adverts()) frames.push_back(recorded.frame);
  std::vector<std::string> seeds;
  for (const Bytes& frame : frames) {
    const char kind = frame.at(14) == std::byte{0x45} && frame.at(34) == std::byte{0x21} ? '\42' : '\41';
    seeds.push_back(std::string{kind, '\0'} + input_of(frame));
  }
  return seeds;
}

}  // namespace penstock::test
