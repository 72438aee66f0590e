// Whom a change is told to, and how: scripts, the fifo, mails, with keepalived's arguments, lines and words.
//
// Scripts of one instance or group have a queue of their own, so that they run in the order of the changes (keepalived starts
// them all at once; their order is luck there).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vrrp/outbox.h"
#include "vrrp/spec/router_spec.h"

namespace penstock::vrrp {

enum class News : std::uint8_t {
  kMaster,
  kBackup,
  kFault,
  kStop,
  kDeleted,
  kHeardLower,      // a master heard an advert of lower priority
  kMasterPriority,  // another effective priority
  kBackupPriority,
};

// The news that an instance or a group is in this state now; nothing for kInit.
[[nodiscard]] std::optional<News> news_of(State state);

// `last_mail`: what the last mail about this instance said, and is updated here: the same isn't mailed twice in a row.
void tell_instance(const InstanceSpec& instance, News news, std::uint8_t priority, const RouterSpec& spec,
                   std::optional<News>& last_mail, Outbox& out);
void tell_group(const SyncGroupSpec& group, News news, const RouterSpec& spec, std::optional<News>& last_mail, Outbox& out);
// The fifo's line alone: after a reload, when it is asked for.
void write_state(const InstanceSpec& instance, News news, std::uint8_t priority, const RouterSpec& spec, Outbox& out);

}  // namespace penstock::vrrp
