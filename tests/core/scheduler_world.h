// A scheduler and one service over its servers, for the scheduler's tests.
#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/core/scheduler.h"
#include "tests/core/scheduler_models.h"

namespace penstock::core {

// A service told to the scheduler, change by change, as control would: one snapshot for each.
class World {
 public:
  explicit World(SchedulerKind kind, std::uint32_t first_generation = 1) : kind_{kind}, generation_{first_generation - 1} {
    rebuild();
  }

  // Newest first.
  void set_servers(const std::list<test::ModelServer>& servers) {
    servers_ = servers;
    rebuild();
  }
  void set_maglev_flags(MaglevFlags flags) {
    maglev_flags_ = flags;
    rebuild();
  }
  // Several at once, as a start of the daemon tells them: in the order of adding.
  void set_weights(const std::vector<std::uint32_t>& weights) {
    servers_.clear();
    for (unsigned id = 0; id < weights.size(); ++id) servers_.push_front({.id = id, .weight = weights[id]});
    rebuild();
  }
  int pick(Client client = {}) {
    const ServerId id = scheduler_.pick(*snapshot_, snapshot_->service(0), [client] { return client; });
    return id == kNoServer ? -1 : static_cast<int>(index_of(id));
  }
  std::string picks(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      const int id = pick();
      text += id < 0 ? '-' : static_cast<char>('a' + id);
    }
    return text;
  }
  [[nodiscard]] ServerCounters& counters(unsigned id, WorkerIndex worker = 0) {
    return board_.server(worker, ServerId{static_cast<std::uint16_t>(id)});
  }
  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }

 private:
  void rebuild() {
    SnapshotBuilder builder;
    ServiceSpec spec{.endpoint = {packet::IpAddress::parse("10.0.0.1").value(), 80},
                     .protocol = packet::Protocol::kTcp,
                     .virtual_id = VirtualId{1},
                     .scheduler = kind_,
                     .scheduler_slot = 5,
                     .generation = ++generation_,
                     .members = {},
                     .maglev_flags = maglev_flags_};
    std::vector<MaglevTable::Member> in_table;
    for (const test::ModelServer& server : servers_) {
      const ServerId id{static_cast<std::uint16_t>(server.id)};
      builder.set_server(id, {.destination = {},
                              .source = {},
                              .available = true,
                              .resolved = true,
                              .weight = server.weight,
                              .upper_threshold = server.upper_threshold,
                              .lower_threshold = server.lower_threshold});
      spec.members.push_back(id);
      in_table.push_back({id, 0x0a00'0001 + server.id, std::max(server.weight, 1U)});
    }
    if (kind_ == SchedulerKind::kMaglev) spec.maglev = std::make_shared<const MaglevTable>(in_table);
    builder.add_service(spec);
    snapshot_ = builder.build();
  }

  SchedulerKind kind_;
  MaglevFlags maglev_flags_;
  std::uint32_t generation_;
  std::list<test::ModelServer> servers_;
  std::unique_ptr<const Snapshot> snapshot_;
  CounterBoard board_{2};
  Scheduler scheduler_{board_};
};

}  // namespace penstock::core
