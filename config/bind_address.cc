// virtual_ipaddress: ADDRESS[/LENGTH] and its options, several addresses on one line included.
#include <algorithm>
#include <array>
#include <string>

#include "config/bind_parts.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr auto kAddressOptions =
    std::to_array<std::string_view>({"dev", "brd", "broadcast", "scope", "label", "peer", "home", "-nodad", "mngtmpaddr",
                                     "noprefixroute", "autojoin", "no_track", "track_group", "preferred_lft", "use_vmac"});
constexpr auto kWithValue =
    std::to_array<std::string_view>({"dev", "brd", "broadcast", "scope", "label", "peer", "track_group", "preferred_lft"});

bool contains(const auto& list, std::string_view word) { return std::find(list.begin(), list.end(), word) != list.end(); }

// The host bits of an IPv4 network set (`+`) or cleared (`-`).
IpAddress with_host_bits(const IpAddress& address, unsigned prefix_length, bool set) {
  const std::uint32_t host_bits = prefix_length == 0 ? ~0U : prefix_length == 32 ? 0U : ~0U >> prefix_length;
  const std::uint32_t value = address.v4().value();
  return packet::Ipv4Address{set ? value | host_bits : value & ~host_bits};
}

std::optional<std::uint8_t> parse_scope(std::string_view text) {
  if (text == "global") return 0;
  if (text == "site") return 200;
  if (text == "link") return 253;
  if (text == "host") return 254;
  if (text == "nowhere") return 255;
  const auto number = parse_integer(text, 0, 255);
  return number ? std::optional{static_cast<std::uint8_t>(*number)} : std::nullopt;
}

class AddressReader {
 public:
  explicit AddressReader(const BindContext& context) : diagnostics_{context.diagnostics} {}

  // One line of the block.
  void read(const std::vector<Word>& words, std::vector<PlacedAddress>& out) {
    bool option_of_address = false;  // false behind an address that was refused: its options are passed over
    for (std::size_t i = 0; i < words.size(); ++i) {
      const Word& word = words[i];
      if (i != 0 && contains(kAddressOptions, word.text)) {
        const bool with_value = contains(kWithValue, word.text);
        if (with_value && i + 1 == words.size()) {
          diagnostics_.error(word.place, quote(word.text) + " needs a value");
          return;
        }
        if (option_of_address) read_option(word, with_value ? words[i + 1] : word, out.back());
        if (with_value) ++i;
        continue;
      }
      const auto ip = IpAddress::parse(std::string_view{word.text}.substr(0, word.text.find('/')));
      if (!ip && i != 0) {
        diagnostics_.error(word.place, quote(word.text) + " is not an option of an address",
                           did_you_mean(word.text, kAddressOptions));
        return;
      }
      const auto address = ip ? read_address(word, *ip) : std::nullopt;
      if (!ip) report_not_an_address(word, diagnostics_);
      if (address) out.push_back({.address = *address, .word = word});
      option_of_address = address.has_value();
    }
  }

 private:
  std::optional<vrrp::VirtualAddress> read_address(const Word& word, const IpAddress& ip) {
    const std::string_view text = word.text;
    vrrp::VirtualAddress out{
        .address = ip, .prefix_length = static_cast<std::uint8_t>(ip.bits()), .broadcast = {}, .scope = {}};
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
      const auto length = parse_integer(text.substr(slash + 1), 0, ip.bits());
      if (!length) {
        diagnostics_.error(word.place,
                           quote(text.substr(slash)) + " is not a prefix length from /0 to /" + std::to_string(ip.bits()));
        return std::nullopt;
      }
      out.prefix_length = static_cast<std::uint8_t>(*length);
    }
    if (!is_host_address(ip)) {
      diagnostics_.error(word.place, quote(text) + " can't be the address of a host");
      return std::nullopt;
    }
    return out;
  }

  void read_option(const Word& option, const Word& value, PlacedAddress& placed) {
    vrrp::VirtualAddress& out = placed.address;
    const std::string& name = option.text;
    if (name == "dev") {
      if (!is_interface_name(value.text)) {
        diagnostics_.error(value.place, quote(value.text) + " is not " + describe(interface_name()));
      }
      out.interface = value.text;
    } else if (name == "brd" || name == "broadcast") {
      read_broadcast(value, out);
    } else if (name == "scope") {
      out.scope = parse_scope(value.text);
      constexpr auto kScopes = std::to_array<std::string_view>({"global", "site", "link", "host", "nowhere"});
      if (!out.scope) diagnostics_.error(value.place, quote(value.text) + " is not a scope", did_you_mean(value.text, kScopes));
    } else if (name == "label") {
      read_label(value, out);
    } else if (name == "use_vmac") {
      placed.use_vmac = option.place;
    } else if (name == "no_track") {
      out.no_track = true;
    } else {
      diagnostics_.once(Severity::kNotice, option.place,
                        quote(name) + " has no effect: the address is put on the port's TAP as it is");
    }
  }

  void read_broadcast(const Word& value, vrrp::VirtualAddress& out) {
    const auto address = IpAddress::parse(value.text);
    if (out.address.is_v6()) {
      diagnostics_.error(value.place, "an IPv6 address has no broadcast address");
    } else if (value.text == "+" || value.text == "-") {
      out.broadcast = with_host_bits(out.address, out.prefix_length, value.text == "+");
    } else if (address && address->is_v4()) {
      out.broadcast = address;
    } else {
      diagnostics_.error(value.place, quote(value.text) + " is not an IPv4 address, + or -");
    }
  }

  void read_label(const Word& value, vrrp::VirtualAddress& out) {
    if (out.address.is_v6()) {
      diagnostics_.warning(value.place, "an IPv6 address has no label: " + quote(value.text) + " is ignored");
    } else if (!is_interface_name(value.text)) {
      diagnostics_.error(value.place,
                         "a label has 1 to 15 bytes: " + quote(value.text) + " has " + std::to_string(value.text.size()));
    } else {
      out.label = value.text;
    }
  }

  Diagnostics& diagnostics_;
};

}  // namespace

std::vector<PlacedAddress> bind_virtual_addresses(const Statement& block, const BindContext& context) {
  std::vector<PlacedAddress> out;
  for (const Statement& line : block.children) AddressReader{context}.read(line.words, out);
  return out;
}

}  // namespace penstock::config
