// The kernel's schedulers told plainly: a service with a list of servers, newest first, and the four ways to pick one.
//
// Written for clarity, from what net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,conn}.c do, to compare Scheduler with. Each change of
// the list is told to the model by itself, as keepalived and ipvsadm tell the kernel.
#pragma once

#include <cstdint>
#include <list>
#include <optional>

#include "dataplane/core/snapshot.h"

namespace penstock::test {

struct ModelServer {
  unsigned id = 0;
  std::uint32_t weight = 1;
  std::uint32_t upper_threshold = 0;
  std::uint32_t lower_threshold = 0;
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
  bool overloaded = false;

  [[nodiscard]] bool is_usable() const { return weight > 0 && !overloaded; }
  [[nodiscard]] std::uint64_t total() const { return active + inactive; }
};

class ModelService {
 public:
  explicit ModelService(core::SchedulerKind kind) : kind_{kind} {}

  // Changes of the list.
  void add(const ModelServer& server);
  void remove(unsigned id);
  void set_weight(unsigned id, std::uint32_t weight);
  // No change of the list: the server takes no new connections for now, or does again.
  void set_overloaded(unsigned id, bool overloaded) { server(id).overloaded = overloaded; }

  // The server of a new connection.
  [[nodiscard]] std::optional<unsigned> pick();

  // The life of connections. A new one is inactive at first, and has its server's threshold looked at then and at its end.
  void bind(unsigned id);
  void activate(unsigned id);
  void unbind(unsigned id, bool active);

  [[nodiscard]] const std::list<ModelServer>& servers() const { return servers_; }  // newest first

 private:
  using Place = std::list<ModelServer>::iterator;  // servers_.end(): the list's head, before its first

  [[nodiscard]] ModelServer& server(unsigned id);
  [[nodiscard]] bool any_usable() const;
  [[nodiscard]] Place after(Place place);
  void on_change();
  [[nodiscard]] std::optional<unsigned> pick_in_turn();
  [[nodiscard]] std::optional<unsigned> pick_by_weight();
  [[nodiscard]] std::optional<unsigned> pick_least(bool weighted) const;

  core::SchedulerKind kind_;
  std::list<ModelServer> servers_;
  Place last_ = servers_.end();  // rr, wrr: the last pick
  std::int64_t needed_ = 0;      // wrr: the weight that counts in this round
  std::int64_t step_ = 1;        // wrr: by how much it falls from round to round
  std::int64_t top_ = 0;         // wrr: that of the first round
};

}  // namespace penstock::test
