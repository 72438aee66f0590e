// The lines of track_interface, track_script, track_process and track_file.
#include <algorithm>
#include <set>
#include <string>

#include "config/bind_vrrp.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

using vrrp::TrackLine;

// What a kind of tracker lets its lines say.
struct Kind {
  std::string_view block;        // the lines' block: "track_script"
  std::string_view definition;   // where the trackers are defined; empty: interfaces, which are defined nowhere
  std::int64_t most_weight = 0;  // its negative is the least
};
constexpr Kind kInterfaces{"track_interface", {}, kMostScriptWeight};
constexpr Kind kScripts{"track_script", "vrrp_script", kMostScriptWeight};
constexpr Kind kProcesses{"track_process", "vrrp_track_process", kMostProcessWeight};
constexpr Kind kFiles{"track_file", "track_file", kLargestNumber};

// A line as it stands: whom it tracks, and the weight that it gives itself.
struct GivenLine {
  const Word* name = nullptr;
  std::optional<int> weight{};
  std::optional<bool> reverse{};  // none: as its tracker has it
};

// NAME [weight N [reverse|noreverse]], several on a line included.
class LineReader {
 public:
  LineReader(const Kind& kind, Diagnostics& diagnostics) : kind_{kind}, diagnostics_{diagnostics} {}

  std::vector<GivenLine> read(const std::vector<Word>& words) {
    std::vector<GivenLine> out;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i == 0 || words[i].text != "weight") {
        if (i != 0 && is_misspelt_option(words[i])) return {};
        out.push_back({.name = &words[i]});
        continue;
      }
      if (i + 1 == words.size()) {
        diagnostics_.error(words[i].place, "\"weight\" needs a value");
        return {};
      }
      if (!read_weight(words[++i], out.back())) return {};
      if (i + 1 < words.size() && (words[i + 1].text == "reverse" || words[i + 1].text == "noreverse"))
        out.back().reverse = words[++i].text == "reverse";
    }
    return out;
  }

 private:
  bool is_misspelt_option(const Word& word) {
    constexpr std::string_view kOptions[] = {"weight", "reverse", "noreverse"};
    const std::string hint = did_you_mean(word.text, kOptions);
    if (hint.empty() && !parse_integer(word.text)) return false;
    diagnostics_.error(word.place, quote(word.text) + " is not an option in " + std::string{kind_.block}, hint);
    return true;
  }

  bool read_weight(const Word& word, GivenLine& out) {
    const std::int64_t most = std::max<std::int64_t>(kind_.most_weight, 254);
    const auto value = parse_integer(word.text, -most, most);
    if (!value) {
      diagnostics_.error(
          word.place, "\"weight\" takes " +
                          describe(integer(static_cast<double>(-kind_.most_weight), static_cast<double>(kind_.most_weight))) +
                          ", not " + quote(word.text));
      return false;
    }
    out.weight = static_cast<int>(fit_weight(*value, word, kind_.most_weight, diagnostics_));
    return true;
  }

  const Kind& kind_;
  Diagnostics& diagnostics_;
};

// Applies the rule to a line. False: it isn't tracked.
bool settle_weight(const Kind& kind, WeightRule rule, const Word& name, TrackLine& line, Diagnostics& diagnostics) {
  if (rule == WeightRule::kCounts || line.weight.value == 0) return true;
  // A file's weight of 1 is its default, which nobody has asked for.
  const bool kept = rule == WeightRule::kOwnersGroup || (&kind == &kInterfaces && rule == WeightRule::kMember) ||
                    (&kind == &kFiles && line.weight.value == 1);
  const std::string_view why = rule == WeightRule::kOwner    ? "priority 255 never changes"
                               : rule == WeightRule::kMember ? "the members of a sync group keep their priorities"
                                                             : "a member's priority is 255 and never changes";
  diagnostics.warning(
      name.place,
      quote(name.text) + " has a weight, but " + std::string{why} +
          (kept ? ": it is tracked without, as keepalived does" : ": it is not tracked, as keepalived does"),
      rule == WeightRule::kMember ? "sync_group_tracking_weight in the vrrp_sync_group lets weights count" : "");
  line.weight = {};
  return kept;
}

// All lines of one kind in an instance or a sync group.
class KindBinder {
 public:
  KindBinder(const Kind& kind, KnownTrackers* trackers, WeightRule rule, const std::string& own_interface,
             Diagnostics& diagnostics)
      : kind_{kind}, trackers_{trackers}, rule_{rule}, own_interface_{own_interface}, diagnostics_{diagnostics} {}

  std::vector<TrackLine> run(const Statement& block) {
    for (const Statement& child : block.children) {
      if (child.name().text != kind_.block || child.damaged) continue;
      for (const Statement& line : child.children) {
        for (const GivenLine& given : LineReader{kind_, diagnostics_}.read(line.words)) bind(given);
      }
    }
    return std::move(out_);
  }

 private:
  void bind(const GivenLine& given) {
    const Word& name = *given.name;
    TrackLine line{.name = name.text};
    if (trackers_ != nullptr ? !take_tracker(name, line) : !is_other_interface(name)) return;
    line.weight.value = given.weight.value_or(line.weight.value);
    line.weight.reverse = given.reverse.value_or(line.weight.reverse);
    if (!seen_.insert(name.text).second) {
      diagnostics_.warning(name.place, quote(name.text) + " is tracked already: this line is left out");
    } else if (settle_weight(kind_, rule_, name, line, diagnostics_)) {
      out_.push_back(std::move(line));
    }
  }

  bool take_tracker(const Word& name, TrackLine& line) {
    const auto found = trackers_->find(name.text);
    if (found != trackers_->end()) {
      found->second.used = true;
      line.weight = found->second.weight;
      return true;
    }
    std::vector<std::string_view> names;
    for (const auto& [known, tracker] : *trackers_) names.push_back(known);
    diagnostics_.error(name.place, "there is no " + std::string{kind_.definition} + " " + quote(name.text),
                       did_you_mean(name.text, names));
    return false;
  }

  bool is_other_interface(const Word& name) {
    if (!is_interface_name(name.text)) {
      diagnostics_.error(name.place, quote(name.text) + " is not " + describe(interface_name()));
      return false;
    }
    if (name.text != own_interface_) return true;
    diagnostics_.warning(name.place,
                         quote(name.text) + " is the instance's own interface: this line is left out, as keepalived does");
    return false;
  }

  const Kind& kind_;
  KnownTrackers* trackers_;  // null: of interfaces
  WeightRule rule_;
  const std::string& own_interface_;
  Diagnostics& diagnostics_;
  std::set<std::string> seen_;
  std::vector<TrackLine> out_;
};

}  // namespace

std::int64_t fit_weight(std::int64_t value, const Word& word, std::int64_t most, Diagnostics& diagnostics) {
  if (most != kMostScriptWeight || (value != 254 && value != -254)) return value;
  const std::int64_t taken = value < 0 ? -most : most;
  diagnostics.warning(word.place,
                      "a weight is at most 253 either way: taken as " + std::to_string(taken) + ", as keepalived does");
  return taken;
}

vrrp::Tracking Trackers::bind_lines(const Statement& block, WeightRule rule, const std::string& own_interface) {
  const auto bind = [&](const Kind& kind, KnownTrackers* trackers) {
    return KindBinder{kind, trackers, rule, own_interface, diagnostics_}.run(block);
  };
  return {.interfaces = bind(kInterfaces, nullptr),
          .scripts = bind(kScripts, &script_names_),
          .processes = bind(kProcesses, &process_names_),
          .files = bind(kFiles, &file_names_)};
}

}  // namespace penstock::config
