// The reference director's ICMP errors and fragments.
#include <algorithm>
#include <utility>

#include "tests/core/director/reference_director.h"
#include "tests/support/rows_words.h"

namespace penstock::test {

using packet::DropReason;

// An error about a packet that a server sent: to that server, if its connection is known.
Outcome ReferenceDirector::icmp(const Arrived& frame) {
  const ReferenceFrame& read = frame.read;
  const std::size_t end = std::min({frame.input.bytes.size(), frame.input.contiguous, read.end});
  if (end < read.l4) return dropped_by(DropReason::kIcmpTruncated);
  const auto message = std::span{frame.input.bytes}.subspan(read.l4, end - read.l4);
  const ReferenceQuote quote = read_reference_quote(read.is_v4, message);
  if (quote.kind == ReferenceQuote::Kind::kUnreadable) return dropped_by(DropReason::kIcmpTruncated);
  if (quote.kind != ReferenceQuote::Kind::kFlow || quote.source != read.destination) return to_kernel(frame);
  const RowService* const service = service_at(quote.source, quote.source_port, quote.protocol);
  if (service == nullptr) return to_kernel(frame);
  if (situation_.is_backup) return dropped_by(DropReason::kVipNotOurs);
  if (end == read.end && !reference_icmp_intact(read, message)) return dropped_by(DropReason::kIcmpBadChecksum);
  const auto found = connections_.find({quote.destination, quote.destination_port, service->id});
  if (found == connections_.end() || is_known_to_be_gone(found->second)) return to_kernel(frame);
  ++counters_.related_icmp;
  account(found->second.server, frame);
  return send(frame, found->second.server);
}

Outcome ReferenceDirector::fragment(const Arrived& frame) {
  constexpr std::uint64_t kRemembered = 5 * 64;
  constexpr std::uint64_t kHeld = 64 / 4;
  constexpr std::size_t kMostHeld = 256;
  const ReferenceFrame& read = frame.read;
  if (!is_vip(read.destination)) return to_kernel(frame);
  if (situation_.is_backup) return dropped_by(DropReason::kVipNotOurs);
  const DatagramKey key{read.source, read.destination, read.datagram, read.protocol};
  if (read.kind == ReferenceFrame::Kind::kFirstFragment) {
    Datagram& datagram = datagrams_[key];
    datagram.forgotten_at = now_ + kRemembered;
    return first_fragment(frame, datagram);
  }
  if (const auto known = datagrams_.find(key); known != datagrams_.end() && known->second.way) {
    const Way& way = *known->second.way;
    if (way.server) account(*way.server, frame);
    return go(frame, way);
  }
  if (held_fragments() == kMostHeld) return dropped_by(DropReason::kFragmentHoldFull);
  Datagram& datagram = datagrams_[key];
  if (datagram.held.empty()) {
    datagram.given_up_at = now_ + kHeld;
    datagram.forgotten_at = now_ + kRemembered;  // nothing is known of it then, but it has its place
  }
  datagram.held.push_back(frame);
  return held();
}

std::size_t ReferenceDirector::held_fragments() const {
  std::size_t held = 0;
  for (const auto& [key, datagram] : datagrams_) held += datagram.held.size();
  return held;
}

// The first fragment's way is the whole datagram's, and frees those that came before it.
Outcome ReferenceDirector::first_fragment(const Arrived& frame, Datagram& datagram) {
  const ReferenceFrame& read = frame.read;
  const RowService* const service = service_at(read.destination, read.destination_port, read.protocol);
  datagram.way = service != nullptr ? way_of(frame, *service) : Way{.server = {}, .instead = to_kernel(frame)};
  const std::vector<Arrived> waiting = std::exchange(datagram.held, {});
  for (const Arrived& later : waiting) {
    if (datagram.way->server) account(*datagram.way->server, later);
    released_.push_back({.outcome = go(later, *datagram.way), .tag = later.input.tag});
  }
  return datagram.way->server ? go(frame, *datagram.way) : datagram.way->instead;
}

Outcome ReferenceDirector::go(const Arrived& fragment, const Way& way) {
  if (!way.server) {
    return way.instead.action == core::Action::kPunt ? to_kernel(fragment) : dropped_by(way.instead.reason);
  }
  if (!situation_.servers.at(*way.server).available) return dropped_by(DropReason::kServerRemoved);
  ++counters_.fragments;
  return send(fragment, *way.server);
}

}  // namespace penstock::test
