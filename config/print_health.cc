// Health checks but for the checkers themselves.
#include <map>

#include "config/command.h"
#include "config/print_parts.h"

namespace penstock::config {
namespace {

void print_mail(Printer& out, const healthcheck::MailPolicy& mail) {
  if (!mail.server.empty()) out.line("smtp_server {} {}", quoted_word(mail.server), mail.port);
  out.line("smtp_connect_timeout {}", seconds_text(mail.connect_timeout));
  if (!mail.helo_name.empty()) out.line("smtp_helo_name {}", quoted_word(mail.helo_name));
  if (!mail.from.empty()) out.line("notification_email_from {}", quoted_word(mail.from));
  if (mail.to.empty()) return;
  out.open("notification_email");
  for (const std::string& to : mail.to) out.line("{}", quoted_word(to));
  out.close();
}

}  // namespace

void print_script(Printer& out, std::string_view word, const healthcheck::Script& script) {
  if (!script.empty()) out.line("{} {}", word, script_text(script));
}

std::string seconds_text(healthcheck::Duration duration) {
  std::string text = fmt::format("{}.{:06}", duration.count() / 1'000'000, duration.count() % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string script_text(const healthcheck::Script& script) {
  std::string text = quoted_word(join_command(script.command));
  if (!script.user.empty()) text += " " + quoted_word(script.user);
  if (!script.user.empty() && !script.group.empty()) text += " " + quoted_word(script.group);
  return text;
}

void print_global_health(Printer& out, const Model& model) {
  print_mail(out, model.mail);
  const healthcheck::GlobalPolicy& policy = model.health;
  if (!policy.script_user.empty()) {
    const std::string group = policy.script_group.empty() ? "" : " " + quoted_word(policy.script_group);
    out.line("script_user {}{}", quoted_word(policy.script_user), group);
  }
  if (policy.script_security) out.line("enable_script_security");
  if (policy.rs_init_notifies) out.line("rs_init_notifies");
  if (!policy.checker_mails) out.line("no_checker_emails");
  if (policy.lvs_notify_fifo.empty()) return;
  std::string owner;
  if (!policy.lvs_notify_fifo_user.empty()) owner += " " + quoted_word(policy.lvs_notify_fifo_user);
  if (!policy.lvs_notify_fifo_group.empty()) owner += " " + quoted_word(policy.lvs_notify_fifo_group);
  out.line("lvs_notify_fifo {}{}", quoted_word(policy.lvs_notify_fifo), owner);
  print_script(out, "lvs_notify_fifo_script", policy.lvs_notify_fifo_script);
}

void print_tls(Printer& out, const healthcheck::TlsFiles& tls) {
  if (tls == healthcheck::TlsFiles{}) return;
  out.open("SSL");
  if (!tls.ca.empty()) out.line("ca {}", quoted_word(tls.ca));
  if (!tls.certificate.empty()) out.line("certificate {}", quoted_word(tls.certificate));
  if (!tls.key.empty()) out.line("key {}", quoted_word(tls.key));
  if (!tls.password.empty()) out.line("password ********");
  out.close();
}

void print_track_files(Printer& out, const Model& model) {
  std::map<std::string, vrrp::FileTracker> files;
  for (const vrrp::FileTracker& file : model.vrrp.files) files.emplace(file.name, file);
  for (const VirtualServer& service : model.virtual_servers) {
    for (const RealServer& server : service.real_servers) {
      for (const healthcheck::CheckSpec& check : server.health.checks) {
        const auto* const file = std::get_if<healthcheck::FileCheck>(&check.kind);
        if (file != nullptr) files.emplace(file->track_file, vrrp::FileTracker{.name = file->track_file, .path = file->path});
      }
    }
  }
  for (const auto& [name, file] : files) {
    out.open("track_file {}", quoted_word(name));
    out.line("file {}", quoted_word(file.path));
    if (file.initial) out.line("init_file {}{}", *file.initial, file.overwrite ? " overwrite" : "");
    out.close();
  }
}

void print_service_policy(Printer& out, const healthcheck::ServicePolicy& policy) {
  out.line("quorum {}", policy.quorum);
  out.line("hysteresis {}", policy.hysteresis);
  if (policy.alpha) out.line("alpha");
  if (policy.omega) out.line("omega");
  if (policy.sorry_server) {
    const Endpoint& endpoint = policy.sorry_server->endpoint;
    out.line("sorry_server {} {}", endpoint.address.to_string(), endpoint.port);
    if (policy.sorry_server->inhibit) out.line("sorry_server_inhibit");
  }
  print_script(out, "quorum_up", policy.quorum_up);
  print_script(out, "quorum_down", policy.quorum_down);
  if (policy.smtp_alert) out.line("smtp_alert");
}

void print_server_policy(Printer& out, const healthcheck::ServerPolicy& policy) {
  if (policy.inhibit_on_failure) out.line("inhibit_on_failure");
  print_script(out, "notify_up", policy.notify_up);
  print_script(out, "notify_down", policy.notify_down);
  out.line("smtp_alert {}", policy.smtp_alert ? "on" : "off");
  for (const healthcheck::CheckSpec& check : policy.checks) print_check(out, check);
}

}  // namespace penstock::config
