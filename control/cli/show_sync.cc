#include "control/cli/show_sync.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string_view>

#include "control/cli/text_table.h"
#include "control/cli/units.h"

namespace penstock::control {
namespace {

using enum TextTable::Align;

void append_row(std::string& out, std::string_view label, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{:<10}{}\n", label, text);
}

// ", 3 of which LOST", where there are any: what should be zero is only said where it isn't.
std::string unless_zero(std::uint64_t count, std::string_view what) {
  return count != 0 ? fmt::format("; {} {}", with_separators(count), what) : "";
}

std::string sent_text(const SyncStatus& sync) {
  return fmt::format("{} connections in {} datagrams", with_separators(sync.entries_sent),
                     with_separators(sync.datagrams_sent)) +
         unless_zero(sync.datagrams_failed, "datagrams that the kernel refused") +
         unless_zero(sync.entries_given_up, "connections too many to wait") +
         unless_zero(sync.entries_lost, "not told: a worker's ring was full") +
         unless_zero(sync.entries_forgotten, "of services or servers that are gone");
}

std::string kept_text(const SyncStatus& sync) {
  return fmt::format("{} wait for a packet (room for {}), {} have been taken up here", with_separators(sync.waiting),
                     with_separators(sync.room), with_separators(sync.claimed));
}

std::string dump_text(const SyncStatus& sync) {
  std::string text = fmt::format("{} sent", with_separators(sync.dumps_sent));
  if (sync.dumps_sent != 0) text += fmt::format(" (the last in {})", milliseconds_text(sync.last_dump));
  text += fmt::format(", {} received", with_separators(sync.dumps_received));
  if (sync.is_sending_dump) text += "; sending one";
  if (sync.is_asking_for_dump) text += "; asking for one";
  return text;
}

}  // namespace

std::string show_sync(const SyncStatus& sync) {
  if (!sync.daemon) return "Connections are not synchronised: there is no lvs_sync_daemon in the configuration.\n";
  const SyncDaemonStatus& daemon = *sync.daemon;
  std::string out;
  append_row(out, "state", fmt::format("{}, as vrrp_instance {}", daemon.master ? "MASTER" : "BACKUP", sync.instance));
  append_row(out, "network",
             fmt::format("{}, group {} port {}, ttl {}, syncid {}, at most {} bytes", daemon.interface,
                         daemon.group.to_string(), daemon.port, daemon.ttl, daemon.sync_id, daemon.max_length));
  if (!sync.error.empty()) append_row(out, "error", sync.error);
  append_row(out, "sent", sent_text(sync));
  append_row(out, "received",
             fmt::format("{} datagrams: {} new connections, {} known ones", with_separators(sync.datagrams_received),
                         with_separators(sync.entries_new), with_separators(sync.entries_updated)));
  append_row(out, "kept", kept_text(sync));
  append_row(out, "dumps", dump_text(sync));
  append_row(out, "lag", fmt::format("{}, at most {} so far", milliseconds_text(sync.lag), milliseconds_text(sync.worst_lag)));
  TextTable refused{{{"Refused", kRight}, {"Reason"}, {"Meaning"}}};
  bool any = false;
  for (const SyncRefusalStatus& refusal : sync.refusals) {
    if (refusal.count == 0) continue;
    any = true;
    refused.add({with_separators(refusal.count), std::string{refusal.name}, std::string{refusal.meaning}});
  }
  return any ? out + '\n' + refused.text() : out;
}

Json sync_daemon_json(const SyncDaemonStatus& daemon) {
  return {{"role", daemon.master ? "master" : "backup"},
          {"interface", daemon.interface},
          {"sync_id", daemon.sync_id},
          {"max_length", daemon.max_length},
          {"group", daemon.group.to_string()},
          {"port", daemon.port},
          {"ttl", daemon.ttl}};
}

Json sync_json(const SyncStatus& sync) {
  Json json = {
      {"daemon", sync.daemon ? sync_daemon_json(*sync.daemon) : Json{}},
      {"instance", sync.instance},
      {"error", sync.error},
      {"sent",
       {{"datagrams", sync.datagrams_sent},
        {"datagrams_failed", sync.datagrams_failed},
        {"entries", sync.entries_sent},
        {"entries_lost", sync.entries_lost},
        {"entries_given_up", sync.entries_given_up},
        {"entries_forgotten", sync.entries_forgotten}}},
      {"received",
       {{"datagrams", sync.datagrams_received}, {"entries_new", sync.entries_new}, {"entries_updated", sync.entries_updated}}},
      {"kept", {{"waiting", sync.waiting}, {"room", sync.room}, {"claimed", sync.claimed}}},
      {"dumps",
       {{"sent", sync.dumps_sent},
        {"last_seconds", seconds(sync.last_dump)},
        {"received", sync.dumps_received},
        {"is_sending", sync.is_sending_dump},
        {"is_asking", sync.is_asking_for_dump}}},
      {"lag_seconds", seconds(sync.lag)},
      {"worst_lag_seconds", seconds(sync.worst_lag)}};
  Json& refused = json["refused"] = Json::object();
  for (const SyncRefusalStatus& refusal : sync.refusals) refused[std::string{refusal.name}] = refusal.count;
  return json;
}

}  // namespace penstock::control
