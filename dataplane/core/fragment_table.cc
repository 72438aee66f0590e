#include "dataplane/core/fragment_table.h"

namespace penstock::core {

std::uint64_t hash_of(const DatagramKey& key) {
  const HashSecret secret = process_hash_secret();
  const std::uint64_t tail =
      (std::uint64_t{key.identification} << 16) | (std::uint64_t{key.protocol} << 8) | static_cast<std::uint64_t>(key.family);
  return keyed_hash(key.source, keyed_hash(key.destination, tail, secret), secret);
}

FragmentTable::FragmentTable() : datagrams_(kDatagrams), frames_(kHeldFrames) {
  for (std::size_t i = 0; i + 1 < kHeldFrames; ++i) frames_[i].next = static_cast<std::uint16_t>(i + 1);
}

FragmentTable::Outcome FragmentTable::find(const DatagramKey& key, std::uint64_t hash, Tick now) const {
  const std::size_t known = locate(key, hash, now);
  return known != kDatagrams ? datagrams_[known].outcome : Outcome{};
}

std::size_t FragmentTable::locate(const DatagramKey& key, std::uint64_t hash, Tick now) const {
  for (std::size_t at = set_of(hash); at < set_of(hash) + kWays; ++at) {
    const Datagram& datagram = datagrams_[at];
    if (datagram.used && !is_past(datagram.deadline, now) && datagram.key == key) return at;
  }
  return kDatagrams;
}

void FragmentTable::push(Datagram& datagram, const Frame& frame, Tick now) {
  const std::uint16_t slot = free_;
  free_ = frames_[slot].next;
  frames_[slot] = {frame, kNone};
  if (datagram.first == kNone) {
    datagram.first = slot;
    datagram.hold_until = now + kHold;
    datagram.deadline = now + kRemember;  // or it could be forgotten with the frame that it holds
  } else {
    frames_[datagram.last].next = slot;
  }
  datagram.last = slot;
  ++held_;
}

Frame FragmentTable::pop(Datagram& datagram) {
  const std::uint16_t slot = datagram.first;
  datagram.first = frames_[slot].next;
  if (datagram.first == kNone) datagram.last = kNone;
  const Frame frame = frames_[slot].frame;
  frames_[slot].next = free_;
  free_ = slot;
  --held_;
  return frame;
}

}  // namespace penstock::core
