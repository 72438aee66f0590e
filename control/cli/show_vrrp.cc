#include "control/cli/show_vrrp.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "control/cli/text_table.h"
#include "control/cli/units.h"
#include "control/cli/vrrp_words.h"
#include "vrrp/virtual_mac.h"

namespace penstock::control {
namespace {

using enum TextTable::Align;
using vrrp::State;

void append_line(std::string& out, std::string_view label, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "  {:<11}{}\n", label, text);
}

std::string state_text(const vrrp::InstanceStatus& status, vrrp::TimePoint now) {
  return fmt::format("{} for {}", to_string(status.state), moment_text(now - status.since));
}

std::string heard_text(const vrrp::InstanceStatus::Master& master, vrrp::TimePoint now) {
  return fmt::format("{}, priority {}, every {}, heard {} ago", master.address.to_string(), master.priority,
                     interval_text(master.interval), moment_text(now - master.heard));
}

// Who is master as far as we know, and where it isn't this host, why not.
std::string master_text(const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  if (status.state == State::kMaster) {
    return status.master ? fmt::format("this host (another: {})", heard_text(*status.master, all.now)) : "this host";
  }
  std::string text = status.master ? heard_text(*status.master, all.now) : "no other heard";
  if (status.state == State::kFault || status.state == State::kInit)
    return text + fmt::format("; this host can't be: {}", status.why);
  if (status.master && status.master->priority < status.effective_priority && spec.nopreempt)
    text += "; left in place: nopreempt";
  return text;
}

std::string priority_text(const vrrp::InstanceStatus& status) {
  std::string text = std::to_string(status.effective_priority);
  if (status.shares.empty() && status.base_priority == status.effective_priority) return text;
  text += fmt::format(" = {}", status.base_priority);
  for (const vrrp::PriorityShare& share : status.shares) text += ", " + share_text(share);
  return text;
}

std::string next_text(const vrrp::InstanceStatus& status, vrrp::TimePoint now) {
  const std::string in = moment_text(*status.next - now);
  if (status.state == State::kMaster) return fmt::format("advert in {}", in);
  if (status.state == State::kBackup) return fmt::format("takes over in {} unless an advert comes", in);
  return fmt::format("timer in {}", in);
}

std::string source_text(const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  std::string text = status.source ? status.source->to_string() : "none yet";
  if (spec.unicast_peers.empty()) return text + fmt::format(", to multicast, every {}", interval_text(spec.advert_interval));
  text += ", to";
  for (const vrrp::UnicastPeer& peer : spec.unicast_peers) text += fmt::format(" {}", peer.address.to_string());
  return text + fmt::format(", every {}", interval_text(spec.advert_interval));
}

std::string addresses_text(const vrrp::InstanceSpec& spec) {
  std::string text;
  const auto add = [&](const vrrp::VirtualAddress& vip) { text += (text.empty() ? "" : ", ") + vip_text(vip, spec); };
  std::ranges::for_each(spec.addresses, add);
  if (!spec.excluded_addresses.empty()) text += text.empty() ? "not in adverts" : "; not in adverts";
  const std::size_t before = text.size();
  for (const vrrp::VirtualAddress& vip : spec.excluded_addresses) {
    text += (text.size() == before ? ": " : ", ") + vip_text(vip, spec);
  }
  return text.empty() ? "none" : text;
}

std::string adverts_text(const vrrp::InstanceCounters& counters) {
  return fmt::format("{} sent, {} received; the latest sent {} after its time", with_separators(counters.adverts_sent),
                     with_separators(counters.adverts_received), milliseconds_text(counters.worst_lateness));
}

// By reason, from all senders: of a flood only a sample is looked at, and the senders' own lines count that.
void append_rejections(std::string& out, const vrrp::InstanceCounters& counters) {
  std::string text;
  for (std::size_t i = 0; i < vrrp::kRejectionCount; ++i) {
    if (counters.rejected[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_separators(counters.rejected[i]),
                        to_string(static_cast<vrrp::Rejection>(i)));
  }
  if (!text.empty()) append_line(out, "Rejected", text);
  if (counters.adverts_limited != 0) {
    append_line(out, "Flooded",
                fmt::format("{} adverts of one sender were more than a router sends, and not looked at",
                            with_separators(counters.adverts_limited)));
  }
}

void append_remarks(std::string& out, const vrrp::InstanceCounters& counters) {
  if (counters.address_list_differs != 0) {
    append_line(
        out, "Differs",
        fmt::format("{} adverts named other addresses than ours (accepted)", with_separators(counters.address_list_differs)));
  }
  if (counters.interval_differs != 0) {
    append_line(
        out, "Differs",
        fmt::format("{} adverts had another interval than ours (accepted)", with_separators(counters.interval_differs)));
  }
  if (counters.stalls != 0) {
    append_line(out, "Stalled",
                fmt::format("{} times for longer than the master-down interval", with_separators(counters.stalls)));
  }
}

std::string virtual_mac_text(const vrrp::InstanceSpec& spec) {
  return fmt::format("{} on {}{}", vrrp::virtual_mac(spec).to_string(), spec.virtual_mac->interface,
                     spec.virtual_mac->transmit_base ? fmt::format(", adverts from that of {}", spec.interface) : "");
}

void append_instance(std::string& out, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  out += fmt::format("{}: {} ({})\n", spec.name, state_text(status, all.now), status.why);
  for (const std::string& text : conflict_texts(instance)) append_line(out, "CONFLICT", text);
  for (const vrrp::RejectedPeer& peer : status.rejected_peers) append_line(out, "REJECTED", rejected_text(instance, peer));
  append_line(out, "Master", master_text(instance));
  append_line(out, "Priority", priority_text(status));
  append_line(out, "Router",
              fmt::format("VRID {} on {}, VRRP version {}{}", spec.virtual_router_id, spec.interface, spec.version,
                          spec.auth_pass.empty() ? "" : ", with a password"));
  if (spec.virtual_mac) append_line(out, "MAC", virtual_mac_text(spec));
  append_line(out, "Source", source_text(instance));
  append_line(out, "Addresses", addresses_text(spec));
  append_line(out, "Adverts", adverts_text(status.counters));
  append_rejections(out, status.counters);
  append_remarks(out, status.counters);
  if (status.next) append_line(out, "Next", next_text(status, all.now));
  out += '\n';
}

std::string summary(std::span<const VrrpInstanceView> instances) {
  TextTable table{
      {{"Instance"}, {"State"}, {"Since", kRight}, {"Priority", kRight}, {"VRID", kRight}, {"Interface"}, {"Master"}}};
  for (const auto& [spec, status, all] : instances) {
    std::string master = "this host";
    if (status.state != State::kMaster) master = status.master ? status.master->address.to_string() : "none heard";
    table.add({spec.name, std::string{to_string(status.state)}, moment_text(all.now - status.since),
               std::to_string(status.effective_priority), std::to_string(spec.virtual_router_id), spec.interface,
               std::move(master)});
  }
  return table.text() + '\n';
}

void append_sync_groups(std::string& out, const VrrpStatus& status) {
  for (const vrrp::SyncGroupStatus& group : status.thread.sync_groups) {
    std::string members;
    const auto spec = std::ranges::find(status.spec.sync_groups, group.name, &vrrp::SyncGroupSpec::name);
    if (spec != status.spec.sync_groups.end()) {
      for (const std::string& name : spec->instances) members += (members.empty() ? "" : ", ") + name;
    }
    out += fmt::format("Sync group {}: {} for {}: {}\n", group.name, to_string(group.state),
                       moment_text(status.now - group.since), members);
  }
}

void append_rest(std::string& out, const VrrpStatus& status) {
  const VrrpThreadStatus& thread = status.thread;
  const auto frames = [](std::uint64_t count) { return with_separators(count) + (count == 1 ? " frame" : " frames"); };
  if (thread.strangers.unreadable != 0) {
    out += fmt::format("{} of protocol 112 could not be read as an advert.\n", frames(thread.strangers.unreadable));
  }
  if (thread.strangers.unknown_router != 0) {
    out += fmt::format("{} came for virtual routers that are not configured here.\n", frames(thread.strangers.unknown_router));
  }
  if (status.not_accepted != 0) {
    out += fmt::format("{} to addresses that this host doesn't answer for (no_accept, strict mode) didn't get to it.\n",
                       frames(status.not_accepted));
  }
  if (thread.frames_lost != 0) out += fmt::format("{} could not be sent: the port took none.\n", frames(thread.frames_lost));
  if (thread.frames_without_way != 0) {
    out += fmt::format("{} could not be sent: the MAC address of a unicast peer isn't known.\n",
                       frames(thread.frames_without_way));
  }
  out += fmt::format("Timers of the VRRP thread ran at most {} late.\n", milliseconds_text(thread.worst_delay));
}

}  // namespace

std::string show_vrrp(const VrrpStatus& status) {
  const auto instances = vrrp_instances(status);
  if (instances.empty()) return "No VRRP instance is configured.\n";
  std::string out = instances.size() > 1 ? summary(instances) : "";
  for (const VrrpInstanceView& instance : instances) append_instance(out, instance);
  append_sync_groups(out, status);
  append_rest(out, status);
  return out;
}

}  // namespace penstock::control
