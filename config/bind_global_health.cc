// What the outermost level says about health checks: mail, scripts and fifos of global_defs, SSL, and the tracked files.
#include <algorithm>
#include <string>

#include "config/bind_health.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

// The statements of a fifo.
struct Fifo {
  const Statement* path = nullptr;
  const Statement* script = nullptr;
};

class HealthDefaultsBinder {
 public:
  HealthDefaultsBinder(const Statement& statement, BindContext& context, Model& model)
      : statement_{statement}, context_{context}, model_{model}, fields_{statement.children, context.diagnostics} {}

  void run() {
    bind_mail();
    bind_fifo();
    if (const Statement* const user = fields_.last({"script_user"}); user != nullptr && user->words.size() > 1) {
      model_.health.script_user = user->words[1].text;
      model_.health.script_group = user->words.size() > 2 ? user->words[2].text : "";
    }
    if (fields_.has("enable_script_security")) model_.health.script_security = true;
    if (fields_.has("rs_init_notifies")) model_.health.rs_init_notifies = true;
    if (fields_.has("no_checker_emails")) model_.health.checker_mails = false;
    if (const auto log = fields_.flag("checker_log_all_failures")) context_.health.log_all_failures = *log;
  }

 private:
  void bind_mail() {
    healthcheck::MailPolicy& mail = model_.mail;
    if (const Statement* const server = fields_.last({"smtp_server"}); server != nullptr && server->words.size() > 1) {
      mail.server = one_line(server->words[1], context_);
      const auto port = server->words.size() > 2 ? parse_integer(server->words[2].text, 1, 65535) : std::nullopt;
      mail.port = static_cast<std::uint16_t>(port.value_or(25));
    }
    if (const auto timeout = fields_.duration("smtp_connect_timeout")) mail.connect_timeout = *timeout;
    if (const Word* const name = fields_.value({"smtp_helo_name"})) mail.helo_name = one_line(*name, context_);
    if (const Statement* const from = fields_.last({"notification_email_from"}); from != nullptr) {
      mail.from.clear();
      for (std::size_t i = 1; i < from->words.size(); ++i) {
        if (i != 1) mail.from += ' ';
        mail.from += mail_text(from->words[i]);
      }
    }
    for (const Statement& child : statement_.children) {
      if (child.name().text != "notification_email" || child.damaged) continue;
      for (const Statement& line : child.children) {
        for (const Word& word : line.words) mail.to.push_back(one_line(word, context_));
      }
    }
    if (const auto alert = fields_.flag("smtp_alert")) context_.health.smtp_alert = alert;
    if (const auto alert = fields_.flag("smtp_alert_checker")) context_.health.smtp_alert_checker = alert;
  }

  // May have blanks, unlike what one_line() takes.
  std::string mail_text(const Word& word) {
    const bool fits = std::none_of(word.text.begin(), word.text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
    if (fits) return word.text;
    context_.diagnostics.error(word.place, quote(word.text) + " has control characters: it can't be sent");
    return {};
  }

  // lvs_notify_fifo, else the fifo for everything.
  void bind_fifo() {
    const Fifo own{fields_.last({"lvs_notify_fifo"}), fields_.last({"lvs_notify_fifo_script"})};
    const Fifo all{fields_.last({"notify_fifo"}), fields_.last({"notify_fifo_script"})};
    const Fifo& used = own.path != nullptr ? own : all;
    if (own.path != nullptr && all.path != nullptr) {
      context_.diagnostics.warning(all.path->name().place, "events of real servers go to lvs_notify_fifo alone");
    }
    for (const Fifo& fifo : {own, all}) {
      if (fifo.script != nullptr && fifo.path == nullptr)
        context_.diagnostics.warning(fifo.script->name().place, quote(fifo.script->name().text) + " without a fifo is ignored");
    }
    if (used.path == nullptr || used.path->words.size() < 2) return;
    const std::vector<Word>& words = used.path->words;
    model_.health.lvs_notify_fifo = words[1].text;
    model_.health.lvs_notify_fifo_user = words.size() > 2 ? words[2].text : "";
    model_.health.lvs_notify_fifo_group = words.size() > 3 ? words[3].text : "";
    model_.health.lvs_notify_fifo_script = bind_script(used.script, context_);
  }

  const Statement& statement_;
  BindContext& context_;
  Model& model_;
  const Fields fields_;
};

// init_file [VALUE] [overwrite]
void bind_init_file(const Statement& init, const BindContext& context, TrackFile& file) {
  file.initial = 0;
  file.init_place = init.name().place;
  for (std::size_t i = 1; i < init.words.size(); ++i) {
    const Word& word = init.words[i];
    if (word.text == "overwrite") {
      file.overwrite = true;
    } else if (const auto value = parse_integer(word.text, -kLargestNumber, kLargestNumber)) {
      file.initial = value;
    } else {
      context.diagnostics.error(word.place, "\"init_file\" takes a whole number and overwrite, not " + quote(word.text));
    }
  }
}

void bind_track_file(const Statement& statement, Firsts& names, BindContext& context) {
  const Word& name = statement.words[1];
  const Fields fields{statement.children, context.diagnostics};
  if (!names.add(name.text, name, "track_file " + quote(name.text), context)) return;
  TrackFile file;
  if (const Word* const path = fields.value({"file"})) {
    file.path = path->text;
  } else if (!fields.has("file")) {
    context.diagnostics.error(name.place, "track_file " + quote(name.text) + " has no file", "file PATH");
  }
  if (const Statement* const weight = fields.last({"weight"})) {
    file.weight = static_cast<std::int32_t>(fields.integer("weight", -kLargestNumber, kLargestNumber).value_or(1));
    file.reverse = weight->words.size() > 2 && weight->words[2].text == "reverse";
  }
  if (const Statement* const init = fields.last({"init_file"})) bind_init_file(*init, context, file);
  context.health.track_files.emplace(name.text, std::move(file));
}

void bind_tls(const Statement& statement, const BindContext& context, healthcheck::TlsFiles& out) {
  const Fields fields{statement.children, context.diagnostics};
  const auto text = [&fields](std::string_view name) {
    const Word* const word = fields.value({name});
    return word == nullptr ? std::string{} : word->text;
  };
  out = {.ca = text("ca"), .certificate = text("certificate"), .key = text("key"), .password = text("password")};
}

}  // namespace

void bind_global_health(const std::vector<Statement>& statements, BindContext& context, Model& model) {
  Firsts files;
  for (const Statement& statement : statements) {
    if (statement.damaged) continue;
    const std::string& name = statement.name().text;
    if (name == "global_defs") HealthDefaultsBinder{statement, context, model}.run();
    if (name == "SSL") bind_tls(statement, context, model.health.tls);
    if ((name == "track_file" || name == "vrrp_track_file") && statement.words.size() > 1)
      bind_track_file(statement, files, context);
  }
  model.mail.router_id = model.router_id;
  context.health.has_mail = !model.mail.server.empty() && !model.mail.to.empty();
}

}  // namespace penstock::config
