// What the rules say about where packets may go, flow by flow, in the plainest way: the judge of the consistency test.
//
// Which server a new connection gets is the scheduler's matter: any that takes new ones will do here. What must hold is that a
// connection stays where it is, for as long as the rules say that it lives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "tests/core/test_worker.h"
#include "tests/support/rows_words.h"

namespace penstock::test {

struct FlowPacket {
  bool is_v4 = true;
  bool is_tcp = true;
  std::uint16_t client_port = 0;
  std::uint8_t flags = 0;

  [[nodiscard]] Bytes build() const;
  // The same for all packets of a connection.
  [[nodiscard]] unsigned flow() const { return client_port * 4U + (is_v4 ? 2U : 0U) + (is_tcp ? 1U : 0U); }
};

// What a packet did beside its verdict, by the workers' counters.
struct Traces {
  bool began = false;      // a connection
  bool stateless = false;  // it went by hash, because a table was full
  bool gave_way = false;   // another connection, to its own
};

// The server that a forwarded frame is addressed to.
[[nodiscard]] unsigned server_of(const Handled& outcome);

class FlowModel {
 public:
  // What is wrong with this outcome; empty: nothing. `generation`: of the snapshot, another one for each change.
  [[nodiscard]] std::string judge(const Situation& now_is, std::uint32_t generation, core::Tick now, const FlowPacket& packet,
                                  const Handled& outcome, Traces traces);

  // How often a connection was found to have given way to others.
  [[nodiscard]] std::uint64_t gone() const { return gone_; }

 private:
  struct Known {
    unsigned server;
    core::ConnectionState state;
    core::Tick last;         // its last packet
    std::uint64_t gave_way;  // as many connections had given way by then
  };
  struct ByHash {
    std::uint32_t generation;
    unsigned server;
  };

  [[nodiscard]] std::optional<Known> find(const FlowPacket& packet, core::Tick now) const;
  // Whether it may have given way since its last packet.
  [[nodiscard]] bool may_be_gone(const Known& known, core::Tick now) const;
  // Whether this packet ends it, and may begin another one in its place.
  [[nodiscard]] static bool may_end(const Situation& now_is, const Known& known, const FlowPacket& packet);
  std::string judge_stateless(const Situation& now_is, std::uint32_t generation, const FlowPacket& packet,
                              const Handled& outcome);
  std::string judge_known(const Situation& now_is, const Known& known, core::Tick now, const FlowPacket& packet,
                          const Handled& outcome);
  std::string judge_new(const Situation& now_is, core::Tick now, const FlowPacket& packet, const Handled& outcome);
  std::string judge_refused(const Situation& now_is, core::Tick now, const FlowPacket& packet, const Handled& outcome);
  void remember(const FlowPacket& packet, unsigned server, core::ConnectionState before, core::Tick now);

  std::unordered_map<unsigned, Known> flows_;
  std::unordered_map<unsigned, ByHash> by_hash_;
  std::optional<core::Tick> full_until_;
  std::uint64_t gave_way_ = 0;
  std::uint64_t gone_ = 0;
};

}  // namespace penstock::test
