#include "vrrp/notifications.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace penstock::vrrp {
namespace {

// As scripts and the fifo are told.
std::string_view word_of(News news) {
  switch (news) {
    case News::kMaster: return "MASTER";
    case News::kBackup: return "BACKUP";
    case News::kFault: return "FAULT";
    case News::kStop: return "STOP";
    case News::kDeleted: return "DELETED";
    case News::kHeardLower: return "MASTER_RX_LOWER_PRI";
    case News::kMasterPriority: return "MASTER_PRIORITY";
    case News::kBackupPriority: return "BACKUP_PRIORITY";
  }
  std::unreachable();
}

// The script that is for this news only; empty: there is none.
notify::Script script_for(const NotifySpec& notify, News news) {
  switch (news) {
    case News::kMaster: return notify.master;
    case News::kBackup: return notify.backup;
    case News::kFault: return notify.fault;
    case News::kStop: return notify.stop;
    case News::kDeleted: return notify.deleted;
    case News::kHeardLower: return notify.master_receives_lower;
    case News::kMasterPriority:
    case News::kBackupPriority: return {};
  }
  std::unreachable();
}

struct Subject {
  std::string_view kind{};  // "INSTANCE" or "GROUP"
  const std::string& name;
  const NotifySpec& notify;
  std::uint8_t priority = 0;  // of a group: keepalived says 0
};

void write_line(const Subject& subject, News news, const RouterSpec& spec, Outbox& out) {
  if (spec.notify_fifo.empty()) return;
  out.fifo(fmt::format("{} \"{}\" {} {}", subject.kind, subject.name, word_of(news), subject.priority));
}

void run_scripts(const Subject& subject, News news, Outbox& out) {
  const std::string queue = fmt::format("{} {}", subject.kind, subject.name);
  if (notify::Script script = script_for(subject.notify, news); !script.empty()) out.run(std::move(script), queue);
  if (subject.notify.any.empty() || news == News::kHeardLower) return;
  notify::Script any = subject.notify.any;
  for (const std::string_view argument : {subject.kind, std::string_view{subject.name}, word_of(news)}) {
    any.command.emplace_back(argument);
  }
  any.command.push_back(std::to_string(subject.priority));
  out.run(std::move(any), queue);
}

// Whether this news is one for a mail; if so it is remembered.
bool is_mailed(const NotifySpec& notify, News news, const RouterSpec& spec, std::optional<News>& last_mail) {
  const bool about_state = news == News::kMaster || news == News::kBackup || news == News::kFault || news == News::kStop;
  if (!notify.mail || !about_state || last_mail == news || (news == News::kFault && !spec.mails_faults)) return false;
  last_mail = news;
  return true;
}

std::string entering(News news) { return news == News::kStop ? "Stopping" : fmt::format("Entering {} state", word_of(news)); }

}  // namespace

std::optional<News> news_of(State state) {
  switch (state) {
    case State::kInit: return std::nullopt;
    case State::kBackup: return News::kBackup;
    case State::kMaster: return News::kMaster;
    case State::kFault: return News::kFault;
  }
  std::unreachable();
}

void tell_instance(const InstanceSpec& instance, News news, std::uint8_t priority, const RouterSpec& spec,
                   std::optional<News>& last_mail, Outbox& out) {
  const Subject subject{.kind = "INSTANCE", .name = instance.name, .notify = instance.notify, .priority = priority};
  run_scripts(subject, news, out);
  write_line(subject, news, spec, out);
  if (!is_mailed(instance.notify, news, spec, last_mail)) return;
  std::string_view body = "=> VRRP Instance is no longer owning VRRP VIPs <=";
  if (news == News::kMaster) body = "=> VRRP Instance is now owning VRRP VIPs <=";
  if (news == News::kStop) body = "=> VRRP Instance stopping <=";
  out.mail(fmt::format("VRRP Instance {} - {}", instance.name, entering(news)), std::string{body});
}

void tell_group(const SyncGroupSpec& group, News news, const RouterSpec& spec, std::optional<News>& last_mail, Outbox& out) {
  const Subject subject{.kind = "GROUP", .name = group.name, .notify = group.notify};
  run_scripts(subject, news, out);
  write_line(subject, news, spec, out);
  if (!is_mailed(group.notify, news, spec, last_mail)) return;
  out.mail(fmt::format("VRRP Group {} - {}", group.name, entering(news)),
           news == News::kStop ? std::string{"=> VRRP group stopping <="}
                               : fmt::format("=> All VRRP group instances are now in {} state <=", word_of(news)));
}

void write_state(const InstanceSpec& instance, News news, std::uint8_t priority, const RouterSpec& spec, Outbox& out) {
  write_line({.kind = "INSTANCE", .name = instance.name, .notify = instance.notify, .priority = priority}, news, spec, out);
}

}  // namespace penstock::vrrp
