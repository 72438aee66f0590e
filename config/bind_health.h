// What the parts of the binder that know health checks share.
//
// keepalived lets most settings of a check stand in virtual_server, in real_server or in the checker itself: the innermost one
// counts, and where none stands the checker's own default. Here each level adds what it says to an Inherited, and the checker
// resolves it, so that a bound CheckSpec needs nothing but itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/bind_parts.h"
#include "healthcheck/spec/policy.h"

namespace penstock::config {

// What checkers take over from the blocks around them.
struct Inherited {
  std::optional<healthcheck::Duration> delay_loop{};
  std::optional<healthcheck::Duration> warmup{};
  std::optional<healthcheck::Duration> delay_before_retry{};
  std::optional<healthcheck::Duration> connect_timeout{};
  std::optional<std::uint32_t> retry{};
  bool alpha = false;
  bool inhibit_on_failure = false;
  std::string virtual_host{};
};

// `outer` with what this block says itself.
[[nodiscard]] Inherited inherit(const Fields& fields, Inherited outer, const BindContext& context);

// Whom a check is about.
struct CheckedServer {
  Endpoint service{};
  Protocol protocol{};
  Endpoint server{};
};

// `text` where a protocol can carry it in one line; reported (and emptied) otherwise.
[[nodiscard]] std::string one_line(const Word& word, const BindContext& context);

// A command, then perhaps the user and the group to run it as. Empty when there is no such statement or it is wrong.
[[nodiscard]] healthcheck::Script bind_script(const Statement* statement, const BindContext& context);

// Whether mails are sent for what this block is about: as it says itself, else as global_defs says for things of its kind, else
// for everything. A mail needs a server and somebody to write to.
[[nodiscard]] bool wants_mail(const Fields& fields, std::optional<bool> of_kind, bool otherwise, const BindContext& context);

// The checks of a real_server's block, in the file's order. With `alpha` and the like already in `inherited`.
[[nodiscard]] std::vector<healthcheck::CheckSpec> bind_checks(const Statement& real_server, const CheckedServer& checked,
                                                              const Inherited& inherited, const BindContext& context);

// HTTP_GET and SSL_GET without their pace and connection.
[[nodiscard]] healthcheck::HttpCheck bind_http(const Statement& block, const Inherited& inherited, const BindContext& context);

// real_server's part of the policy, but for its checks.
[[nodiscard]] healthcheck::ServerPolicy bind_server_policy(const Statement& real_server, const Inherited& inherited,
                                                           const BindContext& context);

// virtual_server's part; its servers are bound already. `complete`: none of them was left out for an error.
[[nodiscard]] healthcheck::ServicePolicy bind_service_policy(const Statement& virtual_server, const VirtualServer& service,
                                                             bool complete, const BindContext& context);

// global_defs, SSL and track_file. Fills the model's policies and the context's defaults.
void bind_global_health(const std::vector<Statement>& statements, BindContext& context, Model& model);

}  // namespace penstock::config
