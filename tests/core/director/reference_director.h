// An LVS director in direct routing, told plainly: the reference that the forwarder is held against, frame by frame.
//
// Written for clarity from docs/ARCHITECTURE.md and from what the kernel's IPVS does (net/netfilter/ipvs/ip_vs_core.c,
// ip_vs_proto_tcp.c): one frame after the other, std::map for the connections, time in 64 bits. It shares no code with the data
// plane: frames are read anew (reference_frame.h), schedulers are the kernel's lists (scheduler_models.h). The limits: one
// worker; rr and wrr without thresholds; tables with room (receive() says when a frame goes beyond that); which way a VRRP
// advert takes, and whether it is one too many, is AdvertGate's matter and left open.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/core/director/reference_icmp.h"
#include "tests/core/scheduler_models.h"
#include "tests/support/reference_frame.h"
#include "tests/support/rows.h"

namespace penstock::test {

// What the director counts beside verdicts.
struct ReferenceCounters {
  struct Server {
    std::uint64_t connections = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const Server&, const Server&) = default;
  };
  std::array<Server, 4> servers{};
  std::uint64_t rescheduled = 0;
  std::uint64_t fragments = 0;
  std::uint64_t related_icmp = 0;
  friend bool operator==(const ReferenceCounters&, const ReferenceCounters&) = default;
};

// A server's connections now.
struct ReferenceLoad {
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
  friend bool operator==(const ReferenceLoad&, const ReferenceLoad&) = default;
};

struct ReferenceOutcome {
  Outcome outcome;
  bool is_advert = false;  // to the kernel as kVrrp or kDoubtfulAdvert, or dropped as kAdvertLimited
  std::uint64_t tag = 0;   // the frame's
};

struct ReferenceInput {
  Bytes bytes;
  core::PortIndex port = 0;
  std::size_t contiguous = SIZE_MAX;
  std::uint64_t tag = 0;
};

class ReferenceDirector {
 public:
  // Seconds that a connection lasts after its last packet: IPVS's.
  struct Timeouts {
    unsigned established = 900;
    unsigned syn_received = 60;
    unsigned fin_wait = 120;
    unsigned time_wait = 120;
    unsigned close = 10;
    unsigned udp = 300;
  };

  ReferenceDirector(const Situation& situation, core::SchedulerKind scheduler, const Timeouts& timeouts);

  // From now on. Service lists and weights change by one server's coming, going or weight at a time.
  void change(const Situation& situation);
  // Time passes; what is given up meanwhile.
  std::vector<ReferenceOutcome> pass(std::uint64_t ticks);
  // The frame's outcome, then those of frames that waited for it. Empty: the frame goes beyond what the reference knows, and
  // nothing has happened.
  std::vector<ReferenceOutcome> receive(const ReferenceInput& input);

  [[nodiscard]] const ReferenceCounters& counters() const { return counters_; }
  [[nodiscard]] std::array<ReferenceLoad, 4> loads() const;
  [[nodiscard]] std::size_t connections(bool is_v4) const;
  // For one more connection of each service.
  [[nodiscard]] bool has_room() const {
    return connections(true) + 2 <= kMostConnections && connections(false) + 2 <= kMostConnections;
  }

 private:
  enum class State : std::uint8_t { kSynReceived, kEstablished, kFinWait, kTimeWait, kClose, kUdp };
  struct Flow {
    packet::IpAddress client;
    std::uint16_t port = 0;
    std::uint16_t service = 0;  // its id
    friend auto operator<=>(const Flow&, const Flow&) = default;
  };
  struct Connection {
    unsigned server = 0;
    State state{};
    std::uint64_t expires = 0;
  };
  struct Arrived {
    ReferenceInput input;
    ReferenceFrame read;
  };
  // Where a packet goes: to a server, or what becomes of it instead.
  struct Way {
    std::optional<unsigned> server;
    Outcome instead{};
  };
  struct DatagramKey {
    packet::IpAddress source;
    packet::IpAddress destination;
    std::uint32_t identification = 0;
    std::uint8_t protocol = 0;
    friend auto operator<=>(const DatagramKey&, const DatagramKey&) = default;
  };
  struct Datagram {
    std::optional<Way> way;  // of its first fragment, once that has come
    std::uint64_t forgotten_at = 0;
    std::uint64_t given_up_at = 0;  // where fragments are held
    std::vector<Arrived> held{};
  };

  void read_addresses();
  [[nodiscard]] bool is_beyond(const Arrived& frame) const;
  [[nodiscard]] Outcome decide(const Arrived& frame);
  [[nodiscard]] Outcome to_kernel(const Arrived& frame) const;
  [[nodiscard]] const RowService* service_at(const packet::IpAddress& vip, std::uint16_t port, std::uint8_t protocol) const;
  [[nodiscard]] bool is_vip(const packet::IpAddress& address) const;
  [[nodiscard]] bool is_known_to_be_gone(const Connection& connection) const { return now_ >= connection.expires; }

  [[nodiscard]] Way way_of(const Arrived& frame, const RowService& service);
  [[nodiscard]] Way begin(const Arrived& frame, const RowService& service);
  void advance(Connection& connection, State next);
  [[nodiscard]] std::uint64_t lifetime_of(State state) const;
  [[nodiscard]] static State state_after(std::optional<State> before, const ReferenceFrame& read);

  [[nodiscard]] Outcome icmp(const Arrived& frame);
  [[nodiscard]] Outcome fragment(const Arrived& frame);
  [[nodiscard]] Outcome first_fragment(const Arrived& frame, Datagram& datagram);
  [[nodiscard]] std::size_t held_fragments() const;
  [[nodiscard]] Outcome go(const Arrived& fragment, const Way& way);

  void account(unsigned server, const Arrived& frame);
  [[nodiscard]] Outcome send(const Arrived& frame, unsigned server);
  [[nodiscard]] Outcome answer(const Arrived& frame, const Bytes& about, packet::DropReason reason, ReferenceError error,
                               std::uint16_t mtu = 0);
  [[nodiscard]] bool may_send_error();

  static constexpr std::size_t kMostConnections = 400;  // of each family: far from what fills a table of 1000
  static constexpr std::size_t kMostDatagrams = 4;      // at once: so many fit wherever their hashes put them

  Situation situation_;
  std::vector<packet::IpAddress> vips_;  // of situation_.services, one by one
  std::vector<packet::IpAddress> check_targets_;
  Timeouts timeouts_;
  std::map<std::uint16_t, ModelService> schedulers_;  // by service id
  std::map<Flow, Connection> connections_;
  std::map<DatagramKey, Datagram> datagrams_;
  std::vector<ReferenceOutcome> released_;
  ReferenceCounters counters_;
  std::uint64_t now_ = 0;
  std::uint64_t error_credit_;  // in 1/64 of an ICMP error
  std::uint64_t error_credit_at_ = 0;
};

}  // namespace penstock::test
