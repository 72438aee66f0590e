// The command line of ipvsadm 1.31, as far as it lists: which listing is asked for, and the errors that ipvsadm would report.
//
// Pure: words in, a request or a refusal out. Behaviour (which options go together, wording, exit status) was observed by
// running ipvsadm 1.31; where its option library exits with 255, we exit with 2. Differences, on purpose: addresses and ports
// are numbers only (no name look-ups, with or without -n), --json exists, and what would change the table is refused.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "control/cli/refusal.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

enum class IpvsadmListing : std::uint8_t { kServices, kConnections, kTimeouts, kDaemons, kSave, kHelp, kVersion };

// What stands beside each real server.
enum class IpvsadmColumns : std::uint8_t { kConnections, kStats, kRate, kThresholds, kPersistent, kTunnel };

struct ServiceKey {
  packet::Protocol protocol = packet::Protocol::kTcp;
  packet::Endpoint endpoint;

  friend bool operator==(const ServiceKey&, const ServiceKey&) = default;
};

struct IpvsadmRequest {
  IpvsadmListing listing = IpvsadmListing::kServices;
  IpvsadmColumns columns = IpvsadmColumns::kConnections;
  bool persistence_engine = false;  // kConnections: also the columns of --persistent-conn
  bool exact = false;
  bool sorted = true;
  bool json = false;
  std::optional<ServiceKey> service{};  // only this one

  friend bool operator==(const IpvsadmRequest&, const IpvsadmRequest&) = default;
};

// `args` are the words after "ipvsadm".
[[nodiscard]] std::expected<IpvsadmRequest, Refusal> parse_ipvsadm(std::span<const std::string> args);

// What `penstock ipvsadm --help` prints.
[[nodiscard]] std::string ipvsadm_help();

}  // namespace penstock::control
