// lvs_sync_daemon of global_defs, and lvs_sync_daemon_interface of an instance, which is keepalived's old way to say it.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "config/bind_vrrp.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr auto kSyncOptions = std::to_array<std::string_view>({"id", "maxlen", "port", "ttl", "group"});

const vrrp::InstanceSpec* find_instance(const vrrp::RouterSpec& router, std::string_view name) {
  const auto found = std::ranges::find(router.instances, name, &vrrp::InstanceSpec::name);
  return found != router.instances.end() ? &*found : nullptr;
}

// lvs_sync_daemon INTERFACE INSTANCE [id ID] [maxlen BYTES] [port PORT] [ttl TTL] [group ADDRESS], options in any order.
class SyncDaemonBinder {
 public:
  SyncDaemonBinder(const Statement& statement, Diagnostics& diagnostics) : words_{statement.words}, diagnostics_{diagnostics} {}

  // Nothing when it is wrong (which has been reported).
  std::optional<SyncDaemon> run(const vrrp::RouterSpec& router) {
    const vrrp::InstanceSpec* const instance = words_.size() < 3 ? nullptr : find_instance(router, words_[2].text);
    if (instance == nullptr) {
      report_no_instance(router);
      return std::nullopt;
    }
    out_.interface = words_[1].text;
    out_.instance = instance->name;
    out_.id = instance->virtual_router_id;
    // Before there was "id", the number stood alone.
    const auto bare_id = words_.size() > 3 ? parse_integer(words_[3].text, 0, 255) : std::nullopt;
    if (bare_id) out_.id = static_cast<std::uint8_t>(*bare_id);
    for (std::size_t at = bare_id ? 4 : 3; at < words_.size(); at += 2) {
      if (!bind_option(at)) return std::nullopt;
    }
    out_.max_length = max_length_.value_or(SyncDaemon::default_max_length(out_.group));
    return out_;
  }

 private:
  void report_no_instance(const vrrp::RouterSpec& router) {
    if (words_.size() < 3) {
      diagnostics_.warning(words_[0].place, "\"lvs_sync_daemon\" names no vrrp_instance: it is ignored, as keepalived does",
                           "lvs_sync_daemon INTERFACE INSTANCE");
      return;
    }
    std::vector<std::string_view> names;
    for (const vrrp::InstanceSpec& instance : router.instances) names.push_back(instance.name);
    diagnostics_.warning(words_[2].place,
                         quote(words_[2].text) + " is no vrrp_instance: connections are not synchronised, as keepalived does",
                         did_you_mean(words_[2].text, names));
  }

  bool bind_option(std::size_t at) {
    const Word& name = words_[at];
    if (std::ranges::find(kSyncOptions, name.text) == kSyncOptions.end()) {
      diagnostics_.error(name.place, quote(name.text) + " is not an option of lvs_sync_daemon",
                         did_you_mean(name.text, kSyncOptions));
      return false;
    }
    if (at + 1 == words_.size()) {
      diagnostics_.error(name.place, quote(name.text) + " needs a value");
      return false;
    }
    const Word& value = words_[at + 1];
    if (name.text == "group") return bind_group(value);
    if (name.text == "id") return take(name, value, 0, 255, out_.id);
    if (name.text == "ttl") return take(name, value, 1, 255, out_.ttl);
    if (name.text == "port") return take(name, value, 1, 65535, out_.port);
    std::uint16_t length = 0;
    if (!take(name, value, SyncDaemon::kLeastLength, SyncDaemon::kMostLength, length)) return false;
    max_length_ = length;
    return true;
  }

  template <typename Integer>
  bool take(const Word& name, const Word& value, std::int64_t low, std::int64_t high, Integer& out) {
    const auto number = parse_integer(value.text, low, high);
    if (!number) {
      diagnostics_.error(value.place, quote(name.text) + " takes a whole number from " + std::to_string(low) + " to " +
                                          std::to_string(high) + ", not " + quote(value.text));
      return false;
    }
    out = static_cast<Integer>(*number);
    return true;
  }

  bool bind_group(const Word& value) {
    const auto address = IpAddress::parse(value.text);
    if (!address || !is_multicast(*address)) {
      diagnostics_.error(value.place, "\"group\" takes a multicast address, not " + quote(value.text));
      return false;
    }
    out_.group = *address;
    return true;
  }

  const std::vector<Word>& words_;
  Diagnostics& diagnostics_;
  SyncDaemon out_;
  std::optional<std::uint16_t> max_length_{};
};

// Where the daemon was given, so that the second time can say so.
class FirstOnly {
 public:
  explicit FirstOnly(Diagnostics& diagnostics) : diagnostics_{diagnostics} {}

  bool take(const Word& word) {
    if (!taken_) return taken_ = true;
    diagnostics_.warning(word.place,
                         "there is one sync daemon, and it has been given: this one is ignored, as keepalived does");
    return false;
  }

 private:
  Diagnostics& diagnostics_;
  bool taken_ = false;
};

}  // namespace

void bind_sync_daemon(const std::vector<Statement>& statements, const BindContext& context, Model& model) {
  FirstOnly first{context.diagnostics};
  for (const Statement& statement : statements) {
    if (statement.name().text != "global_defs" || statement.damaged) continue;
    for (const Statement& child : statement.children) {
      if (child.name().text != "lvs_sync_daemon" || child.damaged || child.words.size() < 2 || !first.take(child.name()))
        continue;
      model.sync = SyncDaemonBinder{child, context.diagnostics}.run(model.vrrp);
    }
  }
  for (const Statement& statement : statements) {
    if (statement.name().text != "vrrp_instance" || statement.damaged || statement.words.size() < 2) continue;
    const vrrp::InstanceSpec* const instance = find_instance(model.vrrp, statement.words[1].text);
    for (const Statement& child : statement.children) {
      if (child.name().text != "lvs_sync_daemon_interface" || child.damaged || child.words.size() < 2) continue;
      context.diagnostics.once(
          Severity::kNotice, child.name().place,
          "\"lvs_sync_daemon_interface\" is keepalived's old word: lvs_sync_daemon in global_defs has more to say");
      if (!first.take(child.name()) || instance == nullptr) continue;
      SyncDaemon daemon;
      daemon.interface = child.words[1].text;
      daemon.instance = instance->name;
      daemon.id = instance->virtual_router_id;
      model.sync = daemon;
    }
  }
}

}  // namespace penstock::config
