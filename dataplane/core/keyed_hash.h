// The hash of the data plane's tables: a 64x64->128 bit multiplication folded to 64 bits ("mum", as in wyhash), keyed by a
// secret.
//
// Some eight cycles for an IPv4 key, all 64 bits of the result usable, and without the secret nobody can make keys that collide
// (a CRC's collisions don't depend on its seed). It is no cryptographic hash: it resists those who see only which packets are
// answered.
#pragma once

#include <cstdint>
#include <cstring>

#include "dataplane/core/connection.h"

namespace penstock::core {

struct HashSecret {
  std::uint64_t first;
  std::uint64_t second;
};

// Random, made once a process from getrandom(2).
[[nodiscard]] HashSecret process_hash_secret();

[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product ^ (product >> 64));  // g++-12 keeps both halves in registers in this form only
}

inline constexpr std::uint64_t kGoldenRatio = 0x9e37'79b9'7f4a'7c15;  // any odd number with as many ones as zeros would do

// Two folds: after one alone, keys that differ in a few neighbouring bits (the ports of one client) fill some buckets
// twentyfold under 1 in 40 secrets.
[[nodiscard]] inline std::uint64_t keyed_hash(std::uint64_t word, HashSecret secret) {
  return fold(fold(word ^ secret.first, secret.second) ^ secret.first, kGoldenRatio);
}

[[nodiscard]] inline std::uint64_t keyed_hash(const packet::Ipv6Address& address, std::uint64_t word, HashSecret secret) {
  std::uint64_t halves[2];
  std::memcpy(halves, address.bytes.data(), sizeof(halves));
  return keyed_hash(fold(halves[0] ^ secret.first, halves[1] ^ secret.second) ^ word, secret);
}

[[nodiscard]] inline std::uint64_t keyed_hash(const ConnectionKey4& key, HashSecret secret) {
  return keyed_hash(key.word, secret);
}

[[nodiscard]] inline std::uint64_t keyed_hash(const ConnectionKey6& key, HashSecret secret) {
  return keyed_hash(key.client_, (std::uint64_t{key.port_} << 16) | key.virtual_id_, secret);
}

}  // namespace penstock::core
