// The commands of `penstock`: words in, a checked command out; a command and the daemon's state in, an answer out.
//
// Both programs use it. The client checks the words before it connects, so that a misspelled command is told from a daemon that
// isn't running; the daemon checks them again, because anybody may write to its socket.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <variant>

#include "control/cli/answer.h"
#include "control/cli/ipvsadm_options.h"
#include "control/cli/status_source.h"

namespace penstock::control {

enum class Subject : std::uint8_t {
  kServices,
  kConnections,
  kStats,
  kRate,
  kDrops,
  kWorkers,
  kThreads,
  kPorts,
  kChecks,
  kVrrp,
  kSync,
  kConfig
};

// `penstock show SUBJECT [--json[=keepalived]] [--all] [--stages]`.
struct ShowRequest {
  Subject subject = Subject::kServices;
  bool json = false;
  bool as_keepalived = false;  // kVrrp only: keepalived's JSON
  bool all = false;            // kDrops only: zero counts too
  bool stages = false;         // kWorkers only: where their cycles go

  friend bool operator==(const ShowRequest&, const ShowRequest&) = default;
};

// `penstock announce`: tell the neighbours once more where the addresses are that are ours.
struct AnnounceRequest {
  friend bool operator==(const AnnounceRequest&, const AnnounceRequest&) = default;
};

using Command = std::variant<ShowRequest, IpvsadmRequest, AnnounceRequest>;

// `args` are the words after "penstock" and its own options: "show", "drops", "--all".
[[nodiscard]] std::expected<Command, Refusal> parse_command(std::span<const std::string> args);

// Control thread only. The answer's stream draws on `source`, which must outlive it.
[[nodiscard]] Answer run_command(const Command& command, StatusSource& source);

// parse_command and run_command in one, a refusal being an answer on stderr.
[[nodiscard]] Answer answer_command(std::span<const std::string> args, StatusSource& source);

}  // namespace penstock::control
