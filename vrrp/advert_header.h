// Names of the VRRP message's parts (packet/advert_header.h) for this folder, and its checksum.
#pragma once

#include <optional>

#include "dataplane/packet/advert_header.h"
#include "vrrp/advert.h"
#include "vrrp/advert_codec.h"

namespace penstock::vrrp {

using packet::address_size;
using packet::AdvertHeader;
using packet::kAuthenticationSize;
using packet::message_size;

// What the checksum of a message covers; nothing when it is wrong. Where both are right (once in 65,535), the pseudo header.
// Precondition: the message is as long as message_size() says.
[[nodiscard]] std::optional<ChecksumForm> checksum_form_of(const HeardFrame& frame);

}  // namespace penstock::vrrp
