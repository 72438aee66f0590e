// What fuzz targets share: the rule that must hold, the inputs that they begin with, and how a unit test runs them.
//
// A target is NAME_fuzz.cc with LLVMFuzzerTestOneInput, and NAME_seeds.cc with fuzz_seeds(). It is linked three times: with
// libFuzzer (fuzz-NAME), with seed_files.cc into a program that writes the seeds for it (seeds-NAME), and with fuzz_test.cc
// into a unit test, so that it can't rot between runs of the fuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::test {

// Nobody catches it in a fuzzer, which then keeps the input; a unit test fails; a test of planted mutants waits for it.
class BrokenRule : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};
inline void require(bool holds, const char* rule) {
  if (!holds) throw BrokenRule{rule};
}

// Inputs that go far into the target.
[[nodiscard]] std::vector<std::string> fuzz_seeds();

[[nodiscard]] inline std::string input_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The input with up to four changes, each of which sets, removes or repeats a byte, or cuts off the end.
[[nodiscard]] std::string damaged(std::string input, std::mt19937& random);

// Takes an input apart from its front; zeros and empty text when it has ended.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : bytes_{reinterpret_cast<const char*>(data), size} {}
  explicit FuzzInput(std::string_view bytes) : bytes_{bytes} {}

  [[nodiscard]] bool more() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    const std::string_view one = text(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
  }
  std::uint16_t word() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  // At most `size` bytes.
  std::string_view text(std::size_t size) {
    const std::string_view front = bytes_.substr(0, size);
    bytes_.remove_prefix(front.size());
    return front;
  }
  std::string_view rest() { return text(bytes_.size()); }

 private:
  std::string_view bytes_;
};

}  // namespace penstock::test
