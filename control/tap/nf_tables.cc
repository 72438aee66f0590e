#include "control/tap/nf_tables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <utility>

namespace penstock::control {
namespace {

constexpr const char* kChain = "ingress";
// Before every other hook of the interface (nft's "raw" is -300).
constexpr std::int32_t kPriority = -500;

nfgenmsg header_for(std::uint8_t family, std::uint16_t resource) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
}

Message order(int type, int flags) {
  Message message{static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | type), static_cast<std::uint16_t>(flags), 1024};
  message.header(header_for(NFPROTO_NETDEV, 0));
  return message;
}

Message bracket(std::uint16_t type) {
  Message message{type, 0};
  message.header(header_for(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  return message;
}

Message drop_chain(const std::string& table, const std::string& interface) {
  Message message = order(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
  message.put_text(NFTA_CHAIN_TABLE, table).put_text(NFTA_CHAIN_NAME, kChain);
  message.nest(NFTA_CHAIN_HOOK, [&](Message& hook) {
    hook.put_be32(NFTA_HOOK_HOOKNUM, NF_NETDEV_INGRESS)
        .put_be32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(kPriority))
        .put_text(NFTA_HOOK_DEV, interface);
  });
  message.put_be32(NFTA_CHAIN_POLICY, NF_DROP).put_text(NFTA_CHAIN_TYPE, "filter");
  return message;
}

bool means_unsupported(const NetlinkError& error) {
  return error.code == EOPNOTSUPP || error.code == EAFNOSUPPORT || error.code == EPROTONOSUPPORT;
}

std::string text_of(const NetlinkError& error) {
  std::string text = error.text;
  if (means_unsupported(error)) {
    text += " (the kernel needs nf_tables with CONFIG_NF_TABLES_NETDEV: modprobe nf_tables)";
  }
  return text;
}

}  // namespace

std::expected<NfTables, std::string> NfTables::open() {
  auto requester = Requester::open(NETLINK_NETFILTER);
  if (!requester) {
    return std::unexpected{"nftables isn't available: " + requester.error() +
                           " (the kernel needs nf_tables: modprobe nf_tables)"};
  }
  return NfTables{std::move(*requester)};
}

std::expected<std::vector<std::string>, std::string> NfTables::list_tables() {
  std::vector<std::string> names;
  Message question = order(NFT_MSG_GETTABLE, NLM_F_DUMP);
  const NetlinkResult listed = requester_.execute(question, [&](std::size_t, const nlmsghdr& reply) {
    names.push_back(Attributes{reply, sizeof(nfgenmsg)}.text(NFTA_TABLE_NAME));
  });
  if (!listed) {
    unsupported_ = means_unsupported(listed.error());
    return std::unexpected{"cannot list nftables' tables: " + text_of(listed.error())};
  }
  return names;
}

std::expected<void, std::string> NfTables::commit(std::vector<Message> orders) {
  std::vector<Message> batch;
  batch.push_back(bracket(NFNL_MSG_BATCH_BEGIN));
  for (Message& each : orders) batch.push_back(std::move(each));
  batch.push_back(bracket(NFNL_MSG_BATCH_END));
  const std::vector<NetlinkResult> results = requester_.execute(batch);
  for (const NetlinkResult& result : results) {
    if (result || result.error().code == ENODATA) continue;
    unsupported_ = means_unsupported(result.error());
    return std::unexpected{text_of(result.error())};
  }
  // The brackets are never acknowledged; an order that isn't has not been carried out.
  for (std::size_t i = 1; i + 1 < results.size(); ++i) {
    if (!results[i]) return std::unexpected{text_of(results[i].error())};
  }
  return {};
}

std::expected<void, std::string> NfTables::create_drop(const std::string& table, const std::string& interface,
                                                       std::span<const std::string> outdated) {
  std::vector<Message> orders;
  for (const std::string& name : outdated) {
    orders.push_back(order(NFT_MSG_DELTABLE, NLM_F_ACK));
    orders.back().put_text(NFTA_TABLE_NAME, name);
  }
  orders.push_back(order(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK));
  orders.back().put_text(NFTA_TABLE_NAME, table);
  orders.push_back(drop_chain(table, interface));
  return commit(std::move(orders));
}

std::expected<void, std::string> NfTables::remove(const std::string& table) {
  std::vector<Message> orders;
  orders.push_back(order(NFT_MSG_DELTABLE, NLM_F_ACK));
  orders.back().put_text(NFTA_TABLE_NAME, table);
  return commit(std::move(orders));
}

bool NfTables::has_drop(const std::string& table) {
  Message question = order(NFT_MSG_GETCHAIN, 0);
  question.put_text(NFTA_CHAIN_TABLE, table).put_text(NFTA_CHAIN_NAME, kChain);
  bool is_found = false;
  const NetlinkResult asked = requester_.execute(question, [&](std::size_t, const nlmsghdr&) { is_found = true; });
  return asked && is_found;
}

}  // namespace penstock::control
