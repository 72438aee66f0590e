#include "control/netlink/neighbour_keeper.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "control/netlink/interface_name.h"
#include "control/netlink/message.h"

namespace penstock::control {
namespace {

ndmsg header_for(const NeighbourKey& key) {
  ndmsg header{};
  header.ndm_family = address_family(key.address);
  header.ndm_ifindex = key.interface_index;
  return header;
}

// `extra`: NLM_F_EXCL where no entry should be there yet.
Message use_order(const NeighbourKey& key, std::uint16_t extra, bool managed) {
  Message message{RTM_NEWNEIGH, static_cast<std::uint16_t>(NLM_F_ACK | extra), 128};
  ndmsg header = header_for(key);
  header.ndm_state = NUD_NONE;
  header.ndm_flags = NTF_USE;
  message.header(header).put(NDA_DST, key.address);
  if (managed) message.put_u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED);
  return message;
}

}  // namespace

NeighbourKeeper::NeighbourKeeper(EventLoop& loop, NetworkMirror& mirror, Requester requester, Options options)
    : mirror_{mirror},
      requester_{std::move(requester)},
      options_{std::move(options)},
      method_{options_.method},
      queue_{loop, Requester::kMaxBatch, [this](const std::vector<NeighbourKey>& keys) { work(keys); }},
      interval_{loop.add_timer([this] { on_interval(); })},
      repair_{loop.add_timer([this] {
        for (const NeighbourKey& key : std::exchange(lost_, {})) queue_.push(key);
      })} {
  interval_.start_every(options_.interval);
  subscription_ =
      mirror_.subscribe({.link_changed = {},
                         .address_changed = {},
                         .neighbour_changed = [this](const NeighbourKey& key, const Neighbour* now) { on_neighbour(key, now); },
                         .routes_changed = {}});
}

NeighbourKeeper::~NeighbourKeeper() {
  std::vector<NeighbourKey> portion;
  for (const NeighbourKey& key : std::unordered_set<NeighbourKey>{marked_}) {
    portion.push_back(key);
    if (portion.size() == Requester::kMaxBatch) unmark(std::exchange(portion, {}));
  }
  unmark(portion);
}

void NeighbourKeeper::keep(const NeighbourKey& key) {
  if (!kept_.insert(key).second) return;
  if (key.address.is_v4()) ++kept_v4_;
  queue_.push(key);
  warn_of_full_table(key.address.is_v4());
}

// Once, when the first one too many comes.
void NeighbourKeeper::warn_of_full_table(bool is_v4) {
  const std::size_t count = is_v4 ? kept_v4_ : kept_.size() - kept_v4_;
  const std::size_t most = is_v4 ? options_.most_v4 : options_.most_v6;
  if (most == 0 || count != most + 1 || !options_.on_problem) return;
  const char* family = is_v4 ? "ipv4" : "ipv6";
  options_.on_problem(
      std::string{"more than "} + std::to_string(most) +
      " real servers and routers are neighbours, but the kernel's table takes no more: raise net." + family +
      ".neigh.default.gc_thresh3 (and gc_thresh2, beyond which it forgets some all the time) above their number");
}

std::size_t NeighbourKeeper::limit_of_kernel(bool is_v4) {
  std::ifstream file{std::string{"/proc/sys/net/"} + (is_v4 ? "ipv4" : "ipv6") + "/neigh/default/gc_thresh3"};
  std::size_t limit = 0;
  return file >> limit ? limit : 0;
}

void NeighbourKeeper::release(const NeighbourKey& key) {
  lost_.erase(key);
  if (kept_.erase(key) == 0) return;
  if (key.address.is_v4()) --kept_v4_;
  if (marked_.contains(key)) queue_.push(key);
}

void NeighbourKeeper::on_interval() {
  if (!queue_.is_empty()) return;  // still at the last round
  for (const NeighbourKey& key : kept_) {
    if (needs_order(key)) queue_.push(key);
  }
}

void NeighbourKeeper::on_neighbour(const NeighbourKey& key, const Neighbour* now) {
  if (!kept_.contains(key) || (now != nullptr && !needs_order(key))) return;
  if (now != nullptr && method_ != Method::kManaged) return;  // probing has its own pace
  put_off({key});
}

bool NeighbourKeeper::needs_order(const NeighbourKey& key) const {
  const Neighbour* entry = mirror_.find_neighbour(key);
  if (entry == nullptr) return true;
  if (entry->is_static()) return false;
  return method_ != Method::kManaged || !entry->managed;
}

void NeighbourKeeper::work(const std::vector<NeighbourKey>& keys) {
  mirror_.poll();  // a static entry may have been made a moment ago
  if (!mirror_.is_in_sync()) return put_off(keys);
  std::vector<NeighbourKey> wanted;
  std::vector<NeighbourKey> unwanted;
  for (const NeighbourKey& key : keys) {
    if (kept_.contains(key)) {
      if (needs_order(key)) wanted.push_back(key);
    } else if (marked_.contains(key)) {
      unwanted.push_back(key);
    }
  }
  renew(wanted);
  unmark(unwanted);
}

void NeighbourKeeper::put_off(const std::vector<NeighbourKey>& keys) {
  lost_.insert(keys.begin(), keys.end());
  if (!repair_.is_active()) repair_.start_once(options_.repair_delay);
}

void NeighbourKeeper::renew(const std::vector<NeighbourKey>& keys) {
  std::vector<Message> orders;
  for (const NeighbourKey& key : keys) {
    const bool is_new = mirror_.find_neighbour(key) == nullptr;
    orders.push_back(use_order(key, is_new ? NLM_F_CREATE | NLM_F_EXCL : 0, method_ != Method::kProbing));
  }
  const std::vector<NetlinkResult> results = requester_.execute(orders);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (results[i]) {
      if (method_ == Method::kUnknown) find_out_method(keys[i]);
      if (method_ == Method::kManaged) marked_.insert(keys[i]);
    } else if (results[i].error().code != EEXIST && results[i].error().code != ENOENT) {
      report(keys[i], results[i].error());  // those two: somebody was faster, and the mirror will tell us
    }
  }
}

// An order without the mark takes it away. That an entry or its interface has vanished meanwhile is as good, so no result is
// read.
void NeighbourKeeper::unmark(const std::vector<NeighbourKey>& keys) {
  std::vector<Message> orders;
  for (const NeighbourKey& key : keys) {
    marked_.erase(key);
    const Neighbour* entry = mirror_.find_neighbour(key);
    if (entry != nullptr && !entry->is_static()) orders.push_back(use_order(key, 0, false));
  }
  requester_.execute(orders);
}

void NeighbourKeeper::find_out_method(const NeighbourKey& key) {
  Message question{RTM_GETNEIGH, 0, 128};
  question.header(header_for(key)).put(NDA_DST, key.address);
  static_cast<void>(requester_.execute(question, [this](std::size_t, const nlmsghdr& reply) {
    if (const auto entry = read_neighbour(reply)) method_ = entry->managed ? Method::kManaged : Method::kProbing;
  }));
}

void NeighbourKeeper::report(const NeighbourKey& key, const NetlinkError& error) {
  ++failures_;
  std::string problem = "cannot have the neighbours on " + interface_text(key.interface_index) + " resolved: " + error.text;
  if (error.code == ENOBUFS) {
    const char* family = key.address.is_v4() ? "ipv4" : "ipv6";
    problem += std::string{": the kernel's neighbour table is full, raise net."} + family + ".neigh.default.gc_thresh3";
  }
  if (problem == last_problem_) return;
  last_problem_ = std::move(problem);
  if (options_.on_problem) options_.on_problem(last_problem_);
}

}  // namespace penstock::control
