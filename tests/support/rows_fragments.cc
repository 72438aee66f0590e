// Fragments: a datagram goes where its first fragment goes.
#include "tests/support/fragments.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;

constexpr std::uint32_t kId = 0x4242;
constexpr core::Tick kHoldTime = kSecond / 4;

struct FragmentsRows {
  std::vector<Row>& rows;
  const Side& side;
  // A UDP datagram in four fragments and a TCP SYN in three; each last one's size is no multiple of 8.
  std::vector<Bytes> udp;
  std::vector<Bytes> syn;

  FragmentsRows(std::vector<Row>& all, const Side& of)
      : rows{all},
        side{of},
        udp{fragments_of(of.packet().udp(1000, kDomain).payload(203).build(), 64, kId)},
        syn{fragments_of(of.packet().tcp(1000, kHttp, packet::tcp_flag::kSyn).payload(101).build(), 48, kId)} {}

  Row& add(std::string name, std::vector<Event> before, const Bytes& in, Outcome expected) const {
    rows.push_back({.name = side.name + ": " + std::move(name),
                    .situation = three_servers(),
                    .before = std::move(before),
                    .in = in,
                    .expected = std::move(expected)});
    return rows.back();
  }
};

void add_in_order(const FragmentsRows& make) {
  const auto& udp = make.udp;
  make.add("a first fragment begins a connection", {}, udp[0], forwarded(udp[0], 2));
  make.add("a later fragment goes where its first went", {sent(udp[0])}, udp[1], forwarded(udp[1], 2));
  make.add("the last fragment goes where its first went", {sent(udp[0]), sent(udp[1]), sent(udp[2])}, udp[3],
           forwarded(udp[3], 2));
  make.add("a later fragment that comes twice is forwarded twice", {sent(udp[0]), sent(udp[1])}, udp[1], forwarded(udp[1], 2));
  make.add("a first fragment that comes twice is forwarded twice", {sent(udp[0]), sent(udp[1])}, udp[0], forwarded(udp[0], 2));
  make.add("a fragmented SYN begins a connection", {}, make.syn[0], forwarded(make.syn[0], 2));
  make.add("the rest of a fragmented SYN follows it", {sent(make.syn[0])}, make.syn[2], forwarded(make.syn[2], 2));
  make.add("a packet after the fragments is of the same connection", {sent(udp[0]), sent(udp[1])}, make.side.udp(),
           forwarded(make.side.udp(), 2));
  make.add("a first fragment follows its connection", {sent(make.side.udp()), sent(make.side.udp(2000))}, udp[0],
           forwarded(udp[0], 2));
  make.add("a later fragment follows that connection as well", {sent(make.side.udp()), sent(make.side.udp(2000)), sent(udp[0])},
           udp[2], forwarded(udp[2], 2));
  const auto other = fragments_of(make.side.packet().udp(1000, kDomain).payload(203).build(), 64, kId + 1);
  make.add("a fragment of another datagram waits for its own first one", {sent(udp[0])}, other[1], held());
}

void add_out_of_order(const FragmentsRows& make) {
  const auto& udp = make.udp;
  make.add("a later fragment that comes before the first is held", {}, udp[1], held());
  make.add("held fragments go when their first one comes", {sent(udp[3]), sent(udp[1])}, udp[0], forwarded(udp[0], 2))
      .released = {forwarded(udp[3], 2), forwarded(udp[1], 2)};
  make.add("when the first one has come, a later one is not held any more", {sent(udp[3]), sent(udp[0])}, udp[1],
           forwarded(udp[1], 2));
  Row& in_time = make.add("a fragment is held for just under a quarter of a second", {sent(udp[1]), waited(kHoldTime - 1)},
                          udp[0], forwarded(udp[0], 2));
  in_time.released = {forwarded(udp[1], 2)};
  Row& late = make.add("a fragment whose first doesn't come in time is dropped", {sent(udp[1]), sent(udp[2])}, {}, {});
  late.wait = kHoldTime;
  late.released = {dropped_by(DropReason::kFragmentHoldExpired), dropped_by(DropReason::kFragmentHoldExpired)};
  make.add("a datagram is remembered for just under five seconds", {sent(udp[0]), waited(5 * kSecond - 1)}, udp[1],
           forwarded(udp[1], 2));
  make.add("after five seconds its fragments wait for a first one again", {sent(udp[0]), waited(5 * kSecond)}, udp[1], held());
  make.add("when the first fragment goes to the kernel, the held ones do too",
           {sent(fragments_of(make.side.packet().udp(1000, kUnserved).payload(99).build(), 64, kId)[1])},
           fragments_of(make.side.packet().udp(1000, kUnserved).payload(99).build(), 64, kId)[0],
           to_kernel(fragments_of(make.side.packet().udp(1000, kUnserved).payload(99).build(), 64, kId)[0]))
      .released = {to_kernel(fragments_of(make.side.packet().udp(1000, kUnserved).payload(99).build(), 64, kId)[1])};
  const std::vector<Event> flood(256, sent(udp[2]));
  make.add("when 256 fragments are held, one more is dropped", flood, udp[1], dropped_by(DropReason::kFragmentHoldFull));
}

void add_without_server(const FragmentsRows& make) {
  const Side& side = make.side;
  const auto& udp = make.udp;
  const Situation none = without_server(one_server(), 0);
  const auto unserved = fragments_of(side.packet().udp(1000, kUnserved).payload(99).build(), 64, kId);
  const auto acks = fragments_of(side.packet().tcp(1000, kHttp).payload(99).build(), 64, kId);
  make.add("a first fragment to a port without a service goes to the kernel", {}, unserved[0], to_kernel(unserved[0]));
  make.add("and so do its later ones", {sent(unserved[0])}, unserved[1], to_kernel(unserved[1]));
  make.add("a fragmented ACK without a connection goes to the kernel", {}, acks[0], to_kernel(acks[0]));
  make.add("and so does the rest of the ACK", {sent(acks[0])}, acks[1], to_kernel(acks[1]));
  make.add("a first fragment without a server is answered by port unreachable", {changed(none)}, udp[0],
           answered(DropReason::kNoServer, side.port_unreachable(udp[0])));
  make.add("and its later ones are dropped", {changed(none), sent(udp[0])}, udp[1], dropped_by(DropReason::kNoServer));
  make.add("fragments of a removed server's connection are dropped by name",
           {sent(side.udp()), changed(without_server(three_servers(), 2))}, udp[0], dropped_by(DropReason::kServerRemoved));
  make.add("and so are the later ones", {sent(side.udp()), changed(without_server(three_servers(), 2)), sent(udp[0])}, udp[1],
           dropped_by(DropReason::kServerRemoved));
  make.add("a later fragment whose server went since the first is dropped by name",
           {sent(udp[0]), changed(without_server(three_servers(), 2))}, udp[1], dropped_by(DropReason::kServerRemoved));
  make.add("fragments to a server that is the director itself go to the kernel",
           {changed(with_server(three_servers(), 2, {.local = true})), sent(udp[0])}, udp[1], to_kernel(udp[1]));
  const auto land = fragments_of(side.from(side.vip).udp(kDomain, kDomain).payload(99).build(), 64, kId);
  make.add("a first fragment from the VIP itself is dropped", {}, land[0], dropped_by(DropReason::kSourceIsVip));
  make.add("and so are the later ones from the VIP", {sent(land[0])}, land[1], dropped_by(DropReason::kSourceIsVip));
  PacketBuilder elsewhere;
  side.is_v4 ? elsewhere.ipv4(side.client, side.director) : elsewhere.ipv6(side.client, side.director);
  const auto own = fragments_of(elsewhere.udp(1000, kDomain).payload(99).build(), 64, kId);
  make.add("a first fragment to the director's own address goes to the kernel", {}, own[0], to_kernel(own[0]));
  make.add("a later fragment to the director's own address isn't held", {}, own[1], to_kernel(own[1]));
}

void add_shapes(const FragmentsRows& make) {
  const Side& side = make.side;
  make.add("a first fragment of 8 bytes has UDP's ports", {}, side.packet().fragment(0, true, kId).udp(1000, kDomain).build(),
           forwarded(side.packet().fragment(0, true, kId).udp(1000, kDomain).build(), 2));
  const auto cut = [&](std::size_t l4_bytes) {
    const std::size_t headers = side.is_v4 ? sizeof(packet::Ipv4Header) : sizeof(packet::Ipv6Header) + 8;
    return side.packet()
        .fragment(0, true, kId)
        .total_length(static_cast<std::uint16_t>(side.is_v4 ? headers + l4_bytes : 8 + l4_bytes))
        .tcp(1000, kHttp, packet::tcp_flag::kSyn)
        .truncate(sizeof(packet::EthernetHeader) + headers + l4_bytes)
        .build();
  };
  make.add("a first fragment without TCP's flags is dropped", {}, cut(8), dropped_by(DropReason::kFragmentTooShort));
  make.add("a first fragment that ends before TCP's flags is dropped", {}, cut(13), dropped_by(DropReason::kFragmentTooShort));
  make.add("a first fragment that ends behind TCP's flags is forwarded", {}, cut(16), forwarded(cut(16), 2));
  const auto reaching = [&](unsigned offset, std::size_t size) {
    return side.packet().fragment(offset, false, kId).protocol(packet::ip_protocol::kUdp).payload(size).build();
  };
  make.add("a fragment that ends at byte 65,535 is like others", {}, reaching(65528, 7), held());
  make.add("a fragment that reaches past byte 65,535 is dropped", {}, reaching(65528, 8),
           dropped_by(DropReason::kFragmentBeyondLimit));
  const Bytes expired = side.packet().ttl(1).fragment(64, true, kId).protocol(packet::ip_protocol::kUdp).payload(64).build();
  if (side.is_v4) {
    make.add("TTL 1 in a later fragment is dropped without an answer", {sent(make.udp[0])}, expired,
             dropped_by(DropReason::kTtlExceeded));
  } else {
    make.add("hop limit 1 in a later fragment is answered", {sent(make.udp[0])}, expired,
             answered(DropReason::kTtlExceeded, side.icmp_error_about(expired, side.icmp_time_exceeded, 0)));
  }
  const Bytes other = side.packet().fragment(64, true, kId).protocol(packet::ip_protocol::kSctp).payload(64).build();
  make.add("a fragment of another protocol to the VIP goes to the kernel", {}, other, to_kernel(other));
}

}  // namespace

void add_fragment_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    const FragmentsRows make{rows, *side};
    add_in_order(make);
    add_out_of_order(make);
    add_without_server(make);
    add_shapes(make);
  }
}

}  // namespace penstock::test
