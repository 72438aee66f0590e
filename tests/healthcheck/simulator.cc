#include "tests/healthcheck/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

#include "tests/healthcheck/reference_model.h"

namespace penstock::healthcheck {
namespace {

using std::chrono::milliseconds;

// The prober's one second and a part of warmup, which here follows from the check.
Duration first_delay(const CheckSpec& spec) {
  return std::chrono::seconds{1} +
         spec.pace.warmup * static_cast<int>((spec.server.address.v4().value() + spec.kind.index()) % 8) / 8;
}

constexpr std::array<std::string_view, 12> kForetold{"Adding ",          "Removing ",      "Enabling ",     "Disabling ",
                                                     "Changing weight ", "Gained quorum ", "Lost quorum ",  "Starting ",
                                                     "Shutting down ",   "Activating ",    "Adding alive ", "Removing alive "};

// What the actions say, as the reference model puts it; lines about single checks are counted only.
Said said_by(const Actions& actions, std::size_t& check_lines) {
  Said said;
  for (const Action& action : actions) {
    if (const auto* const line = std::get_if<LogLine>(&action)) {
      const auto begins = [&](std::string_view with) { return line->text.starts_with(with); };
      if (std::ranges::any_of(kForetold, begins)) {
        said.push_back(line->text);
      } else {
        ++check_lines;
      }
    } else if (const auto* const script = std::get_if<RunScript>(&action)) {
      said.push_back("run " + script->script.command.at(0));
    } else if (const auto* const fifo = std::get_if<WriteFifo>(&action)) {
      said.push_back("fifo " + fifo->line);
    } else if (const auto* const mail = std::get_if<SendMail>(&action)) {
      said.push_back("mail " + mail->subject);
    }
  }
  return said;
}

bool says(const Said& said, std::string_view beginning) {
  return std::ranges::any_of(said, [&](const std::string& text) { return text.starts_with(beginning); });
}

std::string text_of(const Table& table) {
  std::string text;
  for (const TableRow& row : table) {
    text += fmt::format(" {}={}{}", row.endpoint.to_string(), row.weight, row.is_sorry_server ? "(sorry)" : "");
  }
  return text;
}

class Simulation {
 public:
  Simulation(const Sequence& sequence, Subject& subject, Coverage& coverage)
      : sequence_{sequence},
        subject_{subject},
        coverage_{coverage},
        configuration_{sequence.configuration},
        model_{sequence.shares_checks, first_delay} {}

  std::optional<Difference> run() {
    apply();
    for (std::size_t i = 0; i <= sequence_.events.size(); ++i) {
      if (i > 0) take(sequence_.events[i - 1]);
      if (!problem_.empty()) return Difference{i, problem_};
    }
    return {};
  }

 private:
  // A check as the prober has it, and the reference's idea of it.
  struct Running {
    CheckSpec spec;
    Checker checker;
    std::shared_ptr<ReferenceModel::Probe> probe{};
    std::size_t results = 0;

    // How long its next probe takes; follows from what it is and how often it was asked.
    [[nodiscard]] Duration latency() const {
      static constexpr std::array kLatencies{milliseconds{0}, milliseconds{3}, milliseconds{40}, milliseconds{900},
                                             milliseconds{4000}};
      return kLatencies.at((results * 7 + spec.kind.index() + spec.server.address.v4().value()) % kLatencies.size());
    }
  };
  using Tables = std::map<ServiceKey, Table>;

  void take(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kProbe: return probe(Random{event.dice});
      case Event::Kind::kReload: return reload(Random{event.dice});
      case Event::Kind::kStale: return report_stale();
      case Event::Kind::kStop: return stop();
    }
  }

  void meet(Met what, bool met = true) { coverage_.at(static_cast<std::size_t>(what)) |= met; }
  void differ(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
  }

  void apply() {
    const Actions actions = subject_.apply(configuration_.services, configuration_.global);
    const Said expected = model_.apply(configuration_.services, configuration_.global, now_);
    for (const Action& action : actions) {
      if (const auto* const start = std::get_if<StartCheck>(&action)) {
        Running check{start->spec, subject_.checker(start->spec, start->up, now_ + first_delay(start->spec))};
        if (!running_.emplace(start->id, std::move(check)).second) differ("a check's number is given twice");
      } else if (const auto* const end = std::get_if<StopCheck>(&action)) {
        if (running_.erase(end->id) == 0) differ("a check is stopped that doesn't run");
        stopped_.push_back(end->id);
      }
    }
    compare(actions, expected, 0);
    meet(Met::kUnsharedChecks, !sequence_.shares_checks && !running_.empty());
  }

  void reload(Random random) {
    now_ += milliseconds{random.below(700)};
    std::set<std::pair<ServiceKey, packet::Endpoint>> down;
    for (const auto& service : model_.services()) {
      for (const auto& server : service.servers) {
        if (!server.is_alive()) down.emplace(service.key(), server.is.endpoint);
      }
    }
    configuration_.change(random);
    apply();
    for (const auto& service : model_.services()) {
      for (const auto& server : service.servers) {
        meet(Met::kKeptDownOverReload, !server.is_alive() && down.contains({service.key(), server.is.endpoint}));
      }
    }
  }

  void probe(Random random) {
    if (running_.empty()) return;
    const auto ends = [](const auto& entry) { return entry.second.checker.next() + entry.second.latency(); };
    auto& [id, check] = *std::ranges::min_element(running_, {}, ends);
    const TimePoint began = check.checker.next();
    now_ = std::max(now_, began + check.latency());
    CheckReport report{.id = id, .result = random_result(random, check.spec), .finished = now_};
    report.result.latency = std::chrono::duration_cast<Duration>(now_ - began);
    const auto weight = report.result.weight;
    const bool is_success = report.result.is_success();
    report.step = check.checker.on_result(report.result, now_);
    report.is_up = check.checker.is_up();
    report.next = check.checker.next();
    ++check.results;

    const bool is_first = check.probe->results.empty();
    const bool was_up = check.probe->is_up();
    const Said expected = model_.report(*check.probe, {is_success, weight, began, now_});
    const Actions actions = subject_.report(std::move(report));
    const bool is_up = check.probe->is_up();
    meet(Met::kRetried, is_up && !is_success);
    meet(Met::kQuorumRegained, says(expected, "Gained quorum"));
    meet(Met::kWeightChange, says(expected, "Changing weight"));
    compare(actions, expected, is_told(check.spec, is_first, was_up, is_up, is_success) ? 1 : 0);
  }

  // Whether there is something to say of the check itself.
  static bool is_told(const CheckSpec& spec, bool is_first, bool was_up, bool is_up, bool is_success) {
    const bool is_file = std::holds_alternative<FileCheck>(spec.kind);
    if (is_first || was_up != is_up) return !is_file || !is_up || !was_up;
    return !is_file && is_up && !is_success && spec.pace.log_all_failures;
  }

  ProbeResult random_result(Random& random, const CheckSpec& spec) const {
    if (random.below(10) >= sequence_.successes_in_ten) return {.failure = ProbeFailure::kRefused};
    ProbeResult result;
    if (const auto* const misc = std::get_if<MiscCheck>(&spec.kind); misc != nullptr && misc->dynamic && !random.is_one_in(5)) {
      static constexpr std::array<std::int64_t, 5> kWeights{0, 1, 2, 5, 253};
      result.weight = kWeights.at(random.below(kWeights.size()));
    } else if (std::holds_alternative<FileCheck>(spec.kind)) {
      static constexpr std::array<std::int64_t, 5> kAdded{-100, -1, 0, 2, 0x7fff'fff0};
      result.weight = kAdded.at(random.below(kAdded.size()));
    }
    return result;
  }

  void report_stale() {
    if (stopped_.empty()) return;
    meet(Met::kStaleReport);
    compare(subject_.report({.id = stopped_.back(), .is_up = false}), {}, 0);
  }

  void stop() {
    const Said expected = model_.stop();
    for (const auto& service : model_.services()) meet(Met::kOmega, service.is.policy.omega);
    std::size_t check_lines = 0;
    compare_said(said_by(subject_.stop(), check_lines), expected);
  }

  // ---- Comparisons

  void compare(const Actions& actions, const Said& expected, std::size_t check_lines) {
    meet(Met::kQuorumLost, says(expected, "Lost quorum"));
    std::size_t lines = 0;
    compare_said(said_by(actions, lines), expected);
    if (std::min<std::size_t>(lines, 1) != check_lines) differ(fmt::format("{} lines about the check", lines));
    compare_services();
    compare_tables(actions);
  }

  void compare_said(const Said& said, const Said& expected) {
    if (said == expected) return;
    const auto [mine, its] = std::ranges::mismatch(said, expected);
    differ(fmt::format("says '{}' where '{}' is due", mine == said.end() ? "nothing" : *mine,
                       its == expected.end() ? "nothing" : *its));
  }

  void compare_tables(const Actions& actions) {
    std::set<ServiceKey> marked;
    for (const Action& action : actions) {
      if (const auto* const changed = std::get_if<TableChanged>(&action)) marked.insert(changed->service);
    }
    Tables tables;
    for (const auto& service : model_.services()) {
      const ServiceKey key = service.key();
      Table expected = service.table();
      const Table table = subject_.table(key);
      if (table != expected) {
        differ(fmt::format("table of {}:{}, due is{}", key.endpoint.to_string(), text_of(table), text_of(expected)));
      }
      const bool has_living = std::ranges::any_of(service.servers, &ReferenceModel::Server::is_alive);
      if (table.empty() && (has_living || service.is_sorry())) differ("a table is empty");
      const auto old = tables_.find(key);
      if ((old == tables_.end() || old->second != expected) != marked.contains(key)) {
        differ(fmt::format("table of {} is {}marked", key.endpoint.to_string(), marked.contains(key) ? "" : "not "));
      }
      meet(Met::kSorryInUse, service.is_sorry());
      for (const auto& server : service.servers)
        meet(Met::kInhibited, !server.is_alive() && server.is.policy.inhibit_on_failure);
      tables.emplace(key, std::move(expected));
    }
    tables_ = std::move(tables);
  }

  // Services, servers and checks one by one; on the way each running check meets its counterpart.
  void compare_services() {
    const auto status = subject_.status();
    const auto& expected = model_.services();
    std::map<CheckId, std::size_t> users;
    if (status.size() != expected.size()) return differ("another number of services");
    for (std::size_t i = 0; i < status.size(); ++i) {
      if (status[i].key != expected[i].key()) return differ("another service");
      if (status[i].has_quorum != expected[i].has_quorum) differ("quorum is held or not");
      if (status[i].weight_up != expected[i].living_weight()) differ("another sum of weights");
      if (status[i].servers.size() != expected[i].servers.size()) return differ("another number of servers");
      for (std::size_t j = 0; j < status[i].servers.size(); ++j) {
        compare_server(status[i].servers[j], expected[i].servers[j], users);
      }
    }
    if (users.size() != running_.size()) differ(fmt::format("{} checks run, {} are used", running_.size(), users.size()));
  }

  void compare_server(const Monitor::ServerStatus& server, const ReferenceModel::Server& expected,
                      std::map<CheckId, std::size_t>& users) {
    if (server.endpoint != expected.is.endpoint) return differ("another server");
    if (server.is_up != expected.is_alive())
      differ(fmt::format("{} is {}up", server.endpoint.to_string(), server.is_up ? "" : "not "));
    if (server.effective_weight != expected.weight()) {
      differ(
          fmt::format("{} has weight {}, due is {}", server.endpoint.to_string(), server.effective_weight, expected.weight()));
    }
    if (server.checks.size() != expected.links.size()) return differ("another number of checks");
    for (std::size_t k = 0; k < server.checks.size(); ++k) compare_check(server.checks[k], expected.links[k], users);
  }

  void compare_check(const Monitor::CheckStatus& check, const ReferenceModel::Link& expected,
                     std::map<CheckId, std::size_t>& users) {
    const auto at = running_.find(check.id);
    if (at == running_.end()) return differ("a check doesn't run");
    Running& running = at->second;
    if (!running.probe) running.probe = expected.probe;
    if (running.probe != expected.probe) differ("checks are shared that shouldn't be, or the other way round");
    if (check.spec != expected.probe->spec || running.spec != expected.probe->spec) differ("another check");
    if (check.is_up != expected.is_up()) differ("a check is up or not");
    if (running.checker.next() != expected.probe->due()) {
      const auto late = std::chrono::duration_cast<milliseconds>(running.checker.next() - expected.probe->due());
      differ(
          fmt::format("the next {} of {} is {} ms late", keyword_of(check.spec), check.spec.server.to_string(), late.count()));
    }
    meet(Met::kSharedCheck, ++users[check.id] > 1 && !expected.probe->results.empty());
  }

  const Sequence& sequence_;
  Subject& subject_;
  Coverage& coverage_;
  RandomConfiguration configuration_;
  ReferenceModel model_;
  TimePoint now_{std::chrono::seconds{1000}};
  std::map<CheckId, Running> running_;
  std::vector<CheckId> stopped_;
  Tables tables_;  // as they were after the last event
  std::string problem_;
};

}  // namespace

Sequence::Sequence(Random random)
    : shares_checks{!random.is_one_in(5)}, successes_in_ten{3 + random.below(6)}, configuration{random} {
  const std::size_t count = 10 + random.below(21);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t dice = random.below(40);
    const Event::Kind kind = dice < 3 ? Event::Kind::kReload : dice == 3 ? Event::Kind::kStale : Event::Kind::kProbe;
    events.push_back({kind, random.next()});
  }
  if (random.is_one_in(3)) events.push_back({Event::Kind::kStop});
}

std::optional<Difference> simulate(const Sequence& sequence, Subject& subject, Coverage& coverage) {
  return Simulation{sequence, subject, coverage}.run();
}

Sequence shrunk(Sequence sequence, const MakeSubject& make_subject) {
  Coverage ignored{};
  for (std::size_t i = sequence.events.size(); i-- > 0;) {
    Sequence smaller = sequence;
    smaller.events.erase(smaller.events.begin() + static_cast<std::ptrdiff_t>(i));
    const auto difference = simulate(smaller, *make_subject(smaller), ignored);
    if (!difference) continue;
    smaller.events.erase(smaller.events.begin() + static_cast<std::ptrdiff_t>(difference->event), smaller.events.end());
    i = std::min(i, smaller.events.size());
    sequence = std::move(smaller);
  }
  return sequence;
}

std::string describe(const Sequence& sequence, const Difference& difference) {
  static constexpr std::array kNames{"probe", "reload", "stale", "stop"};
  std::string text = fmt::format("after event {} of {} (", difference.event, sequence.events.size());
  for (const Event& event : sequence.events) text += fmt::format(" {}", kNames.at(static_cast<std::size_t>(event.kind)));
  return text + " ): " + difference.text;
}

}  // namespace penstock::healthcheck
