// Sessions that go well, end at each stage, and break each limit.
#include "tests/support/fuzz_target.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::string long_reply = "@";
  for (int i = 0; i < 40; ++i) long_reply += "220-" + std::string(1800, 'x') + "\r\n";
  // The first byte is the size of the pieces.
  const auto in_pieces = [](char size, std::string_view text) { return size + std::string{text}; };
  return {in_pieces(0, "220-a\r\n220 b\r\n250 c\r\n221 d\r\n"),
          in_pieces(3, "220 b\r\n250-c\r\n250 c\r\n221 d\r\n"),
          in_pieces(7, "220\n250\n221\n"),
          in_pieces(1, "554 no\r\n"),
          in_pieces(5, "220 b\r\n550 no\r\n"),
          in_pieces(2, "220 b\r\nhello\r\n"),
          in_pieces(6, "220 \x1b[31m\xff\r\n250x\r\n"),
          in_pieces(100, std::string(2100, '2')),
          long_reply};
}

}  // namespace penstock::test
