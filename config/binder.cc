#include "config/binder.h"

#include <array>

#include "config/bind_health.h"
#include "config/bind_vrrp.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr std::int64_t kLargestTimeout = std::int64_t{86'400} * 31;  // IPVS's and keepalived's bound: 31 days

// lvs_timeouts [tcp SECONDS] [tcpfin SECONDS] [udp SECONDS], in any order.
void bind_timeouts(const Statement& statement, Diagnostics& diagnostics, LvsTimeouts& out) {
  constexpr auto kNames = std::to_array<std::string_view>({"tcp", "tcpfin", "udp"});
  for (std::size_t i = 1; i < statement.words.size(); i += 2) {
    const Word& name = statement.words[i];
    std::chrono::seconds* const field = name.text == "tcp"      ? &out.tcp
                                        : name.text == "tcpfin" ? &out.tcp_fin
                                        : name.text == "udp"    ? &out.udp
                                                                : nullptr;
    if (field == nullptr) {
      diagnostics.error(name.place, quote(name.text) + " is not a timeout: tcp, tcpfin or udp",
                        did_you_mean(name.text, kNames));
      return;
    }
    if (i + 1 == statement.words.size()) {
      diagnostics.error(name.place, quote(name.text) + " needs a number of seconds");
      return;
    }
    const Word& value = statement.words[i + 1];
    if (const auto seconds = parse_integer(value.text, 1, kLargestTimeout)) {
      *field = std::chrono::seconds{*seconds};
    } else {
      diagnostics.error(value.place, quote(name.text) + " takes a whole number from 1 to " + std::to_string(kLargestTimeout) +
                                         ", not " + quote(value.text));
    }
  }
}

void bind_global(const std::vector<Statement>& statements, const BindContext& context, Model& model) {
  for (const Statement& statement : statements) {
    if (statement.name().text != "global_defs" || statement.damaged) continue;
    const Fields fields{statement.children, context.diagnostics};
    if (const Word* const id = fields.value({"router_id"})) model.router_id = id->text;
    if (const Statement* const timeouts = fields.last({"lvs_timeouts"}))
      bind_timeouts(*timeouts, context.diagnostics, model.lvs_timeouts);
  }
}

}  // namespace

Model bind_model(const std::vector<Statement>& statements, const SourceMap& sources, Diagnostics& diagnostics) {
  Model model;
  BindContext context{sources, diagnostics};
  bind_global(statements, context, model);
  bind_global_health(statements, context, model);
  bind_global_vrrp(statements, context, model);
  bind_vrrp(statements, context, model);
  bind_sync_daemon(statements, context, model);
  bind_virtual_servers(statements, context, model);
  return model;
}

}  // namespace penstock::config
