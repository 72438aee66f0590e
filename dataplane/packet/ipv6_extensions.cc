#include "dataplane/packet/ipv6_extensions.h"

#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"

namespace penstock::packet {
namespace {

bool is_extension(std::uint8_t next_header) {
  switch (next_header) {
    case ip_protocol::kHopByHop:
    case ip_protocol::kRouting:
    case ip_protocol::kFragment:
    case ip_protocol::kAuthentication:
    case ip_protocol::kDestinationOptions: return true;
    default: return false;
  }
}

// The extension header's size in bytes; `length` is its second byte.
std::size_t size_of_extension(std::uint8_t next_header, const Ipv6ExtensionHeader& header) {
  switch (next_header) {
    case ip_protocol::kFragment: return sizeof(Ipv6FragmentHeader);                  // its second byte is reserved
    case ip_protocol::kAuthentication: return (std::size_t{header.length} + 2) * 4;  // RFC 4302 section 2.2
    default: return header.size();
  }
}

}  // namespace

Ipv6Chain walk_ipv6_extensions(std::span<const std::byte> packet) {
  Ipv6Chain chain;
  chain.protocol = overlay<Ipv6Header>(packet.data()).next_header;
  chain.offset = sizeof(Ipv6Header);

  bool seen_fragment_header = false;
  for (unsigned seen = 0; is_extension(chain.protocol); ++seen) {
    if (seen == kMaximumIpv6Extensions) {
      chain.status = Ipv6Chain::Status::kTooMany;
      return chain;
    }
    const std::span<const std::byte> rest = packet.subspan(chain.offset);
    if (rest.size() < sizeof(Ipv6ExtensionHeader) ||
        rest.size() < size_of_extension(chain.protocol, overlay<Ipv6ExtensionHeader>(rest.data()))) {
      chain.status = Ipv6Chain::Status::kTruncated;
      return chain;
    }
    const auto& extension = overlay<Ipv6ExtensionHeader>(rest.data());
    if (chain.protocol == ip_protocol::kFragment) {
      if (seen_fragment_header) {
        chain.status = Ipv6Chain::Status::kTooMany;
        return chain;
      }
      seen_fragment_header = true;
      const auto& fragment = overlay<Ipv6FragmentHeader>(rest.data());
      chain.is_fragment = !fragment.is_atomic();
      chain.more_fragments = fragment.more_fragments();
      chain.fragment_offset = static_cast<std::uint16_t>(fragment.fragment_offset());
      chain.identification = fragment.identification.value();
    }
    chain.offset += size_of_extension(chain.protocol, extension);
    chain.protocol = extension.next_header;
    if (chain.is_later_fragment()) return chain;  // what follows is data from the middle of the packet
  }
  return chain;
}

}  // namespace penstock::packet
