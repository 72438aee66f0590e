// DNS queries of one question, and what their replies say: RFC 1035, section 4.1, as far as a check needs it.
//
// A reply is ours when it repeats the query's id and question (in any case of letters). Its records are not looked at: the
// response code tells whether the server does its work. Pure; never reads outside the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

// A query with "recursion desired", as keepalived sends it. The name is in plain text, with or without its last dot, without
// escapes. The error says what is wrong with it: a label is empty or over 63 bytes long, or all are over 255 (section 2.3.4).
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> encode_dns_query(std::uint16_t id, std::string_view name,
                                                                                  DnsCheck::Type type);

struct DnsReply {
  bool is_ours = false;            // else the rest is of no meaning
  std::uint8_t response_code = 0;  // RCODE, 0..15
};

// `query`: what encode_dns_query() made. A reply with an error code may leave the question out, as some servers do.
[[nodiscard]] DnsReply read_dns_reply(std::span<const std::byte> reply, std::span<const std::byte> query);

// "NOERROR", "SERVFAIL", ..., or the number.
[[nodiscard]] std::string dns_response_code_name(std::uint8_t code);

}  // namespace penstock::healthcheck
