// Fuzz target: any bytes as a ping's reply. Rules:
//   - the request is no reply; turned into one it is, with anything behind its nonce, and with the identifier of the kernel's
//   choice where that doesn't count;
//   - with a bit of type, code, identifier, sequence or nonce changed, or cut before the nonce ends, it is none;
//   - what follows an IPv4 header lies within the packet and behind the header.
// The input: family, identifier, sequence and nonce, where to change what, then the bytes of a packet.
#include <algorithm>

#include "healthcheck/icmp_echo.h"
#include "tests/support/fuzz_target.h"

namespace {

using namespace penstock::healthcheck;
using penstock::test::FuzzInput;
using penstock::test::require;

constexpr std::size_t kNonceEnd = 16;  // of the message

std::vector<std::byte> reply_to(const Echo& echo, bool is_v6) {
  const EchoRequest request = encode_echo_request(echo, is_v6);
  require(!is_echo_reply(request, echo, is_v6, true), "a request is no reply");
  std::vector<std::byte> reply{request.begin(), request.end()};
  reply[0] = is_v6 ? std::byte{129} : std::byte{0};  // RFC 4443 section 4.2, RFC 792
  return reply;
}

void check_change(const Echo& echo, bool is_v6, std::size_t at, std::byte bits) {
  std::vector<std::byte> reply = reply_to(echo, is_v6);
  at %= reply.size();
  reply[at] ^= bits;
  const bool counts = bits != std::byte{0} && at < kNonceEnd && at != 2 && at != 3;  // 2 and 3: the checksum is the kernel's
  const bool is_identifier = at == 4 || at == 5;
  require(is_echo_reply(reply, echo, is_v6, true) == !counts, "a reply repeats identifier, sequence and nonce");
  require(is_echo_reply(reply, echo, is_v6, false) == (!counts || is_identifier),
          "the identifier counts only where it is ours");
}

void check_cut(const Echo& echo, bool is_v6, std::size_t size) {
  const std::vector<std::byte> reply = reply_to(echo, is_v6);
  const std::vector<std::byte> part{reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size % reply.size())};
  require(is_echo_reply(part, echo, is_v6, true) == (part.size() >= kNonceEnd), "a reply is whole up to its nonce");
}

void check_packet(const std::vector<std::byte>& packet, const Echo& echo, bool is_v6) {
  static_cast<void>(is_echo_reply(packet, echo, is_v6, true));
  const auto message = after_ipv4_header(packet);
  if (message.data() == nullptr) return;
  const auto at = static_cast<std::size_t>(message.data() - packet.data());
  require(at >= 20 && at + message.size() == packet.size(), "the message is what follows the header");
  static_cast<void>(is_echo_reply(message, echo, is_v6, false));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input{data, size};
  const bool is_v6 = input.byte() % 2 == 1;
  Echo echo{.identifier = input.word(), .sequence = input.word()};
  for (int i = 0; i < 8; ++i) echo.nonce = echo.nonce << 8 | input.byte();
  require(is_echo_reply(reply_to(echo, is_v6), echo, is_v6, true), "the right reply is one");
  const std::size_t at = input.byte();
  check_change(echo, is_v6, at, std::byte{input.byte()});
  check_cut(echo, is_v6, input.byte());
  const std::string_view rest = input.rest();
  const auto* const begin = reinterpret_cast<const std::byte*>(rest.data());
  check_packet({begin, begin + rest.size()}, echo, is_v6);
  return 0;
}
