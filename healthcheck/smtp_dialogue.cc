#include "healthcheck/smtp_dialogue.h"

#include <algorithm>
#include <utility>

namespace penstock::healthcheck {
namespace {

constexpr std::size_t kShown = 80;  // bytes of a server's line in a result

// Printable ASCII, all else as '?': a log line must not be the server's to write.
std::string shown(std::string_view line) {
  std::string out{line.substr(0, kShown)};
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "250 text", "250-text" or "250" (RFC 5321, section 4.2).
bool is_reply_line(std::string_view line) {
  return line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), is_digit) &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

}  // namespace

std::string_view SmtpDialogue::what() const {
  switch (waits_) {
    case Waits::kGreeting: return "greeting";
    case Waits::kHelo: return "reply to HELO";
    case Waits::kQuit: return "reply to QUIT";
  }
  return "reply";
}

SmtpDialogue::Step SmtpDialogue::on_bytes(std::string_view bytes) {
  Step all;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    reply_bytes_ += piece.size() + (end == std::string_view::npos ? 0 : 1);
    if (line_.size() + piece.size() > kLongestLine || reply_bytes_ > kLongestReply) {
      return {.end = ProbeResult{.failure = ProbeFailure::kReplyTooLarge, .detail = std::string{what()}}};
    }
    line_ += piece;
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    std::string line = std::exchange(line_, {});
    if (line.ends_with('\r')) line.pop_back();
    auto step = on_line(line);
    if (!step) continue;
    if (step->end) return *step;
    all.send += step->send;
  }
  return all;
}

std::optional<SmtpDialogue::Step> SmtpDialogue::on_line(std::string_view line) {
  const auto failed = [&](ProbeFailure failure) {
    return Step{.end = ProbeResult{.failure = failure, .detail = std::string{what()} + ": " + shown(line)}};
  };
  if (!is_reply_line(line)) return failed(ProbeFailure::kMalformedReply);
  if (line.size() > 3 && line[3] == '-') return std::nullopt;  // more lines follow
  reply_bytes_ = 0;
  const std::string_view code = line.substr(0, 3);
  switch (waits_) {
    case Waits::kGreeting:
      if (code != "220") return failed(ProbeFailure::kWrongReply);
      waits_ = Waits::kHelo;
      return Step{.send = "HELO " + helo_name_ + "\r\n"};
    case Waits::kHelo:
      if (code != "250") return failed(ProbeFailure::kWrongReply);
      waits_ = Waits::kQuit;
      return Step{.send = "QUIT\r\n"};
    case Waits::kQuit: break;
  }
  return Step{.end = ProbeResult{}};
}

ProbeResult SmtpDialogue::on_close() const {
  return {.failure = ProbeFailure::kClosedEarly, .detail = "before the end of the " + std::string{what()}};
}

}  // namespace penstock::healthcheck
