#include "tests/packet/fuzz_frames.h"

#include "dataplane/packet/ip_protocol.h"
#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

// The byte that chooses the family, then the message alone.
Bytes input_of(bool is_v4, const Bytes& quoted, std::size_t quote = SIZE_MAX) {
  PacketBuilder builder;
  is_v4 ? builder.ipv4("172.16.0.1", "192.168.1.200") : builder.ipv6("fd99::1", "fd77::100");
  const Bytes frame = builder.icmp_error(is_v4 ? 3 : 2, is_v4 ? 4 : 0, 1400, quoted, quote).build();
  Bytes input{is_v4 ? std::byte{0} : std::byte{1}};
  append(input, std::span{frame}.subspan(sizeof(packet::EthernetHeader) +
                                         (is_v4 ? sizeof(packet::Ipv4Header) : sizeof(packet::Ipv6Header))));
  return input;
}

}  // namespace

std::vector<Bytes> icmp_quote_inputs() {
  const auto v4 = [] { return PacketBuilder{}.ipv4("192.168.1.200", "10.0.0.1"); };
  const auto v6 = [] { return PacketBuilder{}.ipv6("fd77::100", "fd77::1"); };
  return {input_of(true, v4().tcp(80, 1000).payload(32).build()),
          input_of(true, v4().udp(53, 1000).payload(8).build(), 28),
          input_of(true, v4().ipv4_options(Bytes(8, std::byte{1})).udp(53, 1000).build()),
          input_of(true, v4().fragment(0, true, 7).tcp(80, 1000).build()),
          input_of(true, v4().fragment(64, true, 7).protocol(packet::ip_protocol::kUdp).payload(24).build()),
          input_of(true, v4().protocol(packet::ip_protocol::kSctp).payload(12).build()),
          input_of(true, v4().icmp_echo_request(1, 1).build()),
          input_of(false, v6().tcp(80, 1000).payload(32).build()),
          input_of(false, v6().udp(53, 1000).build(), 44),
          input_of(false, v6().hop_by_hop().destination_options(16).routing(24).udp(53, 1000).build()),
          input_of(false, v6().authentication(24).tcp(80, 1000).build()),
          input_of(false, v6().fragment(0, true, 7).tcp(80, 1000).build()),
          input_of(false, v6().hop_by_hop().fragment(64, true, 7).protocol(17).payload(24).build()),
          input_of(false, v6().icmp_echo_request(1, 1).build())};
}

}  // namespace penstock::test
