// Identities that live longer than one snapshot. Each is a strong type, so that one can't stand in for another.
#pragma once

#include <cstdint>

namespace penstock::core {

// A real server of one virtual service (IPVS's "dest": the same machine under two services has two). Stable over snapshots;
// given to another server only after no worker holds a connection to the old one.
enum class ServerId : std::uint16_t {};
inline constexpr ServerId kNoServer{0xffff};

// The exact (VIP, port, protocol) that a packet names; a part of each connection's key. Stable like ServerId.
enum class VirtualId : std::uint16_t {};

// The virtual router (VRRP) that decides whether an address is ours: a place in Ownership.
enum class OwnerId : std::uint16_t {};
inline constexpr OwnerId kAlwaysOurs{0};
inline constexpr unsigned kMaxOwners = 4096;      // 255 VRIDs on each of 8 interfaces for each family
inline constexpr OwnerId kNeverOurs{kMaxOwners};  // what is no service

// An index among the data plane's threads, 0-based; at most kMaxWorkers.
using WorkerIndex = std::uint8_t;
inline constexpr unsigned kMaxWorkers = 64;

// An index among the ports that the daemon drives, in the order of its --port options.
using PortIndex = std::uint8_t;
inline constexpr unsigned kMaxPorts = 16;

[[nodiscard]] constexpr std::uint16_t index_of(ServerId id) { return static_cast<std::uint16_t>(id); }
[[nodiscard]] constexpr std::uint16_t index_of(VirtualId id) { return static_cast<std::uint16_t>(id); }
[[nodiscard]] constexpr std::uint16_t index_of(OwnerId id) { return static_cast<std::uint16_t>(id); }

}  // namespace penstock::core
