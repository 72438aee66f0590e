// What the parts of the binder share.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/model.h"
#include "config/source.h"
#include "config/tree.h"

namespace penstock::config {

// A track_file block.
struct TrackFile {
  std::string path;
  std::int32_t weight = 1;
  bool reverse = false;
  std::optional<std::int64_t> initial{};  // init_file
  bool overwrite = false;
  std::optional<Place> init_place{};
};

// What the outermost level says about health checks, for all services.
struct HealthDefaults {
  std::map<std::string, TrackFile> track_files;
  bool log_all_failures = false;             // checker_log_all_failures
  bool has_mail = false;                     // there is a server for mail, and somebody to write to
  std::optional<bool> smtp_alert{};          // whether mails are sent for what says nothing itself
  std::optional<bool> smtp_alert_checker{};  // the same for health checks alone: it goes before smtp_alert
};

// Least times between two announcements on an interface.
struct AnnouncementGaps {
  vrrp::Duration arp{};
  vrrp::Duration neighbour{};
};

// What the outermost level says about VRRP, for all instances that say nothing themselves.
struct VrrpDefaults {
  std::uint8_t version = 2;
  std::uint8_t down_timer_adverts = 3;
  bool strict = false;
  bool answers_lower_priority = true;
  bool advert_before_yielding = false;
  bool skips_known_address_lists = false;
  bool check_unicast_source = false;
  bool owner_ignores_adverts = false;
  bool checksum_as_v2 = false;
  bool priority_changes = false;
  std::optional<bool> smtp_alert{};  // smtp_alert_vrrp: it goes before smtp_alert
  std::optional<IpAddress> group4{};
  std::optional<IpAddress> group6{};
  vrrp::AnnouncementSpec announcement{};
  std::map<std::string, AnnouncementGaps> gaps{};  // of interfaces that are in a garp_group
};

struct BindContext {
  const SourceMap& sources;
  Diagnostics& diagnostics;
  VrrpDefaults vrrp{};
  HealthDefaults health{};
};

// The words of one block.
class Fields {
 public:
  Fields(const std::vector<Statement>& statements, Diagnostics& diagnostics)
      : statements_{statements}, diagnostics_{diagnostics} {}

  // The statement with one of these names, the last if there are several (a warning says so); null when there is none.
  [[nodiscard]] const Statement* last(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] bool has(std::string_view name) const;
  // The first value of such a statement; null when there is none.
  [[nodiscard]] const Word* value(std::initializer_list<std::string_view> names) const;
  // A whole number that lies within the limits; nothing when it is absent or wrong (which has been reported).
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high) const;
  // A number of seconds, 0 or more, likewise.
  [[nodiscard]] std::optional<healthcheck::Duration> duration(std::string_view name) const;
  // A switch: on where it stands without a value.
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;

 private:
  const std::vector<Statement>& statements_;
  Diagnostics& diagnostics_;
};

// Remembers where each thing was said first, to refuse it the second time.
class Firsts {
 public:
  // Reports `what is already ...` and returns false when the key was there.
  bool add(const std::string& key, const Word& word, const std::string& what, const BindContext& context);

 private:
  std::map<std::string, Position> places_;
};

// "keepalived's word, not ours yet".
[[nodiscard]] inline std::string not_supported(const std::string& what, std::string_view change) {
  return what + " is not supported yet: it would change " + std::string{change};
}

// "x is not an address", and why where it can be told.
void report_not_an_address(const Word& word, Diagnostics& diagnostics);

// The address and port behind `virtual_server`, `real_server` and `sorry_server`. The port is 0 when there is none. Nothing
// when one of them is wrong (which has been reported).
[[nodiscard]] std::optional<Endpoint> bind_endpoint(const Statement& statement, const BindContext& context);

// False for a word that isn't DR (which is reported).
bool is_direct_routing(const Word& word, Diagnostics& diagnostics);

// An address that one host can have: not 0.0.0.0, ::, multicast or broadcast.
[[nodiscard]] bool is_host_address(const IpAddress& address);

[[nodiscard]] bool is_multicast(const IpAddress& address);

// fe80::/10: it needs an interface beside it.
[[nodiscard]] bool is_link_local(const IpAddress& address);

struct PlacedAddress {
  vrrp::VirtualAddress address;
  Word word;
  std::optional<Place> use_vmac{};  // where it asks for the virtual MAC address itself
};

// The addresses of a virtual_ipaddress block; `interface` stays empty where the file names none.
[[nodiscard]] std::vector<PlacedAddress> bind_virtual_addresses(const Statement& block, const BindContext& context);

// After the instances, which it names.
void bind_sync_daemon(const std::vector<Statement>& statements, const BindContext& context, Model& model);

void bind_virtual_servers(const std::vector<Statement>& statements, const BindContext& context, Model& model);

}  // namespace penstock::config
