// Where an instance's adverts come from and go to.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "config/bind_vrrp.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr std::uint8_t kDefaultTtl = 255;

std::string_view name_of(packet::Family family) { return family == packet::Family::kIpv4 ? "IPv4" : "IPv6"; }

// unicast_peer: ADDRESS [min_ttl N] [max_ttl N], several on a line included.
class PeerReader {
 public:
  PeerReader(packet::Family family, const std::optional<IpAddress>& own, Diagnostics& diagnostics)
      : family_{family}, own_{own}, diagnostics_{diagnostics} {}

  std::vector<vrrp::UnicastPeer> read(const Statement& block) {
    for (const Statement& line : block.children) {
      known_ = false;
      for (std::size_t i = 0; i < line.words.size(); ++i) {
        const Word& word = line.words[i];
        if (i == 0 || (word.text != "min_ttl" && word.text != "max_ttl")) {
          if (!add(word, i == 0)) break;
        } else if (i + 1 == line.words.size()) {
          diagnostics_.error(word.place, quote(word.text) + " needs a value");
        } else {
          set_ttl(word, line.words[++i]);
        }
      }
    }
    return std::move(peers_);
  }

 private:
  // False: what follows on the line can't be understood.
  bool add(const Word& word, bool first) {
    constexpr std::string_view kOptions[] = {"min_ttl", "max_ttl"};
    const auto address = IpAddress::parse(word.text);
    known_ = false;
    if (!address && !first) {
      diagnostics_.error(word.place, quote(word.text) + " is not an option of a unicast_peer",
                         did_you_mean(word.text, kOptions));
      return false;
    }
    if (!address) {
      report_not_an_address(word, diagnostics_);
    } else if (!is_host_address(*address)) {
      diagnostics_.error(word.place, quote(word.text) + " can't be the address of a host");
    } else if (address->family() != family_) {
      diagnostics_.error(word.place, "the adverts of this instance are " + std::string{name_of(family_)} + ": " +
                                         quote(word.text) + " is of the other family");
    } else if (!seen_.insert(*address).second) {
      diagnostics_.warning(word.place, quote(word.text) + " is a peer already: it is left out");
    } else {
      if (address == own_) diagnostics_.warning(word.place, quote(word.text) + " is this instance's own unicast_src_ip");
      peers_.push_back({.address = *address});
      known_ = true;
    }
    return true;
  }

  void set_ttl(const Word& option, const Word& value) {
    const auto ttl = parse_integer(value.text, 0, 255);
    if (!ttl) {
      diagnostics_.error(value.place, quote(option.text) + " takes a whole number from 0 to 255, not " + quote(value.text));
      return;
    }
    if (!known_) return;
    vrrp::UnicastPeer& peer = peers_.back();
    (option.text == "min_ttl" ? peer.least_ttl : peer.most_ttl) = static_cast<std::uint8_t>(*ttl);
    if (peer.least_ttl > peer.most_ttl) diagnostics_.error(value.place, "no TTL lies between min_ttl and max_ttl");
  }

  const packet::Family family_;
  const std::optional<IpAddress>& own_;
  Diagnostics& diagnostics_;
  std::vector<vrrp::UnicastPeer> peers_;
  std::set<IpAddress> seen_;
  bool known_ = false;  // the last address is the last of peers_
};

class NetworkBinder {
 public:
  NetworkBinder(const InstanceParts& parts, const std::vector<PlacedAddress>& addresses)
      : parts_{parts}, addresses_{addresses}, fields_{parts.fields}, diagnostics_{parts.context.diagnostics}, out_{parts.out} {}

  void run() {
    bind_source();
    bind_peers();
    bind_destination();
    bind_virtual_mac();
  }

 private:
  // An address of the instance's family; anything else is reported.
  std::optional<IpAddress> bind_address(const Word* word) {
    const auto address = word == nullptr ? std::nullopt : IpAddress::parse(word->text);
    if (!address || address->family() == out_.family) return address;
    diagnostics_.error(word->place, "the adverts of this instance are " + std::string{name_of(out_.family)} + ": " +
                                        quote(word->text) + " is of the other family");
    return std::nullopt;
  }

  void bind_source() {
    const Word* const word = fields_.value({"mcast_src_ip", "unicast_src_ip"});
    out_.source = bind_address(word);
    if (out_.source && !is_host_address(*out_.source))
      diagnostics_.error(word->place, quote(word->text) + " can't be the address of a host");
    out_.track_source = word != nullptr && fields_.has("track_src_ip");
    if (const Statement* const track = fields_.last({"track_src_ip"}); track != nullptr && word == nullptr) {
      diagnostics_.warning(track->name().place,
                           "track_src_ip without mcast_src_ip or unicast_src_ip is ignored, as keepalived does");
    }
  }

  void bind_peers() {
    for (const Statement& child : parts_.statement.children) {
      if (child.name().text != "unicast_peer" || child.damaged) continue;
      for (const vrrp::UnicastPeer& peer : PeerReader{out_.family, out_.source, diagnostics_}.read(child)) add_peer(peer);
      if (out_.strict && !child.children.empty()) {
        diagnostics_.error(child.name().place, "strict mode has no unicast: keepalived does not run this instance",
                           "strict_mode off");
      }
    }
    const auto ttl = fields_.integer("unicast_ttl", 0, 255);
    out_.unicast_ttl = static_cast<std::uint8_t>(ttl.value_or(kDefaultTtl));
    out_.check_unicast_source = fields_.has("check_unicast_src") || parts_.context.vrrp.check_unicast_source;
    out_.fault_without_peer = fields_.has("unicast_fault_no_peer");
  }

  // Of a second block: what the first one has is left out there as well.
  void add_peer(const vrrp::UnicastPeer& peer) {
    const bool there = std::any_of(out_.unicast_peers.begin(), out_.unicast_peers.end(),
                                   [&](const vrrp::UnicastPeer& other) { return other.address == peer.address; });
    if (!there) out_.unicast_peers.push_back(peer);
  }

  // With peers nothing goes by multicast.
  void bind_destination() {
    const Word* const word = fields_.value({"mcast_dst_ip"});
    const auto own = bind_address(word);
    if (own && !is_multicast(*own))
      diagnostics_.error(word->place, "\"mcast_dst_ip\" takes a multicast address, not " + quote(word->text));
    if (out_.unicast_peers.empty()) {
      const VrrpDefaults& defaults = parts_.context.vrrp;
      out_.destination = own ? own : out_.family == packet::Family::kIpv4 ? defaults.group4 : defaults.group6;
    } else if (own) {
      diagnostics_.warning(fields_.last({"mcast_dst_ip"})->name().place,
                           "\"mcast_dst_ip\" has no effect: adverts go to the unicast_peers");
    }
  }

  void bind_virtual_mac() {
    if (const Statement* const use = fields_.last({"use_vmac"})) bind_use(*use);
    refuse_other_virtual_macs();
    const Statement* const base = fields_.last({"vmac_xmit_base"});
    if (base == nullptr) return;
    if (!out_.virtual_mac) {
      diagnostics_.warning(base->name().place, "vmac_xmit_base without use_vmac is ignored, as keepalived does");
    } else if (out_.strict) {
      diagnostics_.warning(base->name().place, "strict mode has no vmac_xmit_base: it is ignored, as keepalived does");
    } else {
      out_.virtual_mac->transmit_base = true;
    }
  }

  // keepalived gives addresses macvlans of their own: use_vmac_addr those on other interfaces, an address's use_vmac that one.
  void refuse_other_virtual_macs() {
    const Statement* const all = fields_.last({"use_vmac_addr"});
    for (const PlacedAddress& placed : addresses_) {
      const std::string& interface = placed.address.interface;
      const bool elsewhere = interface != out_.interface;
      std::optional<Place> asked = placed.use_vmac;
      if (elsewhere && !asked && all != nullptr) asked = all->name().place;
      if (!asked || (!elsewhere && out_.virtual_mac)) continue;
      const std::string address = placed.address.address.to_string();
      if (elsewhere) {
        diagnostics_.error(*asked,
                           address + " on " + interface + ": only the instance's own interface has a virtual MAC address",
                           "a vrrp_instance of interface " + interface + " with use_vmac");
      } else {
        diagnostics_.error(*asked, "a virtual MAC address for " + address + " alone is not supported",
                           "use_vmac in the instance");
      }
    }
  }

  // use_vmac [[name] INTERFACE] [MAC] [netlink_notify_msg] [group GROUP]
  void bind_use(const Statement& use) {
    vrrp::VirtualMacSpec& mac = out_.virtual_mac.emplace();
    for (std::size_t i = 1; i < use.words.size(); ++i) {
      const Word& word = use.words[i];
      const bool more = i + 1 < use.words.size();
      if (word.text == "netlink_notify_msg" || (word.text == "group" && more)) {
        diagnostics_.once(Severity::kNotice, word.place, quote(word.text) + " of use_vmac has no effect: it is for the kernel");
        if (word.text == "group") ++i;
      } else if (word.text == "name" && more) {
        name_virtual_mac(use.words[++i], mac);
      } else if (word.text.contains(':')) {
        address_virtual_mac(word, mac);
      } else {
        name_virtual_mac(word, mac);
      }
    }
  }

  void name_virtual_mac(const Word& word, vrrp::VirtualMacSpec& mac) {
    if (!is_interface_name(word.text)) {
      diagnostics_.error(word.place, quote(word.text) + " is not " + describe(interface_name()));
    } else if (!mac.interface.empty()) {
      diagnostics_.error(word.place, "use_vmac has a name already: " + quote(mac.interface));
    }
    mac.interface = word.text;
  }

  void address_virtual_mac(const Word& word, vrrp::VirtualMacSpec& mac) {
    const auto address = packet::MacAddress::parse(word.text);
    if (!address || address->is_group() || address->is_zero()) {
      diagnostics_.error(word.place, quote(word.text) + " is not a MAC address of one interface");
    } else if (is_virtual_routers(*address)) {
      diagnostics_.warning(word.place,
                           quote(word.text) + " belongs to a VRID: the one of this VRID is used, as keepalived does");
    } else {
      mac.address = address;
    }
  }

  // RFC 9568, 7.3: 00-00-5E-00-01-{VRID} and 00-00-5E-00-02-{VRID}.
  static bool is_virtual_routers(const packet::MacAddress& mac) {
    constexpr std::uint8_t kPrefix[] = {0x00, 0x00, 0x5E, 0x00};
    return std::equal(std::begin(kPrefix), std::end(kPrefix), mac.bytes.begin()) && (mac.bytes[4] == 1 || mac.bytes[4] == 2);
  }

  const InstanceParts& parts_;
  const std::vector<PlacedAddress>& addresses_;
  const Fields& fields_;
  Diagnostics& diagnostics_;
  vrrp::InstanceSpec& out_;
};

}  // namespace

void bind_instance_network(const InstanceParts& parts, const std::vector<PlacedAddress>& addresses) {
  NetworkBinder{parts, addresses}.run();
}

}  // namespace penstock::config
