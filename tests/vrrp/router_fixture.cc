#include "tests/vrrp/router_fixture.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace penstock::vrrp {
namespace {

constexpr std::size_t kArpFrame = 42;
constexpr std::size_t kNeighbourFrame = 86;

packet::MacAddress mac_at(std::span<const std::byte> frame, std::size_t offset) {
  packet::MacAddress mac;
  std::memcpy(mac.bytes.data(), frame.data() + offset, mac.bytes.size());
  return mac;
}

packet::IpAddress announced_address(std::span<const std::byte> frame) {
  if (frame.size() == kArpFrame) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), frame.data() + 28, bytes.size());
    return packet::Ipv4Address{static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
                               static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]};
  }
  packet::Ipv6Address address;
  std::memcpy(address.bytes.data(), frame.data() + 62, address.bytes.size());
  return address;
}

}  // namespace

InstanceSpec instance(const std::string& name, std::uint8_t priority) {
  InstanceSpec spec;
  spec.name = name;
  spec.interface = "eth0";
  spec.virtual_router_id = name == "VI_2" ? 52 : 51;
  spec.priority = priority;
  spec.auth_pass = "password";
  spec.addresses = {vip(name == "VI_2" ? "10.77.0.20" : "10.77.0.10")};
  return spec;
}

VirtualAddress vip(std::string_view address, const std::string& interface) {
  const packet::IpAddress parsed = ip(address);
  VirtualAddress vip;
  vip.address = parsed;
  vip.prefix_length = static_cast<std::uint8_t>(parsed.bits());
  vip.interface = interface;
  return vip;
}

RouterSpec with(std::vector<InstanceSpec> instances, std::vector<SyncGroupSpec> groups) {
  RouterSpec spec;
  spec.instances = std::move(instances);
  spec.sync_groups = std::move(groups);
  spec.notify_fifo = "/run/fifo";
  return spec;
}

InstanceSpec version3(InstanceSpec spec, Duration interval) {
  spec.version = 3;
  spec.auth_pass.clear();
  spec.advert_interval = interval;
  return spec;
}

InstanceSpec ipv6(InstanceSpec spec) {
  spec = version3(std::move(spec));
  spec.family = packet::Family::kIpv6;
  spec.addresses = {vip("fd77::10")};
  return spec;
}

void RouterTest::configure(RouterSpec spec) {
  spec_ = std::move(spec);
  take(router_.apply(spec_, now_));
}

void RouterTest::link(const std::string& name, bool up, std::vector<packet::IpAddress> addresses) {
  take(router_.on_interface(name, {.up = up, .mac = kMac, .addresses = std::move(addresses), .is_router = true}, now_));
}

void RouterTest::start(RouterSpec spec) {
  configure(std::move(spec));
  link("eth0", true);
}

void RouterTest::start_as_master(RouterSpec spec) {
  start(std::move(spec));
  pass(4s);
  for (const InstanceStatus& each : router_.status()) ASSERT_EQ(each.state, State::kMaster) << each.name;
  pass(6s);  // the second set of announcements is over
  forget();
}

void RouterTest::hear(const PeerAdvert& heard, const std::string& name) {
  const auto to = std::ranges::find(spec_.instances, name, &InstanceSpec::name);
  ASSERT_NE(to, spec_.instances.end());
  Advert advert{.family = to->family,
                .version = to->version,
                .virtual_router_id = to->virtual_router_id,
                .priority = heard.priority,
                .interval = heard.interval.value_or(to->advert_interval)};
  for (const VirtualAddress& address : to->addresses) advert.addresses.push_back(address.address);
  if (heard.addresses) advert.addresses = *heard.addresses;
  const std::string password = heard.password.value_or(to->auth_pass);
  advert.authentication_type = password.empty() ? 0 : 1;
  advert.authentication = authentication_of(password);
  if (to->family == packet::Family::kIpv6) advert.checksum = ChecksumForm::kPseudoHeader;
  Envelope envelope{.source_mac = {{2, 0, 0, 0, 0, 1}}, .source = ip(heard.from), .ttl = heard.ttl};
  envelope.destination = ip(to->family == packet::Family::kIpv4 ? "224.0.0.18" : "ff02::12");
  if (!to->unicast_peers.empty()) envelope.destination = ip("10.77.0.2");
  hear_bytes(advert_frame(advert, envelope), to->interface);
}

void RouterTest::hear_bytes(std::span<const std::byte> frame, const std::string& interface) {
  take(router_.on_frame(interface, frame, now_));
}

void RouterTest::pass(nanoseconds time) {
  const TimePoint end = now_ + time;
  while (const auto next = router_.next()) {
    if (*next > end) break;
    ASSERT_GE(*next, now_) << "a timer was left behind";
    now_ = *next;
    take(router_.on_time(now_));
    ASSERT_TRUE(!router_.next() || *router_.next() > now_) << "on_time() left something due";
  }
  now_ = end;
}

void RouterTest::stall(nanoseconds time) {
  now_ += time;
  take(router_.on_time(now_));
}

void RouterTest::take(Actions actions) {
  const auto note = [&](const char* kind) {
    if (order_.empty() || order_.back() != kind) order_.emplace_back(kind);
  };
  for (Action& action : actions) {
    if (auto* send = std::get_if<SendFrame>(&action)) {
      note("frame");
      if (const auto frame = read_frame(send->frame)) {
        const auto advert = read_message(*frame);
        ASSERT_TRUE(advert) << to_string(advert.error());
        adverts_.push_back({.at = now_, .interface = send->interface, .frame = *frame, .advert = *advert});
        continue;
      }
      ASSERT_TRUE(send->frame.size() == kArpFrame || send->frame.size() == kNeighbourFrame);
      announcements_.push_back(
          {.at = now_, .interface = send->interface, .address = announced_address(send->frame), .mac = mac_at(send->frame, 6)});
    } else if (auto* owner = std::get_if<SetOwner>(&action)) {
      note(owner->owns ? "own" : "disown");
      owners_.push_back(*owner);
    } else if (auto* line = std::get_if<notify::LogLine>(&action)) {
      note("log");
      (line->level == notify::LogLine::Level::kDebug ? debug_lines_ : lines_).push_back(line->text);
    } else if (auto* script = std::get_if<notify::RunScript>(&action)) {
      note("script");
      scripts_.push_back(*script);
    } else if (auto* fifo = std::get_if<notify::WriteFifo>(&action)) {
      note("fifo");
      fifo_.push_back(fifo->line);
    } else if (auto* mail = std::get_if<notify::SendMail>(&action)) {
      note("mail");
      mails_.push_back(*mail);
    }
  }
}

void RouterTest::forget() {
  adverts_.clear();
  announcements_.clear();
  owners_.clear();
  lines_.clear();
  debug_lines_.clear();
  scripts_.clear();
  fifo_.clear();
  mails_.clear();
  order_.clear();
}

InstanceStatus RouterTest::status(const std::string& name) const {
  for (InstanceStatus& each : router_.status()) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no instance " << name;
  return {};
}

State RouterTest::group_state(const std::string& name) const {
  for (const SyncGroupStatus& each : router_.sync_groups()) {
    if (each.name == name) return each.state;
  }
  ADD_FAILURE() << "no group " << name;
  return State::kInit;
}

bool RouterTest::logged(std::string_view line) const { return std::ranges::find(lines_, line) != lines_.end(); }

std::size_t RouterTest::count_logged(std::string_view part) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines_, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

std::vector<nanoseconds> RouterTest::advert_times(nanoseconds since) const {
  std::vector<nanoseconds> times;
  for (const SentAdvert& sent : adverts_) times.push_back(sent.at - kStart - since);
  return times;
}

std::size_t RouterTest::announced(std::string_view address) const {
  return static_cast<std::size_t>(std::ranges::count(announcements_, ip(address), &SentAnnouncement::address));
}

std::vector<std::string> RouterTest::order() const { return order_; }

}  // namespace penstock::vrrp
