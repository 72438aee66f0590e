// The sync thread between two namespaces, with workers that do what a test says and a peer at the other end of the cable: for
// tests. By address family.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "control/log.h"
#include "control/sync/sync_thread.h"
#include "dataplane/core/snapshot.h"
#include "sync/message_writer.h"
#include "tests/control/sync/directory_for_tests.h"
#include "tests/control/sync/sync_cable.h"

namespace penstock::control::test {

class SyncThreadStage : public NamespaceTest, public testing::WithParamInterface<bool> {
 protected:
  using Note = sync::Note;
  static constexpr std::uint8_t kSyncId = 50;
  static constexpr core::Tick kNow = 1000;
  static constexpr std::size_t kOutbox = 64;

  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    cable_.emplace();
    peer_.emplace(cable_->peer(group()));
    for (core::WorkerIndex i = 0; i < 2; ++i) {
      forwarders_.push_back(std::make_unique<core::Forwarder>(
          board_, core::Forwarder::Options{.self = i, .connections4 = 100, .connections6 = 100, .standby = &standby_}));
    }
  }
  void TearDown() override {
    thread_.reset();
    workers_ = {};
    peer_.reset();
    cable_.reset();
    NamespaceTest::TearDown();
  }

  // -- the thread --

  [[nodiscard]] static packet::IpAddress group() { return group_of(GetParam()); }
  [[nodiscard]] static config::SyncDaemon daemon(const char* interface = "left") {
    config::SyncDaemon daemon;
    daemon.interface = interface;
    daemon.instance = "VI_1";
    daemon.id = kSyncId;
    daemon.group = group();
    return daemon;
  }
  void start(bool master, const config::SyncDaemon& by = daemon()) {
    SyncThread::Surroundings surroundings{.forwarders = {}, .outboxes = {}, .standby = standby_, .now = [this] {
                                            while (EventLoop::now() < stands_still_until_.load()) std::this_thread::yield();
                                            return now_.load();
                                          }};
    for (std::size_t i = 0; i < forwarders_.size(); ++i) {
      surroundings.forwarders.push_back(forwarders_[i].get());
      surroundings.outboxes.push_back(&outboxes_.at(i));
    }
    thread_.emplace(std::move(surroundings));
    become(master);
    configure(by);
  }
  void configure(std::optional<config::SyncDaemon> daemon) {
    thread_->post(SyncSettings{.daemon = std::move(daemon), .directory = {std::shared_ptr<void>{}, &names_.directory()}});
  }
  void become(bool master, const char* instance = "VI_1") { thread_->post(SyncRole{.instance = instance, .master = master}); }
  // What is logged by the thread while `body` runs, which stops it.
  template <typename Body>
  static std::string logged(Body body) {
    testing::internal::CaptureStderr();
    log::open({});
    body();
    log::close();
    return testing::internal::GetCapturedStderr();
  }
  // Until its answer is so.
  void wait_for(const std::string& what, const std::function<bool(const SyncThreadStatus&)>& condition) {
    const auto deadline = EventLoop::now() + std::chrono::seconds{10};
    while (!condition(thread_->status())) {
      if (EventLoop::now() > deadline) return ADD_FAILURE() << "not within ten seconds: " << what;
    }
  }

  // -- the workers --

  // From now on they do what they do each time round their loop.
  void let_workers_work() {
    workers_ = std::jthread{[this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const auto& forwarder : forwarders_) forwarder->maintain(*snapshot_, now_);
        std::this_thread::yield();
      }
    }};
  }
  [[nodiscard]] core::SyncRecord record(std::uint16_t client_port) const {
    const char* const vip = GetParam() ? "192.168.1.200" : "fd77::200";
    const core::VirtualId service = names_.service(vip, 80, packet::Protocol::kTcp);
    return {.client = ip(GetParam() ? "192.168.1.10" : "fd77::10"),
            .state = core::ConnectionState::kEstablished,
            .client_port = client_port,
            .virtual_id = service,
            .server = names_.server(service, GetParam() ? "192.168.1.180" : "fd77::180", 80),
            .timeout_seconds = 900};
  }
  // Whether there was room.
  bool tell(std::uint16_t client_port, std::size_t worker = 0) { return outboxes_.at(worker).push(record(client_port)); }

  // -- the peer --

  void say(Note note) { EXPECT_EQ(peer_->send(sync::note_datagram(note, kSyncId)), SyncSocket::Sent::kYes); }
  void say_connection(std::uint16_t client_port) {
    sync::MessageWriter writer{1472, kSyncId};
    const core::SyncRecord what = record(client_port);
    sync::Entry entry;
    entry.client = {what.client, client_port};
    entry.virtual_server = names_.directory().service(what.virtual_id)->endpoint;
    entry.real_server = *names_.directory().server(what.server);
    entry.flags = sync::direct_routing_flags(true);
    entry.state = static_cast<std::uint16_t>(what.state);
    entry.protocol = 6;
    entry.timeout = std::chrono::seconds{what.timeout_seconds};
    EXPECT_TRUE(writer.add(entry));
    EXPECT_EQ(peer_->send(writer.take()), SyncSocket::Sent::kYes);
  }
  // Until what the peer has said so far has been taken: datagrams are taken in their order.
  void wait_until_heard() {
    const std::uint64_t before = thread_->status().received.entries_new;
    say_connection(static_cast<std::uint16_t>(60000 + fences_++));
    wait_for("all datagrams", [&](const SyncThreadStatus& status) { return status.received.entries_new == before + 1; });
  }

  // The next one that the peer hears is added to what it has heard. False: there is none.
  bool hear() {
    const auto datagram = next_datagram(*peer_);
    if (!datagram) return false;
    auto message = sync::read_message(*datagram);
    EXPECT_TRUE(message.has_value());
    if (!message) return false;
    heard_as_ = message->syncid();
    if (const auto note = message->note()) notes_.push_back(*note);
    while (auto entry = message->next()) entries_.push_back(entry->value());
    return true;
  }
  // Until the peer has heard it once more.
  void hear(Note note) {
    const auto count = std::ranges::count(notes_, note);
    while (std::ranges::count(notes_, note) == count) ASSERT_TRUE(hear()) << to_string(note) << " was not heard";
  }
  void hear_entries(std::size_t count) {
    while (entries_.size() < count) ASSERT_TRUE(hear()) << entries_.size() << " entries of " << count;
  }
  [[nodiscard]] std::multiset<unsigned> client_ports() const {
    std::multiset<unsigned> ports;
    for (const sync::Entry& entry : entries_) ports.insert(entry.client.port);
    return ports;
  }

  // -- the standby tables --

  void keep(std::uint16_t client_port, core::Tick expires = kNow + 100 * core::kTicksPerSecond) {
    const core::SyncRecord what = record(client_port);
    const core::StandbyConnection connection{.server = what.server, .state = what.state, .expires = expires};
    if (GetParam()) {
      (void)standby_.ipv4.put({what.client.v4(), client_port, what.virtual_id}, connection, kNow);
    } else {
      (void)standby_.ipv6.put({what.client.v6(), client_port, what.virtual_id}, connection, kNow);
    }
  }
  [[nodiscard]] std::optional<core::StandbyConnection> kept(std::uint16_t client_port) const {
    const core::SyncRecord what = record(client_port);
    return GetParam() ? standby_.ipv4.peek({what.client.v4(), client_port, what.virtual_id}, kNow)
                      : standby_.ipv6.peek({what.client.v6(), client_port, what.virtual_id}, kNow);
  }

  DirectoryForTests names_;
  core::CounterBoard board_{2};
  core::StandbyTables standby_{3000, 3000, board_.standby()};
  std::array<core::SyncOutbox, 2> outboxes_{core::SyncOutbox{kOutbox}, core::SyncOutbox{kOutbox}};
  std::vector<std::unique_ptr<core::Forwarder>> forwarders_;
  std::unique_ptr<core::Snapshot> snapshot_ = core::SnapshotBuilder{}.build();
  std::atomic<core::Tick> now_{kNow};
  std::atomic<EventLoop::Clock::time_point> stands_still_until_{};  // the thread, when next it asks for the time
  std::optional<SyncCable> cable_;
  std::optional<SyncSocket> peer_;
  std::vector<Note> notes_;  // that the peer has heard
  std::vector<sync::Entry> entries_;
  unsigned heard_as_ = 0;  // the syncid of the last one
  unsigned fences_ = 0;
  std::jthread workers_;
  std::optional<SyncThread> thread_;
};

}  // namespace penstock::control::test
