// The client's half of a shortest SMTP session: greeting, HELO, QUIT (RFC 5321).
//
// Bytes in, bytes to send out, an end at last. As with keepalived a server is well when it greets with 220, takes HELO with 250
// and answers QUIT with anything; unlike keepalived, replies of several lines are read to their last. Lines and replies are
// bounded. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "healthcheck/probe_result.h"

namespace penstock::healthcheck {

class SmtpDialogue {
 public:
  static constexpr std::size_t kLongestLine = 2048;                     // RFC 5321, 4.5.3.1.5, says 512; servers exceed it
  static constexpr std::size_t kLongestReply = std::size_t{64} * 1024;  // all lines of one reply

  struct Step {
    std::string send{};                // may be empty
    std::optional<ProbeResult> end{};  // the session is over: nothing is to be sent
  };

  explicit SmtpDialogue(std::string helo_name) : helo_name_{std::move(helo_name)} {}

  // Takes bytes of the server's, in pieces of any size. Not after the end.
  [[nodiscard]] Step on_bytes(std::string_view bytes);
  // The server closed the connection.
  [[nodiscard]] ProbeResult on_close() const;

 private:
  enum class Waits : std::uint8_t { kGreeting, kHelo, kQuit };

  std::optional<Step> on_line(std::string_view line);
  [[nodiscard]] std::string_view what() const;

  std::string helo_name_;
  Waits waits_ = Waits::kGreeting;
  std::string line_;             // begun, without its end
  std::size_t reply_bytes_ = 0;  // of the reply under way
};

}  // namespace penstock::healthcheck
