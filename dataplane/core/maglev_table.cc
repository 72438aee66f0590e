#include "dataplane/core/maglev_table.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace penstock::core {
namespace {

// The kernel's two keys, each of twice the same word.
constexpr std::uint64_t kPlaceKey = 2654435761;
constexpr std::uint64_t kSkipKey = 2654446892;

// A server's turn is at most so many bits of slots: half of CONFIG_IP_VS_MH_TAB_INDEX.
constexpr int kTurnBits = 6;

// Aumasson and Bernstein, "SipHash", section 2.3, with one round for the only word and three at the end, of four bytes and cut
// to 32 bits: hsiphash() of include/linux/siphash.h where a word has 64 bits.
std::uint32_t siphash13(std::uint32_t input, std::uint64_t key) {
  std::uint64_t v0 = key ^ 0x736f'6d65'7073'6575;
  std::uint64_t v1 = key ^ 0x646f'7261'6e64'6f6d;
  std::uint64_t v2 = key ^ 0x6c79'6765'6e65'7261;
  std::uint64_t v3 = key ^ 0x7465'6462'7974'6573;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  const std::uint64_t word = std::uint64_t{sizeof(input)} << 56 | input;
  v3 ^= word;
  round();
  v0 ^= word;
  v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) round();
  return static_cast<std::uint32_t>(v0 ^ v1 ^ v2 ^ v3);
}

// One server while the slots are given away.
struct Taker {
  ServerId id;
  std::uint32_t slot;  // the next of its order that may be free
  std::uint32_t skip;  // to the one after it
  std::uint32_t turn;  // slots at once
};

std::vector<Taker> takers_of(std::span<const MaglevTable::Member> members) {
  std::uint32_t gcd = 0;
  std::uint32_t most = 0;
  for (const MaglevTable::Member& member : members) {
    gcd = std::gcd(gcd, member.weight);
    most = std::max(most, member.weight);
  }
  std::vector<Taker> takers;
  if (most == 0) return takers;
  const int shift = std::max(static_cast<int>(std::bit_width(most / gcd)) - kTurnBits, 0);
  for (const MaglevTable::Member& member : members) {
    if (member.weight == 0) continue;
    takers.push_back({.id = member.id,
                      .slot = siphash13(member.key, kPlaceKey) % MaglevTable::kSlots,
                      .skip = siphash13(member.key, kSkipKey) % (MaglevTable::kSlots - 1) + 1,
                      .turn = std::max<std::uint32_t>((member.weight / gcd) >> shift, 1)});
  }
  return takers;
}

}  // namespace

std::uint32_t folded(const packet::Ipv6Address& address) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) word ^= std::uint32_t{address.bytes[i]} << (24 - 8 * (i % 4));
  return word;
}

MaglevTable::MaglevTable(std::span<const Member> members) : members_{members.begin(), members.end()} {
  slots_.fill(kNoServer);
  std::vector<Taker> takers = takers_of(members.last(std::min<std::size_t>(members.size(), kSlots)));
  if (takers.empty()) return;
  std::uint32_t taken = 0;
  for (auto taker = takers.begin();; taker = std::next(taker) == takers.end() ? takers.begin() : std::next(taker)) {
    for (std::uint32_t i = 0; i < taker->turn; ++i) {
      while (slots_[taker->slot] != kNoServer) taker->slot = (taker->slot + taker->skip) % kSlots;
      slots_[taker->slot] = taker->id;
      if (++taken == kSlots) return;
    }
  }
}

std::uint32_t MaglevTable::key_of(const packet::Endpoint& endpoint) {
  return (endpoint.address.is_v4() ? folded(endpoint.address.v4()) : folded(endpoint.address.v6())) + endpoint.port;
}

std::uint32_t MaglevTable::slot_of(std::uint32_t key) { return siphash13(key, kPlaceKey) % kSlots; }

}  // namespace penstock::core
