#include "vrrp/rejections.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace penstock::vrrp {

bool Rejections::note(const packet::IpAddress& source, Rejection why, TimePoint now) {
  ++counts_.at(std::to_underlying(why));
  auto peer = std::ranges::find(peers_, source, &RejectedPeer::source);
  if (peer == peers_.end()) {
    if (peers_.size() == kPeers) peers_.pop_back();
    peer = peers_.insert(peers_.end(), RejectedPeer{.source = source, .why = why});
  }
  if (peer->why != why) {
    peer->why = why;
    peer->count = 0;
  }
  ++peer->count;
  peer->last = now;
  std::rotate(peers_.begin(), peer, peer + 1);
  return lines_.allows(std::hash<packet::IpAddress>{}(source) + std::to_underlying(why), now);
}

}  // namespace penstock::vrrp
