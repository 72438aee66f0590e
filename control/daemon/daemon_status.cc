#include "control/daemon/daemon_status.h"

#include <algorithm>

#include "config/print.h"
#include "control/loop/event_loop.h"

namespace penstock::control {
namespace {

Counters counters_of(const Traffic& traffic) {
  return {.connections = traffic.connections,
          .in_packets = traffic.packets,
          .out_packets = 0,
          .in_bytes = traffic.bytes,
          .out_bytes = 0};
}

std::string_view word_for(NextHop::State state) {
  switch (state) {
    case NextHop::State::kPending: return "pending";
    case NextHop::State::kNoRoute: return "no route";
    case NextHop::State::kLocal: return "local";
    case NextHop::State::kResolving: return "resolving";
    case NextHop::State::kResolved: return "resolved";
    case NextHop::State::kFailed: return "failed";
  }
  return "?";
}

// In ipvsadm's order.
std::vector<std::string> words_of(const config::MaglevFlags& flags) {
  std::vector<std::string> words;
  if (flags.fallback) words.emplace_back("mh-fallback");
  if (flags.port) words.emplace_back("mh-port");
  return words;
}

ServerState state_of(const Director::Server& server, const NextHop* hop) {
  if (!server.in_service) return server.named ? ServerState::kDown : ServerState::kRemoved;
  if (hop != nullptr && hop->is_local()) return ServerState::kLocal;
  return hop != nullptr && hop->mac ? ServerState::kAvailable : ServerState::kUnresolved;
}

constexpr std::array<std::string_view, dpdk::kStageCount> kStageNames{"rings", "receive", "forward", "send", "maintain"};
// The stages go on being measured for so long after somebody has asked.
constexpr unsigned kWatchedTicks = 60;

std::optional<SyncDaemonStatus> daemon_of(const SyncThreadStatus& status) {
  if (!status.daemon) return std::nullopt;
  const config::SyncDaemon& daemon = *status.daemon;
  return SyncDaemonStatus{.master = status.master,
                          .interface = daemon.interface,
                          .sync_id = daemon.id,
                          .max_length = daemon.max_length,
                          .group = daemon.group,
                          .port = daemon.port,
                          .ttl = daemon.ttl};
}

}  // namespace

DaemonStatusSource::DaemonStatusSource(const Sources& sources, const TableSizes& sizes)
    : sources_{sources}, sizes_{sizes}, started_{EventLoop::now()}, ticked_{started_}, samples_(sources.board.workers()) {}

void DaemonStatusSource::tick() {
  const auto now = EventLoop::now();
  const double seconds = std::chrono::duration<double>(now - ticked_).count();
  ticked_ = now;
  std::uint64_t received = 0;
  measured_ticks_ = watched_ticks_ > 0 ? measured_ticks_ + 1 : 0;
  for (unsigned i = 0; i < samples_.size(); ++i) {
    const Sample sample = sample_of(i, seconds);
    received += sample.received - samples_[i].received;
    samples_[i] = sample;
  }
  packets_per_second_ = seconds > 0 ? static_cast<double>(received) / seconds : 0;
  if (watched_ticks_ > 0 && --watched_ticks_ == 0) sources_.plane.measure_stages(false);
}

bool DaemonStatusSource::watch_stages() {
  watched_ticks_ = kWatchedTicks;
  sources_.plane.measure_stages(true);
  return has_measured_a_second();
}

DaemonStatusSource::Sample DaemonStatusSource::sample_of(unsigned worker, double seconds) const {
  const dpdk::WorkerCounters& counters = sources_.plane.worker(worker);
  const Sample& last = samples_[worker];
  Sample sample{.busy_loops = counters.busy_loops.get(),
                .busy_cycles = counters.busy_cycles.get(),
                .received = counters.received.get() + counters.handed_over.get(),
                .stage_cycles = {},
                .rates = {}};
  const auto since = [](std::uint64_t now, std::uint64_t before) { return static_cast<double>(now - before); };
  const double cycles = since(sample.busy_cycles, last.busy_cycles);
  const double packets = since(sample.received, last.received);
  const double bursts = since(sample.busy_loops, last.busy_loops);
  if (seconds > 0)
    sample.rates.busy = std::min(1.0, cycles / seconds / static_cast<double>(dpdk::DataPlane::cycles_per_second()));
  for (std::size_t i = 0; i < dpdk::kStageCount; ++i) {
    sample.stage_cycles[i] = sources_.plane.stages(worker).cycles(static_cast<dpdk::Stage>(i));
  }
  if (packets == 0) return sample;
  sample.rates.cycles_per_packet = cycles / packets;
  sample.rates.packets_per_burst = packets / bursts;
  for (std::size_t i = 0; has_measured_a_second() && i < dpdk::kStageCount; ++i) {
    sample.rates.stages.emplace_back(kStageNames.at(i), since(sample.stage_cycles[i], last.stage_cycles[i]) / packets);
  }
  return sample;
}

SyncStatus DaemonStatusSource::sync() const {
  const SyncThreadStatus thread = sources_.sync.status();
  SyncStatus status{.daemon = daemon_of(thread),
                    .instance = thread.daemon ? thread.daemon->instance : "",
                    .error = thread.error,
                    .datagrams_sent = thread.sent.datagrams,
                    .datagrams_failed = thread.sent.failed,
                    .entries_sent = thread.sent.entries,
                    .entries_given_up = thread.sent.given_up,
                    .entries_forgotten = thread.sent.forgotten,
                    .datagrams_received = thread.received.datagrams,
                    .entries_new = thread.received.entries_new,
                    .entries_updated = thread.received.entries_updated,
                    .waiting = sources_.standby.ipv4.unclaimed() + sources_.standby.ipv6.unclaimed(),
                    .room = (sizes_.connections4 + sizes_.connections6) * sources_.board.workers(),
                    .dumps_sent = thread.dump.sent,
                    .dumps_received = thread.dump.received,
                    .last_dump = thread.dump.last_took,
                    .is_sending_dump = thread.dump.is_sending,
                    .is_asking_for_dump = thread.dump.is_wanted,
                    .lag = thread.lag,
                    .worst_lag = thread.worst_lag};
  for (unsigned i = 0; i < sources_.board.workers(); ++i) {
    const core::WorkerCounters& counters = sources_.board.worker(static_cast<core::WorkerIndex>(i));
    status.entries_lost += counters.sync_lost.get();
    status.claimed += counters.claimed.get();
  }
  for (std::size_t i = 0; i < sync::kRefusalCount; ++i) {
    const auto refusal = static_cast<sync::Refusal>(i);
    status.refusals.push_back({sync::name_of(refusal), sync::describe(refusal), thread.received.unreadable[i]});
  }
  for (std::size_t i = 0; i < kEntryRefusalCount; ++i) {
    const auto refusal = static_cast<EntryRefusal>(i);
    status.refusals.push_back({name_of(refusal), describe(refusal), thread.received.refused[i]});
  }
  return status;
}

DaemonStatus DaemonStatusSource::daemon() const {
  const config::LvsTimeouts& timeouts = sources_.director.timeouts();
  std::vector<SyncDaemonStatus> daemons;
  if (auto daemon = daemon_of(sources_.sync.status())) daemons.push_back(std::move(*daemon));
  return {.version = PENSTOCK_VERSION,
          .uptime = std::chrono::duration_cast<std::chrono::seconds>(EventLoop::now() - started_),
          .timeout_tcp = timeouts.tcp,
          .timeout_tcp_fin = timeouts.tcp_fin,
          .timeout_udp = timeouts.udp,
          .connection_table_size = sizes_.connections4 * sources_.board.workers(),
          .packets_per_second = packets_per_second_,
          .snapshots_published = sources_.publisher.count(),
          .snapshot_is_due = sources_.publisher.is_due(),
          .sync_daemons = daemons};
}

std::vector<ServiceStatus> DaemonStatusSource::services() const {
  std::vector<ServiceStatus> all;
  for (const Director::Service* const service : sources_.director.services()) {
    if (!service->configured) continue;
    ServiceStatus status{.protocol = service->protocol,
                         .endpoint = service->endpoint,
                         .scheduler = std::string{config::to_string(service->scheduler)},
                         .flags = {.scheduler_flags = words_of(service->maglev_flags)},
                         .counters = counters_of(sources_.director.traffic_of(*service)),
                         .rates = counters_of(service->rate.rates()),
                         .servers = {}};
    for (const Director::Server* const server : Director::servers(*service)) status.servers.push_back(status_of(*server));
    all.push_back(std::move(status));
  }
  return all;
}

RealServerStatus DaemonStatusSource::status_of(const Director::Server& server) const {
  const core::CounterBoard::Load load = sources_.director.load_of(server);
  const NextHop* const hop = sources_.director.find_next_hop(server.endpoint.address);
  RealServerStatus status{.endpoint = server.endpoint,
                          .weight = server.weight,
                          .active_connections = load.active,
                          .inactive_connections = load.inactive,
                          .upper_threshold = server.upper_threshold,
                          .lower_threshold = server.lower_threshold,
                          .counters = counters_of(sources_.director.traffic_of(server)),
                          .rates = counters_of(server.rate.rates()),
                          .state = state_of(server, hop),
                          .next_hop = {}};
  if (hop != nullptr && hop->mac) {
    status.next_hop = NextHopStatus{.address = hop->address,
                                    .interface = hop->interface_name,
                                    .mac = *hop->mac,
                                    .neighbour_state = std::string{word_for(hop->state)}};
  }
  return status;
}

ChecksStatus DaemonStatusSource::checks() const {
  return {.services = sources_.health.status(),
          .punctuality = sources_.health.punctuality(),
          .verdict_latency = sources_.publisher.verdict_latency(),
          .now = EventLoop::now(),
          .wall_clock_now = std::chrono::system_clock::now()};
}

VrrpStatus DaemonStatusSource::vrrp() const {
  VrrpStatus status{.spec = sources_.vrrp.spec(),
                    .thread = sources_.vrrp.status(),
                    .conflicts = sources_.vrrp.conflicts(),
                    .not_accepted = sources_.vrrp.not_accepted(),
                    .now = EventLoop::now(),
                    .wall_clock_now = std::chrono::system_clock::now()};
  hide_secrets(status.spec);
  for (VipConflict& conflict : status.conflicts) conflict.real_server = real_server_at(conflict.mac);
  return status;
}

// A real server on the wire itself, not behind a router.
std::optional<packet::IpAddress> DaemonStatusSource::real_server_at(const packet::MacAddress& mac) const {
  for (const packet::IpAddress& address : sources_.director.server_addresses()) {
    const NextHop* const hop = sources_.director.find_next_hop(address);
    if (hop != nullptr && hop->mac == mac && hop->address == address) return address;
  }
  return {};
}

std::vector<WorkerStatus> DaemonStatusSource::workers() const {
  std::vector<WorkerStatus> all;
  for (unsigned i = 0; i < sources_.board.workers(); ++i) all.push_back(status_of_worker(i));
  return all;
}

WorkerStatus DaemonStatusSource::status_of_worker(unsigned index) const {
  const dpdk::WorkerCounters& shell = sources_.plane.worker(index);
  const core::WorkerCounters& core = sources_.board.worker(static_cast<core::WorkerIndex>(index));
  const WorkerStatus& rates = samples_[index].rates;
  const auto of = [&](core::Action action) { return core.actions[static_cast<std::size_t>(action)].get(); };
  return {.index = index,
          .cpu = sources_.plane.cpu_of(index),
          .polls = shell.busy_loops.get() + shell.idle_loops.get(),
          .busy = rates.busy,
          .cycles_per_packet = rates.cycles_per_packet,
          .packets_per_burst = rates.packets_per_burst,
          .stages = rates.stages,
          .received = shell.received.get() + shell.handed_over.get(),
          .transmitted = shell.sent.get(),
          .actions = {.forwarded = of(core::Action::kForward),
                      .replied = of(core::Action::kReply),
                      .punted = of(core::Action::kPunt),
                      .handed_over = of(core::Action::kHandOver),
                      .held = of(core::Action::kHold),
                      .dropped = of(core::Action::kDrop)},
          .connections_v4 = {core.connections4.get(), sizes_.connections4},
          .connections_v6 = {core.connections6.get(), sizes_.connections6},
          .table_full_evicted = core.evicted.get(),
          .table_full_stateless = core.stateless.get()};
}

std::vector<ThreadStatus> DaemonStatusSource::threads() const {
  return {{"control", sources_.loop.turns()},
          {"health", sources_.health.turns_of_thread()},
          {"sync", sources_.sync.turns()},
          {"vrrp", sources_.vrrp.turns_of_thread(), sources_.vrrp.status().worst_delay}};
}

std::vector<DropStatus> DaemonStatusSource::drops() const {
  std::vector<DropStatus> all;
  for (std::size_t reason = 0; reason < packet::kDropReasonCount; ++reason) {
    DropStatus status{.reason = static_cast<packet::DropReason>(reason), .count = 0, .per_worker = {}};
    for (unsigned i = 0; i < sources_.board.workers(); ++i) {
      status.per_worker.push_back(sources_.board.worker(static_cast<core::WorkerIndex>(i)).drops[reason].get());
      status.count += status.per_worker.back();
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<PortStatus> DaemonStatusSource::ports() const {
  std::vector<PortStatus> all;
  const dpdk::PortSet& ports = sources_.plane.ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const dpdk::Port& port = ports[i];
    const dpdk::PortStatistics statistics = port.statistics();
    all.push_back({.name = port.name(),
                   .device = sources_.port_specs[i].device_string(),
                   .mac = port.mac(),
                   .mtu = port.mtu(),
                   .link_up = port.link_is_up(),
                   .link_mbps = 0,
                   .rx_queues = port.receive_queues(),
                   .tx_queues = ports.workers(),
                   .rx_packets = statistics.received,
                   .rx_bytes = statistics.received_bytes,
                   .tx_packets = statistics.sent,
                   .tx_bytes = statistics.sent_bytes,
                   .rx_missed = statistics.missed + statistics.no_buffers,
                   .rx_errors = statistics.rx_errors,
                   .tx_errors = statistics.tx_errors});
  }
  return all;
}

std::string DaemonStatusSource::config_text() const { return config::print(sources_.model); }

}  // namespace penstock::control
