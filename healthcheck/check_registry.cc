#include "healthcheck/check_registry.h"

#include <algorithm>
#include <functional>

namespace penstock::healthcheck {
namespace {

void mix(std::size_t& hash, std::size_t value) { hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15ULL + (hash >> 29); }

// Tells apart what differs in practice between checks of one server; == has the last word.
std::size_t hash_of(const CheckSpec& spec) {
  std::size_t hash = std::hash<packet::Endpoint>{}(spec.server);
  mix(hash, static_cast<std::size_t>(spec.protocol));
  mix(hash, spec.kind.index());
  mix(hash, std::hash<packet::Endpoint>{}(spec.connection.target));
  mix(hash, static_cast<std::size_t>(spec.pace.delay_loop.count()));
  if (spec.connection.via_vip) mix(hash, std::hash<packet::Endpoint>{}(*spec.connection.via_vip));
  if (const auto* http = std::get_if<HttpCheck>(&spec.kind)) {
    for (const HttpUrl& url : http->urls) mix(hash, std::hash<std::string>{}(url.path + url.virtual_host));
  } else if (const auto* misc = std::get_if<MiscCheck>(&spec.kind)) {
    for (const std::string& word : misc->script.command) mix(hash, std::hash<std::string>{}(word));
  }
  return hash;
}

}  // namespace

CheckState* CheckRegistry::find(CheckId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

CheckState* CheckRegistry::find(const CheckSpec& spec) const {
  const auto [first, last] = by_hash_.equal_range(hash_of(spec));
  const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second->spec == spec; });
  return found == last ? nullptr : found->second;
}

CheckState& CheckRegistry::add(const CheckSpec& spec) {
  auto state = std::make_unique<CheckState>(CheckState{.id = CheckId{++last_id_}, .spec = spec});
  CheckState& check = *state;
  by_id_.emplace(check.id, std::move(state));
  by_hash_.emplace(hash_of(spec), &check);
  return check;
}

void CheckRegistry::forget_users() {
  for (auto& [id, check] : by_id_) check->users.clear();
}

std::vector<CheckId> CheckRegistry::remove_unused() {
  std::vector<CheckId> removed;
  std::erase_if(by_hash_, [](const auto& entry) { return entry.second->users.empty(); });
  std::erase_if(by_id_, [&](const auto& entry) {
    const bool is_unused = entry.second->users.empty();
    if (is_unused) removed.push_back(entry.first);
    return is_unused;
  });
  std::ranges::sort(removed);
  return removed;
}

}  // namespace penstock::healthcheck
