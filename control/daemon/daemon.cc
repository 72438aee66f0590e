#include "control/daemon/daemon.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "control/cli/keepalived_dump.h"
#include "control/cli/keepalived_json.h"
#include "control/daemon/configuration.h"
#include "control/daemon/keepalived_signals.h"
#include "control/daemon/privileges.h"
#include "control/log.h"
#include "control/loop/descriptor_limit.h"

namespace penstock::control {
namespace {

using std::unexpected;

// How often retired snapshots are freed and servers forgotten.
constexpr std::chrono::milliseconds kHousekeeping{100};

void log_of_dpdk(dpdk::LogLevel level, std::string_view line) {
  switch (level) {
    case dpdk::LogLevel::kError: log::error("DPDK: {}", line); break;
    case dpdk::LogLevel::kWarning: log::warning("DPDK: {}", line); break;
    case dpdk::LogLevel::kInfo:
    case dpdk::LogLevel::kDebug: log::debug("DPDK: {}", line); break;
  }
}

dpdk::EalOptions eal_options(const Options& options) {
  dpdk::EalOptions eal;
  eal.file_prefix = fmt::format("penstock-{}", getpid());
  eal.workers = options.workers;
  eal.extra = options.eal_arguments;
  for (const dpdk::PortSpec& port : options.ports) {
    if (port.is_pci()) eal.pci_addresses.push_back(port.device);
  }
  return eal;
}

dpdk::DataPlaneOptions data_plane_options(const Options& options) {
  dpdk::DataPlaneOptions plane;
  if (options.idle != IdlePolicy::kAutomatic) {
    plane.idle = options.idle == IdlePolicy::kSleep ? dpdk::IdleMode::kSleep : dpdk::IdleMode::kPoll;
  }
  plane.neighbour.per_second = options.neighbour_limit;
  plane.other.per_second = options.punt_limit;
  return plane;
}

std::string summary_of(const Director::Changes& changes) {
  return fmt::format("virtual servers: {} added, {} removed; real servers: {} added, {} removed, {} changed",
                     changes.services_added, changes.services_removed, changes.servers_added, changes.servers_removed,
                     changes.servers_changed);
}

}  // namespace

// The limit is raised before the thread starts that runs checks and scripts.
Daemon::Daemon(Options options) : options_{std::move(options)}, descriptors_{raise_descriptor_limit()} {}

std::expected<std::unique_ptr<Daemon>, std::string> Daemon::start(const Options& options, config::Model model) {
  std::unique_ptr<Daemon> daemon{new Daemon{options}};
  if (auto step = daemon->start_dpdk(); !step) return unexpected{step.error()};
  if (auto step = daemon->start_kernel_side(); !step) return unexpected{step.error()};
  daemon->give_privileges_up();
  if (auto step = daemon->start_forwarding(std::move(model)); !step) return unexpected{step.error()};
  if (auto step = daemon->start_cli(); !step) return unexpected{step.error()};
  daemon->watch_signals_and_time();
  return daemon;
}

Daemon::Step Daemon::start_dpdk() {
  auto eal = dpdk::Eal::start(eal_options(options_), log_of_dpdk);
  if (!eal) return unexpected{eal.error()};
  eal_ = std::move(*eal);
  if (eal_->notice()) log::notice("{}", *eal_->notice());

  auto ports =
      dpdk::PortSet::open(options_.ports, {.workers = options_.workers, .mtu = {}, .descriptors = options_.descriptors});
  if (!ports) return unexpected{ports.error()};
  for (std::size_t i = 0; i < (*ports)->size(); ++i) {
    for (const std::string& notice : (**ports)[i].notices()) log::notice("{}", notice);
  }
  const unsigned workers = (*ports)->workers();
  if (workers < options_.workers) log::notice("{} workers instead of {}: a port has no more queues", workers, options_.workers);
  board_ = std::make_unique<core::CounterBoard>(workers);
  standby_ =
      std::make_unique<core::StandbyTables>(options_.connections * workers, options_.connections6 * workers, board_->standby());
  for (unsigned i = 0; i < workers; ++i) {
    outboxes_.push_back(std::make_unique<core::SyncOutbox>());
    forwarders_.push_back(
        std::make_unique<core::Forwarder>(*board_, core::Forwarder::Options{.self = static_cast<core::WorkerIndex>(i),
                                                                            .connections4 = options_.connections,
                                                                            .connections6 = options_.connections6,
                                                                            .standby = standby_.get(),
                                                                            .outbox = outboxes_.back().get()}));
  }
  auto plane = dpdk::DataPlane::make(std::move(*ports), data_plane_options(options_));
  if (!plane) return unexpected{plane.error()};
  plane_ = std::move(*plane);
  return {};
}

Daemon::Step Daemon::start_kernel_side() {
  director_ = std::make_unique<Director>(*board_, ownership_);
  director_->set_expire_nodest_conn(options_.expire_nodest_conn);
  director_->set_sync_policy(core::SyncPolicy{options_.sync});
  director_->set_sloppy_tcp(options_.sloppy_tcp);
  const dpdk::PortSet& ports = plane_->ports();
  for (std::size_t i = 0; i < ports.size(); ++i) director_->add_port(ports[i].name(), ports[i].index(), ports[i].mac());

  auto kernel = KernelNetwork::open(loop_, [this](std::span<const NextHopTracker::Change> changes) { on_next_hops(changes); });
  if (!kernel) return unexpected{kernel.error()};
  kernel_ = std::move(*kernel);
  auto slow_path = SlowPath::open(loop_, *kernel_, ports, plane_->exchange());
  if (!slow_path) return unexpected{slow_path.error()};
  slow_path_ = std::move(*slow_path);
  via_checks_ = std::make_unique<ViaChecks>(loop_, *director_, plane_->exchange());
  slow_path_->set_take_answer([this](std::span<const std::byte> frame) { return via_checks_->take(frame); });
  return set_addresses_and_routes();
}

Daemon::Step Daemon::set_addresses_and_routes() {
  for (const AddressOption& address : options_.addresses) {
    const AddressKey key{slow_path_->interface_index(address.port), address.address, address.prefix_length};
    const auto added = kernel_->addresses().add({.key = key, .broadcast = {}, .scope = 0, .label = {}});
    if (!added) return unexpected{fmt::format("--address {}={}: {}", address.port, address.address.to_string(), added.error())};
  }
  for (const RouteOption& route : options_.routes) {
    const auto added = kernel_->routes().add(route.route, slow_path_->interface_index(route.port));
    if (!added) return unexpected{fmt::format("--route {}=...: {}", route.port, added.error())};
  }
  return {};
}

void Daemon::give_privileges_up() {
  const ReducedPrivileges reduced = reduce_privileges(kKeptCapabilities | options_.keep_capabilities);
  log::info("Keeping the capabilities {}", names_of(reduced.kept));
  for (const std::string& thread : reduced.unreached) log::warning("the thread {} keeps all capabilities", thread);
}

Daemon::Step Daemon::start_forwarding(config::Model model) {
  vrrp_ = std::make_unique<VrrpService>(loop_, VrrpService::Kernel{kernel_->addresses(), kernel_->links(), kernel_->mirror()},
                                        *board_, surroundings_of_vrrp());
  health_ = std::make_unique<ServiceHealth>(
      loop_, options_.share_checks,
      [this](const Director::Key& service, std::span<const Director::Row> rows, healthcheck::TimePoint verdict) {
        if (director_->set_rows(service, rows).any()) publisher_.request_for_verdict(verdict);
      },
      [this](TrackerResult result) { vrrp_->post(std::move(result)); });
  std::vector<packet::MacAddress> macs;
  for (std::size_t i = 0; i < plane_->ports().size(); ++i) macs.push_back(plane_->ports()[i].mac());
  vrrp_->set_own_macs(macs);
  slow_path_->set_see_neighbour(
      [this](const std::string& port, std::span<const std::byte> frame) { vrrp_->on_neighbour_frame(port, frame); });
  slow_path_->set_may_accept([this](std::span<const std::byte> frame) { return vrrp_->may_accept(frame); });
  slow_path_->set_may_send_from([this](const packet::MacAddress& source) { return vrrp_->may_send_from(source); });
  std::vector<core::Forwarder*> forwarders;
  for (const auto& forwarder : forwarders_) forwarders.push_back(forwarder.get());
  plane_->start(eal_->worker_lcores(), forwarders, director_->build_snapshot());
  connections_ = std::make_unique<ConnectionDesk>(loop_, *director_, forwarders, *standby_, plane_->ticks());
  sync_ = std::make_unique<SyncThread>(surroundings_of_sync());
  sync_links_ = kernel_->mirror().subscribe({.link_changed =
                                                 [this](int, const Link* now) {
                                                   if (now != nullptr) sync_->post(SyncLink{now->name, now->is_running()});
                                                 },
                                             .address_changed = {},
                                             .neighbour_changed = {},
                                             .routes_changed = {}});
  last_will_.emplace([this] { vrrp_->resign_in_emergency(); });
  if (auto adopted = adopt(std::move(model)); !adopted) return unexpected{adopted.error()};
  return {};
}

Daemon::Step Daemon::start_cli() {
  status_ = std::make_unique<DaemonStatusSource>(DaemonStatusSource::Sources{.director = *director_,
                                                                             .health = *health_,
                                                                             .vrrp = *vrrp_,
                                                                             .sync = *sync_,
                                                                             .standby = *standby_,
                                                                             .board = *board_,
                                                                             .plane = *plane_,
                                                                             .model = model_,
                                                                             .port_specs = options_.ports,
                                                                             .loop = loop_,
                                                                             .publisher = publisher_,
                                                                             .connections = *connections_},
                                                 DaemonStatusSource::TableSizes{options_.connections, options_.connections6});
  auto cli = CliServer::open(loop_, options_.socket_path, *status_);
  if (!cli) return unexpected{cli.error()};
  cli_ = std::move(*cli);
  return {};
}

void Daemon::watch_signals_and_time() {
  signals_.push_back(loop_.add_signal(SIGHUP, [this] { reload(); }));
  for (const int signal : {SIGTERM, SIGINT}) signals_.push_back(loop_.add_signal(signal, [this] { loop_.stop(); }));
  watch_dump_signals();
  housekeeping_ = loop_.add_timer([this] { on_housekeeping(); });
  housekeeping_.start_every(kHousekeeping);
  seconds_ = loop_.add_timer([this] { status_->tick(); });
  seconds_.start_every(std::chrono::seconds{1});
  rates_ = loop_.add_timer([this] { director_->feed_rates(); });
  rates_.start_every(RateEstimator::kPeriod);
}

// keepalived's signals, files and log lines.
void Daemon::watch_dump_signals() {
  const auto dump = [this](const char* what, const char* file, std::string (*text_of)(const VrrpStatus&)) {
    log::info("Printing VRRP {} for process({}) on signal", what, getpid());
    dumps_.write(file, text_of(status_->vrrp()));
  };
  const auto dump_statistics = [dump] { dump("stats", "keepalived.stats", keepalived_statistics); };
  const auto watch = [this](int signal, EventLoop::Callback callback) {
    signals_.push_back(loop_.add_signal(signal, std::move(callback)));
  };
  watch(SIGUSR1, [dump] { dump("data", "keepalived.data", keepalived_data); });
  watch(SIGUSR2, dump_statistics);
  watch(kSignalJson, [dump] { dump("as json", "keepalived.json", keepalived_json_text); });
  watch(kSignalStatisticsAndClear, [this, dump_statistics] {
    dump_statistics();
    vrrp_->clear_counters();
  });
}

void Daemon::run() { loop_.run(); }

Daemon::~Daemon() {
  last_will_.reset();
  cli_.reset();
  if (vrrp_ != nullptr) vrrp_->stop();
  if (sync_ != nullptr) {
    sync_->stop();
    slow_path_->send_what_waits();  // its last words
  }
  if (health_ != nullptr) health_->stop();
  health_.reset();  // its trackers report to VRRP's thread, and that thread's errands come here: neither runs any more
  if (plane_ != nullptr) plane_->stop();
}

std::expected<Director::Changes, std::string> Daemon::adopt(config::Model model) {
  if (auto room = director_->check_room(ServiceHealth::named_by(model)); !room) return unexpected{room.error()};
  if (auto prepared = vrrp_->prepare(model.vrrp); !prepared) return unexpected{prepared.error()};
  if (const auto prepared = via_checks_->prepare(model); !prepared) log::error("{}", prepared.error());
  health_->use(via_checks_->probes_door());
  auto changes = director_->apply(health_->apply(model));
  if (!changes) return changes;
  director_->set_timeouts(model.lvs_timeouts);
  director_->set_check_targets(ServiceHealth::targets_of(model));
  vrrp_->apply(model.vrrp);
  director_->set_owners(vrrp_->owners());
  take_virtual_macs();
  director_->set_expected_adverts(vrrp_->expected_adverts());
  director_->set_sync_flow(model.sync ? core::SyncFlow{model.sync->group, model.sync->port} : core::SyncFlow{});
  follow_next_hops();
  publisher_.publish_now();
  sync_->post(SyncSettings{model.sync, std::make_shared<const SyncDirectory>(*director_, model.lvs_timeouts)});
  warn_of_too_few_descriptors(model);
  model_ = std::move(model);
  return changes;
}

void Daemon::take_virtual_macs() {
  dpdk::PortSet& ports = plane_->ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::vector<core::VirtualMac> virtual_macs = vrrp_->virtual_macs(ports[i].name());
    std::vector<packet::MacAddress> macs;
    for (const core::VirtualMac& each : virtual_macs) macs.push_back(each.mac);
    if (const auto notice = ports[i].take_also(macs)) log::notice("{}", *notice);
    director_->set_virtual_macs(ports[i].index(), std::move(virtual_macs));
  }
}

void Daemon::warn_of_too_few_descriptors(const config::Model& model) const {
  std::uint64_t checks = 0;
  for (const config::VirtualServer& server : model.virtual_servers) {
    for (const config::RealServer& real : server.real_servers) checks += real.health.checks.size();
  }
  if (descriptors_for(checks) <= descriptors_) return;
  log::warning("{} checks may need {} descriptors at once, but only {} can be open: raise the limit (LimitNOFILE=, ulimit -n)",
               checks, descriptors_for(checks), descriptors_);
}

void Daemon::reload() {
  log::info("Reloading");
  auto model = read_configuration_for_log(options_);
  if (!model) {
    log::error("Reload failed: {} has errors; the running configuration stays", options_.config_file);
    return;
  }
  const auto changes = adopt(std::move(*model));
  if (!changes) {
    log::error("Reload failed: {}; the running configuration stays", changes.error());
    return;
  }
  log::info("Reload complete ({})", changes->any() ? summary_of(*changes) : "no virtual server changed");
}

void Daemon::on_next_hops(std::span<const NextHopTracker::Change> changes) {
  for (const NextHopTracker::Change& change : changes) {
    director_->set_next_hop(change.server, change.next_hop);
    if (change.next_hop.state == NextHop::State::kNoRoute) {
      log::warning("no route to real server {}: {}", change.server.to_string(), change.next_hop.error);
    }
  }
  via_checks_->refresh();
  publisher_.request();
  tell_peer_macs();
}

// Of unicast peers, as far as a port leads to them.
void Daemon::tell_peer_macs() {
  PeerMacs macs;
  for (const packet::IpAddress& peer : vrrp_->unicast_peers()) {
    if (const auto way = director_->way_to(peer)) macs[peer] = way->destination;
  }
  vrrp_->set_peer_macs(std::move(macs));
}

void Daemon::follow_next_hops() {
  std::vector<packet::IpAddress> addresses = director_->server_addresses();
  for (const packet::IpAddress& peer : vrrp_->unicast_peers()) {
    if (!std::ranges::binary_search(addresses, peer)) addresses.insert(std::ranges::upper_bound(addresses, peer), peer);
  }
  kernel_->next_hops().set_servers(addresses);
  tell_peer_macs();
}

VrrpThread::Surroundings Daemon::surroundings_of_vrrp() {
  VrrpThread::Surroundings surroundings{
      .exchange = plane_->exchange(),
      .ownership = ownership_,
      .ports = {},
      .run_errand = [this](VrrpErrand errand) { run_errand(std::move(errand)); },
      .on_owner = [this](const vrrp::SetOwner& change) { sync_->post(SyncRole{change.instance, change.owns}); }};
  const dpdk::PortSet& ports = plane_->ports();
  for (std::size_t i = 0; i < ports.size(); ++i) surroundings.ports.push_back(ports[i].name());
  return surroundings;
}

SyncThread::Surroundings Daemon::surroundings_of_sync() {
  SyncThread::Surroundings surroundings{.forwarders = {}, .outboxes = {}, .standby = *standby_, .now = plane_->ticks()};
  for (const auto& forwarder : forwarders_) surroundings.forwarders.push_back(forwarder.get());
  for (const auto& outbox : outboxes_) surroundings.outboxes.push_back(outbox.get());
  return surroundings;
}

// On VRRP's thread.
void Daemon::run_errand(VrrpErrand errand) {
  if (auto* const script = std::get_if<notify::RunScript>(&errand)) health_->post(std::move(*script));
  if (auto* const line = std::get_if<notify::WriteFifo>(&errand)) health_->post(WriteVrrpFifo{std::move(line->line)});
  if (auto* const mail = std::get_if<notify::SendMail>(&errand)) health_->post(std::move(*mail));
}

void Daemon::on_housekeeping() {
  if (plane_->reclaim() != 0) return;  // some worker hasn't seen the last change yet
  if (!director_->collect(EventLoop::now())) return;
  follow_next_hops();
  publisher_.request();
}

}  // namespace penstock::control
