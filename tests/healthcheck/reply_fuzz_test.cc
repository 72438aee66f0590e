// Runs the fuzz target on replies that go far into it, and on those with some bytes changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

RC_GTEST_PROP(ReplyFuzzProperty, HoldsForRepliesWithAnyBytesChanged, (std::uint8_t kind, std::uint8_t piece)) {
  static const std::string kReplies[]{
      std::string{"12\x81\x80\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1", 29},
      std::string(64, '\0'),
      "220-a\r\n220 b\r\n250 c\r\n221 d\r\n",
  };
  std::string input = kReplies[kind % 3];
  const auto changes = *rc::gen::inRange(0, 6);
  for (int i = 0; i < changes; ++i) input[*rc::gen::inRange<std::size_t>(0, input.size())] = *rc::gen::arbitrary<char>();
  input.resize(*rc::gen::inRange<std::size_t>(0, input.size() + 1));
  input.insert(0, {static_cast<char>(kind), static_cast<char>(piece)});
  RC_ASSERT(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()) == 0);
}

}  // namespace
