// A copy of the kernel's links, addresses and neighbours, kept true by its notifications, with word of every change.
//
// The kernel sends notifications into a socket buffer that can overflow. Then (counted) the mirror throws away what is still
// queued, and asks for everything again in small pieces between other events, while newer notifications wait in the socket: so
// nothing old ever overwrites something newer. What the dumps no longer contain is gone. Routes aren't copied (a full Internet
// table has a million): the kernel is asked for the few destinations that matter (route_lookup.h), and the mirror only tells
// when.
//
// Control-owned: one event loop, one thread, the network namespace in which it was opened.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "control/loop/event_loop.h"
#include "control/netlink/network_tables.h"
#include "control/netlink/socket.h"

namespace penstock::control {

class NetworkMirror {
 public:
  struct Options {
    // 8 MiB: about 10,000 neighbour changes (a notification takes 768 bytes with its bookkeeping) while the loop is busy.
    int receive_buffer_bytes = 8 << 20;
  };
  // Called after the mirror has changed; only for real differences. A null pointer: it is gone. Must not destroy the mirror,
  // may end and add subscriptions. Empty members are not called.
  struct Observer {
    std::function<void(int index, const Link* now)> link_changed;
    std::function<void(const AddressKey& key, const Address* now)> address_changed;
    std::function<void(const NeighbourKey& key, const Neighbour* now)> neighbour_changed;
    // Which destinations to ask about again; nothing: all (rules or next-hop objects changed, or notifications were lost).
    std::function<void(const std::optional<RouteScope>& scope)> routes_changed;
  };
  // Ends the observer's calls when it goes. The mirror must outlive it.
  class [[nodiscard]] Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept : mirror_{std::exchange(other.mirror_, nullptr)}, id_{other.id_} {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

   private:
    friend class NetworkMirror;
    Subscription(NetworkMirror* mirror, std::uint64_t id) : mirror_{mirror}, id_{id} {}
    NetworkMirror* mirror_ = nullptr;
    std::uint64_t id_ = 0;
  };
  struct Counters {
    std::uint64_t overruns = 0;  // times that notifications were lost
    std::uint64_t resyncs = 0;   // complete dumps taken after that
  };

  // Returns with the copy complete. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<NetworkMirror>, std::string> open(EventLoop& loop, const Options& options);
  [[nodiscard]] static std::expected<std::unique_ptr<NetworkMirror>, std::string> open(EventLoop& loop) {
    return open(loop, Options{});
  }
  NetworkMirror(const NetworkMirror&) = delete;
  NetworkMirror& operator=(const NetworkMirror&) = delete;

  // Pointers stay valid until the next event; null when there is no such thing.
  [[nodiscard]] const Link* find_link(int index) const { return tables_.find_link(index); }
  [[nodiscard]] const Link* find_link(std::string_view name) const { return tables_.find_link(name); }
  [[nodiscard]] const Address* find_address(const AddressKey& key) const { return tables_.find_address(key); }
  [[nodiscard]] const Neighbour* find_neighbour(const NeighbourKey& key) const { return tables_.find_neighbour(key); }
  void for_each_link(const std::function<void(const Link&)>& visit) const { tables_.for_each_link(visit); }
  void for_each_address(const std::function<void(const Address&)>& visit) const { tables_.for_each_address(visit); }

  Subscription subscribe(Observer observer);
  // Reads what the kernel has already sent, without waiting for the loop to come round. Not from within an observer's call.
  void poll();
  // False between an overrun and the end of the resync that follows it.
  [[nodiscard]] bool is_in_sync() const { return dump_stage_ == DumpStage::kNone; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  enum class DumpStage : std::uint8_t { kNone, kLinks, kAddresses, kNeighbours, kRetry };

  NetworkMirror(EventLoop& loop, NetlinkSocket events, NetlinkSocket dumps);
  void on_events();
  void start_resync();
  void request_dump(DumpStage stage);
  void on_dump();
  void take_dump_message(const nlmsghdr& message);
  void next_dump();
  void finish_resync();
  void apply(const nlmsghdr& message);
  template <typename Call>
  void notify(Call call);
  void announce(const NetworkChange& change);
  void tell(const Observer& observer, const LinkChanged& change) const;
  void tell(const Observer& observer, const AddressChanged& change) const;
  void tell(const Observer& observer, const NeighbourChanged& change) const;
  void tell(const Observer& observer, const RoutesChanged& change) const;

  NetworkTables tables_;
  std::map<std::uint64_t, std::shared_ptr<Observer>> observers_;
  std::uint64_t next_observer_ = 1;

  NetlinkSocket events_;
  NetlinkSocket dumps_;
  DumpStage dump_stage_ = DumpStage::kNone;
  bool dump_interrupted_ = false;
  std::uint32_t dump_sequence_ = 0;
  Counters counters_;
  FdWatch events_watch_;
  FdWatch dumps_watch_;
  Timer retry_;
};

}  // namespace penstock::control
