#include "control/netlink/address_manager.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "control/netlink/interface_name.h"
#include "control/netlink/message.h"

namespace penstock::control {
namespace {

std::string text_of(const AddressKey& key) { return key.address.to_string() + "/" + std::to_string(key.prefix_length); }

ifaddrmsg header_for(const AddressKey& key) {
  ifaddrmsg header{};
  header.ifa_family = address_family(key.address);
  header.ifa_prefixlen = key.prefix_length;
  header.ifa_index = static_cast<std::uint32_t>(key.interface_index);
  return header;
}

Message add_message(const NewAddress& address) {
  Message message{RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK};
  ifaddrmsg header = header_for(address.key);
  header.ifa_scope = address.scope;
  message.header(header).put(IFA_LOCAL, address.key.address).put(IFA_ADDRESS, address.key.address);
  if (address.key.address.is_v4()) {
    if (address.broadcast) message.put(IFA_BROADCAST, *address.broadcast);
    if (!address.label.empty()) message.put_text(IFA_LABEL, address.label);
    return message;
  }
  message.put_u32(IFA_FLAGS, IFA_F_NODAD);
  if (address.key.prefix_length == 128) {
    ifa_cacheinfo lifetime{};
    lifetime.ifa_prefered = 0;  // deprecated
    lifetime.ifa_valid = std::numeric_limits<std::uint32_t>::max();
    message.put(IFA_CACHEINFO, std::as_bytes(std::span{&lifetime, 1}));
  }
  return message;
}

}  // namespace

AddressManager::Result AddressManager::add(const NewAddress& address) {
  Message message = add_message(address);
  const NetlinkResult result = requester_.execute(message);
  if (result) {
    added_.insert(address.key);
    return Outcome::kAdded;
  }
  if (result.error().code == EEXIST) return Outcome::kWasThere;
  return std::unexpected{"cannot add " + text_of(address.key) + " to " + interface_text(address.key.interface_index) + ": " +
                         result.error().text};
}

AddressManager::Result AddressManager::remove(const AddressKey& key) {
  Message message{RTM_DELADDR, NLM_F_ACK};
  message.header(header_for(key))
      .put(IFA_LOCAL, key.address)
      .put(IFA_ADDRESS, key.address);  // the latter: match the prefix too
  const NetlinkResult result = requester_.execute(message);
  if (result) {
    added_.erase(key);
    return Outcome::kRemoved;
  }
  const int code = result.error().code;
  if (code == EADDRNOTAVAIL || code == ENODEV || code == ENXIO) {
    added_.erase(key);
    return Outcome::kWasGone;
  }
  return std::unexpected{"cannot remove " + text_of(key) + " from " + interface_text(key.interface_index) + ": " +
                         result.error().text};
}

std::vector<std::string> AddressManager::remove_added() {
  std::vector<std::string> errors;
  for (const AddressKey& key : std::set<AddressKey>{added_}) {
    if (auto result = remove(key); !result) errors.push_back(std::move(result.error()));
  }
  return errors;
}

}  // namespace penstock::control
