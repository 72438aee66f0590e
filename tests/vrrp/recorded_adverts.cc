// keepalived's configuration, started with -P; each instance had `state BACKUP`, `interface eth0` and `priority 200`:
//   global_defs { max_auto_priority -1 }
//   PASS   virtual_router_id 51, version 2, advert_int 1, auth_type PASS, auth_pass password, 10.77.0.51/24
//   SHORT  virtual_router_id 52, version 2, advert_int 1, auth_type PASS, auth_pass ab, 10.77.0.52/24, 10.77.0.152/24
//   NONE   virtual_router_id 53, version 2, advert_int 2, 10.77.0.53/24
//   THREE  virtual_router_id 54, version 3, advert_int 0.5, 10.77.0.54/24, 10.77.0.154/24
//   SIX    virtual_router_id 55, version 3, advert_int 1, fe80::55/64, fd77::55/64
//   UNI2   virtual_router_id 56, version 2, advert_int 1, unicast_src_ip 10.77.0.1, unicast_peer 10.77.0.2, 10.77.0.56/24
//   UNI3   virtual_router_id 57, version 3, advert_int 1, unicast_src_ip 10.77.0.1, unicast_peer 10.77.0.2, 10.77.0.57/24
//   UNI6   virtual_router_id 58, version 3, advert_int 1, unicast_src_ip fd77::1, unicast_peer fd77::2, fd77::58/64
//   AH     virtual_router_id 59, version 2, advert_int 1, auth_type AH, auth_pass password, 10.77.0.59/24
// FRR's vrrpd:
//   interface eth0
//    vrrp 61 version 3, priority 200, advertisement-interval 1000, ip 10.77.0.61, ip 10.77.0.161, ipv6 fe80::61, ipv6 fd77::61
//    vrrp 62 version 2, priority 150, advertisement-interval 1000, ip 10.77.0.62
#include "tests/vrrp/recorded_adverts.h"

#include "tests/support/packet_builder.h"

namespace penstock::test {
namespace {

using packet::Family;
using std::chrono::milliseconds;
using std::chrono::seconds;
using vrrp::Advert;
using vrrp::ChecksumForm;
using vrrp::Envelope;

std::vector<packet::IpAddress> addresses(std::initializer_list<std::string_view> texts) {
  std::vector<packet::IpAddress> result;
  for (const std::string_view text : texts) result.push_back(packet::IpAddress::parse(text).value());
  return result;
}

constexpr std::string_view kGroupMac = "01:00:5e:00:00:12";
constexpr std::string_view kGroupMac6 = "33:33:00:00:00:12";
constexpr std::string_view kPeerMac = "02:00:00:00:00:02";

Envelope from_keepalived(std::string_view destination_mac, std::string_view source, std::string_view destination,
                         std::uint16_t identification) {
  return {.source_mac = mac("02:00:00:00:00:01"),
          .destination_mac = mac(destination_mac),
          .source = packet::IpAddress::parse(source).value(),
          .destination = packet::IpAddress::parse(destination).value(),
          .identification = identification};
}

Advert version2(std::uint8_t virtual_router_id, seconds interval, std::initializer_list<std::string_view> vips,
                std::string_view password = {}) {
  return {.version = 2,
          .virtual_router_id = virtual_router_id,
          .priority = 200,
          .interval = interval,
          .addresses = addresses(vips),
          .authentication_type = static_cast<std::uint8_t>(password.empty() ? 0 : 1),
          .authentication = vrrp::authentication_of(password)};
}

Advert version3(std::uint8_t virtual_router_id, milliseconds interval, std::initializer_list<std::string_view> vips,
                Family family = Family::kIpv4) {
  return {.family = family,
          .version = 3,
          .virtual_router_id = virtual_router_id,
          .priority = 200,
          .interval = interval,
          .addresses = addresses(vips),
          .checksum = ChecksumForm::kPseudoHeader};
}

Advert with_priority(Advert advert, std::uint8_t priority) {
  advert.priority = priority;
  return advert;
}

RecordedAdvert unicast_ipv6() {
  RecordedAdvert recorded{"UNI6",
                          from_hex("02000000000202000000000186dd"
                                   "6c00000000187040fd770000000000000000000000000001fd770000000000000000000000000002"
                                   "313ac80100640d15fd770000000000000000000000000058"),
                          version3(58, seconds{1}, {"fd77::58"}, Family::kIpv6),
                          from_keepalived(kPeerMac, "fd77::1", "fd77::2", 0)};
  recorded.envelope.ttl = 64;  // keepalived doesn't set the hop limit of unicast
  return recorded;
}

}  // namespace

std::vector<RecordedAdvert> keepalived_adverts() {
  const auto multicast = [](std::uint16_t identification) {
    return from_keepalived(kGroupMac, "10.77.0.1", "224.0.0.18", identification);
  };
  const auto unicast = [](std::uint16_t identification) {
    return from_keepalived(kPeerMac, "10.77.0.1", "10.77.0.2", identification);
  };
  const auto ipv6 = from_keepalived(kGroupMac6, "fe80::ff:fe00:1", "ff02::12", 0);
  const Advert password = version2(51, seconds{1}, {"10.77.0.51"}, "password");
  const Advert six = version3(55, seconds{1}, {"fe80::55", "fd77::55"}, Family::kIpv6);
  return {
      {"PASS",
       from_hex("01005e0000120200000000010800 45c0002800010000ff70d0440a4d0001e0000012"
                "2133c80101013da10a4d003370617373776f7264"),
       password, multicast(1)},
      {"PASS, its second",
       from_hex("01005e0000120200000000010800 45c0002800020000ff70d0430a4d0001e0000012"
                "2133c80101013da10a4d003370617373776f7264"),
       password, multicast(2)},
      {"PASS, at its stop",
       from_hex("01005e0000120200000000010800 45c0002800070000ff70d03e0a4d0001e0000012"
                "21330001010105a20a4d003370617373776f7264"),
       with_priority(password, Advert::kResigns), multicast(7)},
      {"SHORT",
       from_hex("01005e0000120200000000010800 45c0002c00010000ff70d0400a4d0001e0000012"
                "2134c80201019eff0a4d00340a4d00986162000000000000"),
       version2(52, seconds{1}, {"10.77.0.52", "10.77.0.152"}, "ab"), multicast(1)},
      {"NONE",
       from_hex("01005e0000120200000000010800 45c0002800010000ff70d0440a4d0001e0000012"
                "2135c80100020c450a4d00350000000000000000"),
       version2(53, seconds{2}, {"10.77.0.53"}), multicast(1)},
      {"THREE",
       from_hex("01005e0000120200000000010800 45c0002400010000ff70d0480a4d0001e0000012"
                "3136c8020032064a0a4d00360a4d009a"),
       version3(54, milliseconds{500}, {"10.77.0.54", "10.77.0.154"}), multicast(1)},
      {"SIX",
       from_hex("33330000001202000000000186dd"
                "6c000000002870fffe80000000000000000000fffe000001ff020000000000000000000000000012"
                "3137c80200640c90fe800000000000000000000000000055fd770000000000000000000000000055"),
       six, ipv6},
      {"SIX, at its stop",
       from_hex("33330000001202000000000186dd"
                "6c000000002870fffe80000000000000000000fffe000001ff020000000000000000000000000012"
                "313700020064d490fe800000000000000000000000000055fd770000000000000000000000000055"),
       with_priority(six, Advert::kResigns), ipv6},
      {"UNI2",
       from_hex("0200000000020200000000010800 45c0002800010000ff70a6080a4d00010a4d0002"
                "2138c80100010c400a4d00380000000000000000"),
       version2(56, seconds{1}, {"10.77.0.56"}), unicast(1)},
      {"UNI3",
       from_hex("0200000000020200000000010800 45c0002000010000ff70a6100a4d00010a4d0002"
                "3139c8010064e6c10a4d0039"),
       version3(57, seconds{1}, {"10.77.0.57"}), unicast(1)},
      unicast_ipv6(),
  };
}

std::vector<RecordedAdvert> frr_adverts() {
  const Envelope version4{.source_mac = mac("00:00:5e:00:01:3d"),
                          .destination_mac = mac(kGroupMac),
                          .source = v4("10.77.0.1"),
                          .destination = v4("224.0.0.18")};
  Envelope version2_envelope = version4;
  version2_envelope.source_mac = mac("00:00:5e:00:01:3e");
  const Envelope version6{.source_mac = mac("00:00:5e:00:02:3d"),
                          .destination_mac = mac(kGroupMac6),
                          .source = v6("fe80::200:5eff:fe00:23d"),
                          .destination = v6("ff02::12")};
  return {
      {"FRR's version 2",
       from_hex("01005e00001200005e00013e0800 45c00028bb5f4000ff70d4e50a4d0001e0000012"
                "213e960100013e340a4d003e0000000000000000"),
       with_priority(version2(62, seconds{1}, {"10.77.0.62"}), 150), version2_envelope},
      {"FRR's version 3",
       from_hex("01005e00001200005e00013d0800 45c00024bb5c4000ff70d4ec0a4d0001e0000012"
                "313dc802006406030a4d003d0a4d00a1"),
       version3(61, seconds{1}, {"10.77.0.61", "10.77.0.161"}), version4},
      {"FRR's version 3, at its stop",
       from_hex("01005e00001200005e00013d0800 45c00024bcdf4000ff70d3690a4d0001e0000012"
                "313d00020064ce030a4d003d0a4d00a1"),
       with_priority(version3(61, seconds{1}, {"10.77.0.61", "10.77.0.161"}), Advert::kResigns), version4},
      {"FRR's IPv6",
       from_hex("33330000001200005e00023d86dd"
                "6c028342002870fffe8000000000000002005efffe00023dff020000000000000000000000000012"
                "313dc8020064aa35fe800000000000000000000000000061fd770000000000000000000000000061"),
       version3(61, seconds{1}, {"fe80::61", "fd77::61"}, Family::kIpv6), version6},
  };
}

Bytes keepalived_ah_advert() {
  return from_hex(
      "01005e0000120200000000010800 45c0004000010000ff33d0690a4d0001e0000012"
      "700400000a4d0001000000013f4f6842359a64a57b8c011b"
      "213bc80102010a3a0a4d003b0000000000000000");
}

}  // namespace penstock::test
