// One virtual router as configured: vrrp_instance with everything that global_defs decides for it filled in.
//
// Plain values, resolved and checked: two specs compare equal exactly when they mean the same.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"
#include "notify/script.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::vrrp {

// One address of a virtual_ipaddress block.
struct VirtualAddress {
  packet::IpAddress address{};
  std::uint8_t prefix_length = 32;               // 0..32 or 0..128; without a mask: all bits
  std::string interface{};                       // `dev`, else the instance's interface; never empty in a bound model
  std::optional<packet::IpAddress> broadcast{};  // `brd`; `brd +` and `brd -` are resolved here
  std::optional<std::uint8_t> scope{};           // rtnetlink's numbers: global 0, site 200, link 253, host 254
  std::string label{};                           // "eth0:1"; empty: none
  bool no_track = false;                         // its loss from the interface doesn't matter

  friend bool operator==(const VirtualAddress&, const VirtualAddress&) = default;
};

struct UnicastPeer {
  packet::IpAddress address{};
  std::uint8_t least_ttl = 0;  // of its adverts; multicast always 255
  std::uint8_t most_ttl = 255;
  friend bool operator==(const UnicastPeer&, const UnicastPeer&) = default;
};

// When and how often a new master tells the neighbours (keepalived's garp_*, which serve IPv6's advertisements too).
struct AnnouncementSpec {
  std::uint32_t repeat = 5;                        // announcements of each address at once
  Duration again_after{5'000'000};                 // garp_master_delay: a second set; 0: none
  Duration refresh{};                              // garp_master_refresh: then every so often; 0: never
  std::uint32_t refresh_repeat = 1;                // of each address
  Duration lower_priority_again_after{5'000'000};  // the second set after an advert of lower priority; 0: none
  std::uint32_t lower_priority_repeat = 5;
  Duration arp_gap{};        // garp_interval: least time between two on an interface; 0: none
  Duration neighbour_gap{};  // gna_interval
  friend bool operator==(const AnnouncementSpec&, const AnnouncementSpec&) = default;
};

// Whom a change is told to.
struct NotifySpec {
  notify::Script master{};
  notify::Script backup{};
  notify::Script fault{};
  notify::Script stop{};
  notify::Script deleted{};
  notify::Script any{};                    // `notify`: with four arguments: INSTANCE|GROUP, name, state, priority
  notify::Script master_receives_lower{};  // notify_master_rx_lower_pri
  bool mail = false;                       // smtp_alert
  bool priority_changes = false;           // notify_priority_changes: fifo lines and `any` at each change of priority
  friend bool operator==(const NotifySpec&, const NotifySpec&) = default;
};

// use_vmac: the virtual router's own MAC address.
struct VirtualMacSpec {
  std::optional<packet::MacAddress>
      address{};               // none: 00-00-5E-00-01-{VRID}, IPv6 00-00-5E-00-02-{VRID} (RFC 9568 section 7.3)
  std::string interface{};     // the macvlan's name; empty: "vrrp." and the VRID
  bool transmit_base = false;  // vmac_xmit_base: adverts leave with the interface's own address
  friend bool operator==(const VirtualMacSpec&, const VirtualMacSpec&) = default;
};

struct InstanceSpec {
  static constexpr std::uint8_t kOwnerPriority = 255;

  std::string name{};
  std::string interface{};                        // where adverts are sent and heard
  packet::Family family = packet::Family::kIpv4;  // of the adverts: that of virtual_ipaddress's addresses
  std::uint8_t version = 2;                       // 2 (IPv4 only) or 3
  std::uint8_t virtual_router_id = 0;             // 1..255
  std::uint8_t priority = 100;                    // 1..255
  Duration advert_interval{1'000'000};            // v2: 1 s..255 s, whole; v3: 10 ms..40.95 s in steps of 10 ms
  bool initial_master = false;                    // `state MASTER`: with priority 255 no waiting at start; else without effect
  bool nopreempt = false;
  Duration preempt_delay{};   // 0..1000 s
  bool accept = true;         // false (no_accept, strict): the addresses answer only at their owner (RFC 9568, Accept_Mode)
  std::string auth_pass{};    // v2, at most 8 bytes; empty: no authentication. A secret: never logged or dumped.
  bool pseudo_header = true;  // v3 with IPv4: the checksum covers it (RFC 5798); false: v3_checksum_as_v2 (RFC 9568)

  std::vector<VirtualAddress> addresses{};           // in adverts, at most 255
  std::vector<VirtualAddress> excluded_addresses{};  // held like the others, but not in adverts

  std::optional<packet::IpAddress> source{};       // mcast_src_ip, unicast_src_ip; none: the interface's first address (IPv6:
                                                   // its link-local one)
  std::optional<packet::IpAddress> destination{};  // mcast_dst_ip, vrrp_mcast_group4/6; none: 224.0.0.18, ff02::12
  std::vector<UnicastPeer> unicast_peers{};        // not empty: adverts go to each of them, and none by multicast
  std::uint8_t unicast_ttl = 255;
  bool check_unicast_source = false;  // adverts of others than the peers are refused
  bool fault_without_peer = false;    // unicast_fault_no_peer: FAULT while there are none
  bool track_source = false;          // track_src_ip: FAULT while `source` isn't on the interface
  bool tracks_interface = true;       // false: dont_track_primary
  bool strict = false;

  std::uint8_t down_timer_adverts = 3;     // 1..100
  bool answers_lower_priority = true;      // false: lower_prio_no_advert
  bool advert_before_yielding = false;     // higher_prio_send_advert
  bool skips_known_address_lists = false;  // skip_check_adv_addr
  bool owner_ignores_adverts = false;

  Tracking tracking{};
  AnnouncementSpec announcement{};
  NotifySpec notify{};
  std::optional<VirtualMacSpec> virtual_mac{};

  friend bool operator==(const InstanceSpec&, const InstanceSpec&) = default;
};

}  // namespace penstock::vrrp
