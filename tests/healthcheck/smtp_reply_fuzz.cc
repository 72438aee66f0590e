// Fuzz target: any bytes as what an SMTP server says, beside a plain reading of the whole of it. Rules:
//   - the end, and what is sent before it, are those of the plain reading, however the bytes are cut;
//   - a result is one printable line, and short whatever the server says.
// The first byte is the size of the pieces.
#include <algorithm>

#include "healthcheck/smtp_dialogue.h"
#include "tests/support/fuzz_target.h"

namespace {

using namespace penstock::healthcheck;
using penstock::test::FuzzInput;
using penstock::test::require;

struct Outcome {
  std::string sent;
  std::optional<ProbeFailure> end;
};

bool is_reply_line(const std::string& line) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return false;
  return line.size() == 3 || line[3] == ' ' || line[3] == '-';
}

// Line by line, with all of it at hand.
Outcome plain_reading(std::string_view text) {
  static const std::string kWanted[]{"220", "250"};
  static const std::string kAnswers[]{"HELO me\r\n", "QUIT\r\n"};
  Outcome out;
  std::size_t replies = 0;
  std::size_t reply_bytes = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string line{text.substr(0, end)};
    const bool is_whole = end != std::string_view::npos;
    if (line.size() > SmtpDialogue::kLongestLine ||
        reply_bytes + line.size() + (is_whole ? 1 : 0) > SmtpDialogue::kLongestReply) {
      out.end = ProbeFailure::kReplyTooLarge;
      return out;
    }
    if (!is_whole) return out;
    reply_bytes += line.size() + 1;
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (!is_reply_line(line)) {
      out.end = ProbeFailure::kMalformedReply;
      return out;
    }
    if (line.size() > 3 && line[3] == '-') continue;
    reply_bytes = 0;
    if (replies == std::size(kWanted)) {
      out.end = ProbeFailure::kNone;
      return out;
    }
    if (!line.starts_with(kWanted[replies])) {
      out.end = ProbeFailure::kWrongReply;
      return out;
    }
    out.sent += kAnswers[replies++];
  }
  return out;
}

void check_detail(const std::string& detail) {
  require(detail.size() <= 120, "a result is short");
  require(std::ranges::all_of(detail, [](char c) { return c >= ' ' && c <= '~'; }), "a result is one printable line");
}

Outcome talk(std::string_view text, std::size_t piece) {
  SmtpDialogue dialogue{"me"};
  Outcome out;
  while (!text.empty() && !out.end) {
    const SmtpDialogue::Step step = dialogue.on_bytes(text.substr(0, piece));
    out.sent += step.send;
    if (step.end) {
      out.end = step.end->failure;
      check_detail(step.end->detail);
    }
    text.remove_prefix(std::min(piece, text.size()));
  }
  if (!out.end) check_detail(dialogue.on_close().detail);
  return out;
}

// What went in the same step as an end isn't sent.
bool agree(const Outcome& talked, const Outcome& read) {
  return talked.end == read.end && (read.end ? read.sent.starts_with(talked.sent) : read.sent == talked.sent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input{data, size};
  const std::size_t piece = std::size_t{input.byte()} + 1;
  const std::string_view text = input.rest();
  const Outcome read = plain_reading(text);
  require(agree(talk(text, text.size()), read), "the session is what a plain reading makes of it");
  require(agree(talk(text, piece), read), "the cuts don't matter");
  require(talk(text, 1).sent == read.sent, "a byte at a time, all is sent that comes before the end");
  return 0;
}
