// The option words of ipvsadm 1.31: its table of options, and a reader that takes a command line apart, one option at a time.
//
// Pure, and without judgement: which options go together is said in control/cli/ipvsadm_options.h.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "control/cli/refusal.h"

namespace penstock::control {

// One for each thing an option can mean here. The listing's own options come first.
enum class IpvsadmMeaning : std::uint8_t {
  kConnection,
  kTimeout,
  kDaemon,
  kStats,
  kRate,
  kThresholds,
  kPersistentConn,
  kTunInfo,
  kExact,
  kNumeric,
  kNosort,
  kService,
  kJson,
  kSort,     // may be repeated, and changes nothing
  kIgnored,  // accepted by ipvsadm's list command without effect
  kForeign,  // belongs to a command that changes the table
  kList,
  kSave,
  kHelp,
  kVersion,
  kChange,
};

// One row of the table.
struct IpvsadmOption {
  char letter;            // '\0': none
  std::string_view name;  // the long spelling
  IpvsadmMeaning meaning;
  bool takes_value = false;
  std::string_view advice = {};  // kChange: where to go instead
};

// Reads short options also bundled ("-Lnc", "-t1.2.3.4:80"), long ones also as "--name=value"; "--" is skipped.
class IpvsadmWords {
 public:
  explicit IpvsadmWords(std::span<const std::string> args) : args_{args} {}

  struct Word {
    const IpvsadmOption* option = nullptr;  // a row of the table, never null in a result
    std::string spelling;                   // as it was written: "-t", "--stats"
    std::string value;
  };

  [[nodiscard]] bool more();
  // Precondition: more().
  [[nodiscard]] std::expected<Word, Refusal> next();

 private:
  std::expected<Word, Refusal> long_option(std::string_view arg);
  std::expected<Word, Refusal> short_option();
  std::expected<Word, Refusal> with_value(Word word, std::string_view attached);

  std::span<const std::string> args_;
  std::size_t at_ = 0;
  std::string_view bundle_;  // letters of a bundle not yet read
};

}  // namespace penstock::control
