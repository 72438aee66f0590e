#include "healthcheck/smtp_dialogue.h"

#include <gtest/gtest.h>

namespace penstock::healthcheck {
namespace {

constexpr std::string_view kSession = "220-one\r\n220 two\r\n250-a\r\n250 b\r\n221 bye\r\n";

TEST(SmtpDialogue, TakesBytesInPiecesOfAnySize) {
  for (std::size_t size = 1; size <= kSession.size(); ++size) {
    SmtpDialogue dialogue{"me"};
    std::string sent;
    std::optional<ProbeResult> end;
    for (std::string_view rest = kSession; !rest.empty() && !end; rest.remove_prefix(std::min(size, rest.size()))) {
      const auto step = dialogue.on_bytes(rest.substr(0, size));
      sent += step.send;
      end = step.end;
    }
    ASSERT_TRUE(end) << size;
    EXPECT_TRUE(end->is_success()) << end->detail;
    // Whoever says everything at once hears nothing more.
    if (size < 10) {
      EXPECT_EQ(sent, "HELO me\r\nQUIT\r\n");
    }
  }
}

TEST(SmtpDialogue, TakesLinesThatEndWithALineFeedOnly) {
  SmtpDialogue dialogue{"me"};
  EXPECT_EQ(dialogue.on_bytes("220 hello\n").send, "HELO me\r\n");
  EXPECT_EQ(dialogue.on_bytes("250\n").send, "QUIT\r\n");
}

TEST(SmtpDialogue, TakesAnyReplyToQuitAsKeepalivedDoes) {
  SmtpDialogue dialogue{"me"};
  static_cast<void>(dialogue.on_bytes("220 a\n250 b\n"));
  EXPECT_TRUE(dialogue.on_bytes("500 what\n").end.value().is_success());
}

TEST(SmtpDialogue, ALineWithoutACodeIsMalformed) {
  for (const char* line : {"\n", "22\n", "2200 x\n", "220x\n", "abc d\n", "220_\n"}) {
    SmtpDialogue dialogue{"me"};
    EXPECT_EQ(dialogue.on_bytes(line).end.value().failure, ProbeFailure::kMalformedReply) << line;
  }
}

TEST(SmtpDialogue, LinesAndRepliesAreBounded) {
  SmtpDialogue long_line{"me"};
  EXPECT_EQ(long_line.on_bytes(std::string(SmtpDialogue::kLongestLine + 1, '2')).end.value().failure,
            ProbeFailure::kReplyTooLarge);
  SmtpDialogue many_lines{"me"};
  std::optional<ProbeResult> end;
  for (std::size_t bytes = 0; bytes <= SmtpDialogue::kLongestReply && !end; bytes += 10)
    end = many_lines.on_bytes("220-more\r\n").end;
  EXPECT_EQ(end.value().failure, ProbeFailure::kReplyTooLarge);
}

// Found by fuzz-smtp-reply: each piece of a line used to count a byte more than it had.
TEST(SmtpDialogue, TheBoundOfAReplyDoesNotDependOnItsCuts) {
  std::string reply;
  while (reply.size() < SmtpDialogue::kLongestReply * 3 / 4) reply += "220-more\r\n";
  reply += "220 last\r\n";
  SmtpDialogue dialogue{"me"};
  std::string sent;
  for (const char byte : reply) {
    const auto step = dialogue.on_bytes({&byte, 1});
    ASSERT_FALSE(step.end) << step.end->detail;
    sent += step.send;
  }
  EXPECT_EQ(sent, "HELO me\r\n");
}

}  // namespace
}  // namespace penstock::healthcheck
