// Which probe a check's specification asks for, and what the probes share: libcurl's transfers, the sockets that are made in
// another namespace or are still closing, the slots for scripts, the certificates.
#pragma once

#include <memory>
#include <utility>

#include "control/loop/event_loop.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/probe.h"
#include "healthcheck/io/probe_sockets.h"
#include "healthcheck/io/script_runner.h"
#include "healthcheck/io/script_slots.h"
#include "healthcheck/spec/policy.h"

namespace penstock::healthcheck {

class ProbeFactory {
 public:
  // All must outlive the factory, and the factory its probes.
  ProbeFactory(control::EventLoop& loop, CurlMulti& curl, ScriptRunner& scripts)
      : loop_{loop}, curl_{curl}, sockets_{loop}, slots_{scripts} {}

  // For probes that start from now on.
  void set_tls(const TlsFiles& tls) { tls_ = tls; }
  void use(std::shared_ptr<ViaGate> door) { sockets_.use(std::move(door)); }

  [[nodiscard]] std::unique_ptr<Probe> start(const CheckSpec& check, ProbeDone done);

 private:
  control::EventLoop& loop_;
  CurlMulti& curl_;
  ProbeSockets sockets_;
  ScriptSlots slots_;
  TlsFiles tls_;
};

}  // namespace penstock::healthcheck
