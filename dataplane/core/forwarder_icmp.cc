// ICMP errors about a connection's packets: to the server of that connection.
//
// In direct routing a server's answers go to the client past the director, under the VIP as their source. When a router on
// their way can't deliver one, it tells the VIP, so the error comes here, and the server must learn of it (path MTU discovery
// depends on it). RSS places the error by the router's address, so it may have come to a worker that doesn't own the
// connection: then it visits the others. Source: Linux net/netfilter/ipvs/ip_vs_core.c, ip_vs_in_icmp.
#include "dataplane/core/forwarder_paths.h"
#include "dataplane/core/punt_class.h"

namespace penstock::core {
namespace {

// False only when the whole message is at hand and wrong.
bool checksum_holds(const Frame& frame, const packet::ParsedFrame& parsed, std::span<const std::byte> message) {
  if (parsed.l4_offset + message.size() < parsed.l3_offset + std::size_t{parsed.ip_length})
    return true;  // goes on in another segment
  if (parsed.is_v4()) return packet::icmp_checksum_ok(message);
  const auto& ip = packet::overlay<packet::Ipv6Header>(frame.data + parsed.l3_offset);
  return packet::icmpv6_checksum_ok(ip.source, ip.destination, message);
}

packet::IpAddress destination_of(const Frame& frame, const packet::ParsedFrame& parsed) {
  const std::byte* const ip = frame.data + parsed.l3_offset;
  if (parsed.is_v4()) return packet::overlay<packet::Ipv4Header>(ip).destination;
  return packet::overlay<packet::Ipv6Header>(ip).destination;
}

ServiceTable::Hit service_of(const ServiceTable& table, const packet::IcmpQuote& quote) {
  const std::uint16_t port = quote.source_port.value();
  return quote.source.is_v4() ? table.find(quote.source.v4(), port, quote.protocol)
                              : table.find(quote.source.v6(), port, quote.protocol);
}

// The connection's client is whom the quoted packet was for.
ConnectionKey4 key4_of(const packet::IcmpQuote& quote, VirtualId id) {
  return {quote.destination.v4(), quote.destination_port.value(), id};
}
ConnectionKey6 key6_of(const packet::IcmpQuote& quote, VirtualId id) {
  return {quote.destination.v6(), quote.destination_port.value(), id};
}

}  // namespace

Verdict Forwarder::forward_icmp(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed) {
  const Verdict to_kernel = punted(punt_class_of(burst.snapshot, frame, parsed));
  const std::size_t end = std::min<std::size_t>(frame.length, parsed.l3_offset + std::size_t{parsed.ip_length});
  if (end < parsed.l4_offset) return dropped(DropReason::kIcmpTruncated);
  const std::span<const std::byte> message{frame.data + parsed.l4_offset, end - parsed.l4_offset};
  const auto quote = packet::quoted_packet(parsed.family, message);
  if (!quote) {
    return quote.error() == packet::NoIcmpQuote::kNotAnError ? to_kernel : dropped(DropReason::kIcmpTruncated);
  }
  const bool has_ports = quote->fragment_offset == 0 &&
                         (quote->protocol == packet::ip_protocol::kTcp || quote->protocol == packet::ip_protocol::kUdp);
  if (!has_ports || quote->source != destination_of(frame, parsed)) return to_kernel;
  const ServiceTable::Hit hit = service_of(burst.snapshot.service_table(), *quote);
  if (!hit) return to_kernel;
  if (!burst.snapshot.owns(hit)) return dropped(DropReason::kVipNotOurs);
  if (!checksum_holds(frame, parsed, message)) return dropped(DropReason::kIcmpBadChecksum);

  ServerId server = owner_of_quoted(*quote, hit.virtual_id, burst.now);
  if (server == kNoServer) {
    const bool alone = board_.workers() == 1 || (frame.transit.kind == Transit::Kind::kSeek && all_have_looked(frame));
    if (!alone) return ask_next_worker(frame);
    if (burst.has_standby) server = standby_owner_of_quoted(burst, *quote, hit.virtual_id);
    if (server == kNoServer) return to_kernel;
  }
  counters_.related_icmp.add();
  ServerCounters& counters = board_.server(self_, server);
  counters.packets.add();
  counters.bytes.add(parsed.ip_length);
  return egress_.send(frame, parsed, burst.snapshot.server(server), burst.now);
}

// The server of the connection to which the quoted packet was an answer. Its time doesn't run anew: the client has sent
// nothing.
ServerId Forwarder::owner_of_quoted(const packet::IcmpQuote& quote, VirtualId id, Tick now) {
  const auto find = [&](auto& tracker, const auto& key) -> ServerId {
    const auto* const connection = tracker.find(key, tracker.place_of(key), now);
    return connection != nullptr ? connection->server : kNoServer;
  };
  return quote.destination.is_v4() ? find(ipv4_, key4_of(quote, id)) : find(ipv6_, key6_of(quote, id));
}

// The same of a connection that waits for its client's next packet: that may come to another worker, so it stays where it is.
ServerId Forwarder::standby_owner_of_quoted(const Burst& burst, const packet::IcmpQuote& quote, VirtualId id) const {
  const auto connection = quote.destination.is_v4() ? standby_->ipv4.peek(key4_of(quote, id), burst.now)
                                                    : standby_->ipv6.peek(key6_of(quote, id), burst.now);
  const bool is_known = connection && index_of(connection->server) < burst.snapshot.server_slots();
  return is_known ? connection->server : kNoServer;
}

}  // namespace penstock::core
