// Adverts that others have sent, as they were on the wire.
//
// keepalived 2.2.7 (Debian 12) and FRR 8.4.4 vrrpd in a network namespace, recorded with tcpdump at another port of a bridge.
// What they were configured with stands with the frames (recorded_adverts.cc). The tests read them, and our own frames are
// compared with keepalived's byte for byte.
#pragma once

#include <string_view>
#include <vector>

#include "tests/support/hex.h"
#include "vrrp/advert.h"
#include "vrrp/advert_codec.h"

namespace penstock::test {

struct RecordedAdvert {
  std::string_view name;
  Bytes frame;
  vrrp::Advert advert;  // what it says
  vrrp::Envelope envelope;
};

// From MAC 02:00:00:00:00:01, 10.77.0.1 or fe80::ff:fe00:1. The IPv6 flow label is cleared: the kernel had made one up.
[[nodiscard]] std::vector<RecordedAdvert> keepalived_adverts();
// From virtual MACs; their IP headers have an identification and "don't fragment" of the kernel's.
[[nodiscard]] std::vector<RecordedAdvert> frr_adverts();
// keepalived's with auth_type AH.
[[nodiscard]] Bytes keepalived_ah_advert();

}  // namespace penstock::test
