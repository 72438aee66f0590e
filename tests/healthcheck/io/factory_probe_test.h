// Runs one probe to its end on a loop of its own, with all that the daemon's probes share.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/loop/event_loop.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/probe_factory.h"
#include "healthcheck/io/script_runner.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck::test {

// A check of that server with a deadline that no probe of a test needs, unless it waits for it.
inline CheckSpec check_of(const packet::Endpoint& server, CheckKind kind,
                          std::chrono::milliseconds timeout = std::chrono::seconds{20}) {
  CheckSpec check;
  check.server = server;
  check.protocol = packet::Protocol::kTcp;
  check.connection.target = server;
  check.connection.timeout = timeout;
  check.kind = std::move(kind);
  return check;
}

class ProbeTest : public testing::Test {
 protected:
  // The result; fails the test when none has come after half a minute.
  ProbeResult run(const CheckSpec& check) {
    std::optional<ProbeResult> result;
    std::unique_ptr<Probe> probe = factory_.start(check, [&](ProbeResult of_probe) {
      probe.reset();  // as the prober may
      result = std::move(of_probe);
      loop_.stop();
    });
    EXPECT_FALSE(result.has_value()) << "a result from within the start";
    bool is_late = false;
    control::Timer bound = loop_.add_timer([&] {
      is_late = true;
      loop_.stop();
    });
    bound.start_once(std::chrono::seconds{30});
    if (!result) loop_.run();
    EXPECT_FALSE(is_late) << "no result";
    return result.value_or(ProbeResult{});
  }
  ProbeFailure failure_of_run(const CheckSpec& check) { return run(check).failure; }

  control::EventLoop loop_;
  CurlMulti curl_{loop_};
  ScriptRunner scripts_{loop_, {}};
  ProbeFactory factory_{loop_, curl_, scripts_};
};

}  // namespace penstock::healthcheck::test
