// DNS_CHECK: one query by UDP; up when the server answers it with response code 0.
//
// As with keepalived, datagrams that are no answer to it are passed over until the deadline; what is in the answer, and whether
// it was cut short (TC), doesn't matter. Retries are the checker's.
#pragma once

#include <memory>

#include "healthcheck/io/probe.h"

namespace penstock::healthcheck {

// Precondition: check.kind is a DnsCheck.
[[nodiscard]] std::unique_ptr<Probe> start_dns_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done);

}  // namespace penstock::healthcheck
