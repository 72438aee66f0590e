#include "tests/core/flow_model.h"

#include <algorithm>

namespace penstock::test {
namespace {

using core::Action;
using core::ConnectionState;
using packet::DropReason;
namespace tcp_flag = packet::tcp_flag;

// docs/ARCHITECTURE.md, "Connections": a half-open connection may give way after this time without a packet.
constexpr core::Tick kHalfOpenGivesWayAfter = 3 * kSecond;
// And so long after a failed insert packets without a connection go by hash.
constexpr core::Tick kFullFor = kSecond;

bool takes_new(const RowServer& server) { return server.available && server.weight > 0; }

bool may_begin(const Situation& now_is, const FlowPacket& packet) {
  if (!packet.is_tcp) return true;
  return (packet.flags & tcp_flag::kRst) == 0 && (now_is.sloppy_tcp || (packet.flags & tcp_flag::kSyn) != 0);
}

bool is_refused(const Handled& outcome) {
  return outcome.verdict.action == Action::kReply ||
         (outcome.verdict.action == Action::kDrop && outcome.verdict.reason == DropReason::kIcmpFloodLimited);
}

}  // namespace

Bytes FlowPacket::build() const {
  const Side& side = is_v4 ? ipv4_side() : ipv6_side();
  return is_tcp ? side.tcp(client_port, flags) : side.udp(client_port);
}

unsigned server_of(const Handled& outcome) { return std::to_integer<unsigned>(outcome.bytes.at(5)); }

std::string FlowModel::judge(const Situation& now_is, std::uint32_t generation, core::Tick now, const FlowPacket& packet,
                             const Handled& outcome, Traces traces) {
  const std::optional<Known> known = find(packet, now);
  const bool may_be_gone = known && this->may_be_gone(*known, now);
  if (traces.gave_way) ++gave_way_;
  if (traces.stateless) full_until_ = now + kFullFor;
  const bool is_other = traces.stateless || traces.began || outcome.verdict.action == Action::kPunt;
  if (known && !is_other) {
    const std::string complaint = judge_known(now_is, *known, now, packet, outcome);
    if (complaint.empty() || !may_be_gone) return complaint;
  } else if (known && !may_be_gone && !may_end(now_is, *known, packet)) {
    if (traces.stateless) return "an established connection's packet went by hash";
    return traces.began ? "a connection began anew while it lived" : "an established connection was lost";
  }
  if (may_be_gone) ++gone_;
  flows_.erase(packet.flow());
  if (traces.stateless) return judge_stateless(now_is, generation, packet, outcome);
  return traces.began ? judge_new(now_is, now, packet, outcome) : judge_refused(now_is, now, packet, outcome);
}

std::optional<FlowModel::Known> FlowModel::find(const FlowPacket& packet, core::Tick now) const {
  const auto found = flows_.find(packet.flow());
  if (found == flows_.end()) return {};
  const Known& known = found->second;
  return core::is_past(known.last + core::StateTimeouts{}[known.state], now) ? std::optional<Known>{} : known;
}

bool FlowModel::may_be_gone(const Known& known, core::Tick now) const {
  const bool gives_way = !core::is_active(known.state) ||
                         (known.state == ConnectionState::kSynReceived && now - known.last >= kHalfOpenGivesWayAfter);
  return gives_way && known.gave_way != gave_way_;
}

bool FlowModel::may_end(const Situation& now_is, const Known& known, const FlowPacket& packet) {
  const RowServer& server = now_is.servers.at(known.server);
  if (packet.is_tcp && (packet.flags & tcp_flag::kSyn) != 0) {
    const bool has_ended = known.state == ConnectionState::kTimeWait || known.state == ConnectionState::kClose;
    if (has_ended || (now_is.expire_nodest_conn && server.weight == 0)) return true;
  }
  return !server.available && now_is.expire_nodest_conn;
}

std::string FlowModel::judge_stateless(const Situation& now_is, std::uint32_t generation, const FlowPacket& packet,
                                       const Handled& outcome) {
  if (outcome.verdict.action != Action::kForward) return "a packet that went by hash was not forwarded";
  const unsigned server = server_of(outcome);
  if (!takes_new(now_is.servers.at(server))) return "a packet went by hash to a server that takes none";
  const auto [before, is_new] = by_hash_.try_emplace(packet.flow(), ByHash{generation, server});
  if (!is_new && before->second.generation == generation && before->second.server != server)
    return "a flow's hash led elsewhere";
  before->second = {generation, server};
  return "";
}

std::string FlowModel::judge_known(const Situation& now_is, const Known& known, core::Tick now, const FlowPacket& packet,
                                   const Handled& outcome) {
  if (may_end(now_is, known, packet)) {
    flows_.erase(packet.flow());
    return judge_refused(now_is, now, packet, outcome);
  }
  if (!now_is.servers.at(known.server).available) {
    const bool is_dropped = outcome.verdict.action == Action::kDrop && outcome.verdict.reason == DropReason::kServerRemoved;
    return is_dropped ? "" : "a removed server's packet was not dropped";
  }
  if (outcome.verdict.action != Action::kForward) return "an established connection's packet was not forwarded";
  if (server_of(outcome) != known.server) {
    return "a connection moved from server " + std::to_string(known.server) + " to " + std::to_string(server_of(outcome));
  }
  remember(packet, known.server, known.state, now);
  return "";
}

std::string FlowModel::judge_new(const Situation& now_is, core::Tick now, const FlowPacket& packet, const Handled& outcome) {
  if (!may_begin(now_is, packet)) return "a packet began a connection that may begin none";
  if (outcome.verdict.action != Action::kForward) return "a new connection was not forwarded";
  if (!takes_new(now_is.servers.at(server_of(outcome)))) return "a new connection went to a server that takes none";
  remember(packet, server_of(outcome), ConnectionState::kNone, now);
  return "";
}

// No connection, and none begun.
std::string FlowModel::judge_refused(const Situation& now_is, core::Tick now, const FlowPacket& packet,
                                     const Handled& outcome) {
  const bool any_takes_new = std::ranges::any_of(now_is.servers, takes_new);
  if (!may_begin(now_is, packet)) {
    // While a table is full it might belong to a connection without an entry.
    const bool may_go_by_hash = full_until_ && !core::is_past(*full_until_, now);
    if (outcome.verdict.action == Action::kPunt || (may_go_by_hash && !any_takes_new && is_refused(outcome))) return "";
    return "a packet without a connection didn't go to the kernel";
  }
  if (any_takes_new) return "no connection began though a server takes some";
  return is_refused(outcome) ? "" : "a new connection was not refused though no server was left";
}

void FlowModel::remember(const FlowPacket& packet, unsigned server, ConnectionState before, core::Tick now) {
  const ConnectionState next = packet.is_tcp ? core::next_state(before, core::event_of(packet.flags)) : ConnectionState::kUdp;
  flows_[packet.flow()] = {server, next, now, gave_way_};
}

}  // namespace penstock::test
