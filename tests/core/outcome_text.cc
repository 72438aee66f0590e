#include "tests/core/outcome_text.h"

#include <array>

namespace penstock::test {

using core::Action;

std::string text_of(const core::Verdict& verdict) {
  static constexpr std::array kActions{"forward", "reply", "punt", "hand over", "hold", "drop"};
  std::string text = kActions.at(static_cast<std::size_t>(verdict.action));
  if (verdict.action == Action::kDrop || verdict.action == Action::kReply) text += " " + std::string{name_of(verdict.reason)};
  if (verdict.action == Action::kPunt) text += " class " + std::to_string(static_cast<int>(verdict.punt));
  if (verdict.action == Action::kForward || verdict.action == Action::kReply) text += " port " + std::to_string(verdict.port);
  return text;
}

std::string text_of(const Outcome& expected) {
  const core::Verdict verdict{
      .action = expected.action, .reason = expected.reason, .punt = expected.punt, .port = expected.port};
  const bool is_reply = expected.action == Action::kReply;
  return text_of(verdict) + " " + to_hex(is_reply ? without_identification(expected.out) : expected.out);
}
std::string text_of(const Handled& handled) {
  switch (handled.verdict.action) {
    case Action::kForward:
    case Action::kPunt: return text_of(handled.verdict) + " " + to_hex(handled.bytes);
    case Action::kReply: return text_of(handled.verdict) + " " + to_hex(without_identification(handled.bytes));
    default: return text_of(handled.verdict) + " ";
  }
}

}  // namespace penstock::test
