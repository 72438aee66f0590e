#include "control/cli/ipvsadm_order.h"

#include <iterator>
#include <utility>

namespace penstock::control {
namespace {

int signed_difference(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b); }

int compare(const packet::IpAddress& a, const packet::IpAddress& b) {
  if (a.family() != b.family()) return a.is_v4() ? -1 : 1;
  if (a.is_v4()) return signed_difference(a.v4().value(), b.v4().value());
  for (std::size_t word = 0; word < 16; word += 4) {
    const auto word_of = [word](const packet::IpAddress& address) {
      std::uint32_t value = 0;
      for (std::size_t i = 0; i < 4; ++i) value = value << 8 | address.v6().bytes[word + i];
      return value;
    };
    if (const int difference = signed_difference(word_of(a), word_of(b)); difference != 0) return difference;
  }
  return 0;
}

int compare(const packet::Endpoint& a, const packet::Endpoint& b) {
  if (const int difference = compare(a.address, b.address); difference != 0) return difference;
  return static_cast<int>(a.port) - static_cast<int>(b.port);
}

int compare(const ServiceStatus& a, const ServiceStatus& b) {
  if (a.endpoint.address.family() != b.endpoint.address.family()) return a.endpoint.address.is_v4() ? -1 : 1;
  if (a.protocol != b.protocol) return static_cast<int>(a.protocol) - static_cast<int>(b.protocol);
  return compare(a.endpoint, b.endpoint);
}

int compare(const RealServerStatus& a, const RealServerStatus& b) { return compare(a.endpoint, b.endpoint); }

// Top-down merge sort: the first half is the smaller one, and the first half's element goes first unless it compares greater.
template <typename T>
void merge_sort(std::vector<T>& items) {
  if (items.size() < 2) return;
  const auto middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
  std::vector<T> first{std::move_iterator{items.begin()}, std::move_iterator{middle}};
  std::vector<T> second{std::move_iterator{middle}, std::move_iterator{items.end()}};
  merge_sort(first);
  merge_sort(second);
  auto left = first.begin();
  auto right = second.begin();
  for (T& place : items) {
    const bool take_left = right == second.end() || (left != first.end() && compare(*left, *right) <= 0);
    place = std::move(take_left ? *left++ : *right++);
  }
}

}  // namespace

void sort_like_ipvsadm(std::vector<ServiceStatus>& services) {
  merge_sort(services);
  for (ServiceStatus& service : services) merge_sort(service.servers);
}

}  // namespace penstock::control
