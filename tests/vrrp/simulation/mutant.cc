#include "tests/vrrp/simulation/mutant.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "vrrp/advert_codec.h"

namespace penstock::vrrp::simulation {
namespace {

bool is_of(const Action& action, Wire::Kind kind) {
  const auto* frame = std::get_if<SendFrame>(&action);
  return frame != nullptr && read_wire(frame->frame).kind == kind;
}
bool is_announcement(const Action& action) { return is_of(action, Wire::Kind::kAnnouncement); }
bool is_advert(const Action& action) { return is_of(action, Wire::Kind::kAdvert); }
bool is_farewell(const Action& action) {
  return is_advert(action) && read_wire(std::get<SendFrame>(action).frame).priority == 0;
}
bool disowns(const Action& action) {
  const auto* owner = std::get_if<SetOwner>(&action);
  return owner != nullptr && !owner->owns;
}
bool owns(const Action& action) {
  const auto* owner = std::get_if<SetOwner>(&action);
  return owner != nullptr && owner->owns;
}

void bend_announcements(Actions& actions) {
  for (Action& action : actions) {
    if (is_announcement(action))
      std::get<SendFrame>(action).frame[27] ^= std::byte{1}, std::get<SendFrame>(action).frame.back() ^= std::byte{1};
  }
}

// Every regular one but the fourth. Those that come with a change stay.
void thin_out(Actions& actions, std::uint64_t& adverts) {
  if (std::ranges::any_of(actions, [](const Action& action) { return std::holds_alternative<SetOwner>(action); })) return;
  std::erase_if(actions, [&](const Action& action) { return is_advert(action) && ++adverts % 4 != 0; });
}

}  // namespace

std::string_view to_string(Mutant mutant) {
  switch (mutant) {
    case Mutant::kNone: return "None";
    case Mutant::kKeepsAddresses: return "KeepsAddresses";
    case Mutant::kSwallowsAnnouncements: return "SwallowsAnnouncements";
    case Mutant::kForgetsLastAddress: return "ForgetsLastAddress";
    case Mutant::kAnnouncesWrongMac: return "AnnouncesWrongMac";
    case Mutant::kAnnouncesBeforeAdvert: return "AnnouncesBeforeAdvert";
    case Mutant::kOwnsBeforeAdvert: return "OwnsBeforeAdvert";
    case Mutant::kRejectedAdvertRearmsTimer: return "RejectedAdvertRearmsTimer";
    case Mutant::kIgnoresSkew: return "IgnoresSkew";
    case Mutant::kIgnoresPriorityZero: return "IgnoresPriorityZero";
    case Mutant::kTiesByLowerAddress: return "TiesByLowerAddress";
    case Mutant::kAdvertisesTooRarely: return "AdvertisesTooRarely";
    case Mutant::kDoesNotListenAfterStall: return "DoesNotListenAfterStall";
    case Mutant::kGroupOutOfStep: return "GroupOutOfStep";
    case Mutant::kIgnoresNopreempt: return "IgnoresNopreempt";
    case Mutant::kToleratesSecondMaster: return "ToleratesSecondMaster";
    case Mutant::kIgnoresLinkDown: return "IgnoresLinkDown";
    case Mutant::kIgnoresTrackers: return "IgnoresTrackers";
    case Mutant::kStopsWithoutFarewell: return "StopsWithoutFarewell";
    case Mutant::kBelievesAnyPassword: return "BelievesAnyPassword";
    case Mutant::kForgetsReload: return "ForgetsReload";
    case Mutant::kDeafBackup: return "DeafBackup";
  }
  std::unreachable();
}

void mutate_spec(RouterSpec& spec, Mutant mutant) {
  if (mutant == Mutant::kGroupOutOfStep) spec.sync_groups.clear();
  if (mutant != Mutant::kIgnoresNopreempt) return;
  for (InstanceSpec& instance : spec.instances) instance.nopreempt = false;
}

bool lets_in(const Wire& wire, bool owns, Mutant mutant) {
  if (mutant == Mutant::kIgnoresPriorityZero) return wire.priority != 0;
  if (mutant == Mutant::kToleratesSecondMaster) return !owns;
  if (mutant == Mutant::kDeafBackup) return owns || wire.priority == 0;
  return true;
}

// The address of somebody else is mirrored at ours, so that who was higher is lower; the password becomes the right one.
void mutate_incoming(std::vector<std::byte>& frame, const Wire& wire, std::uint8_t own, Mutant mutant) {
  const bool mirrors = mutant == Mutant::kTiesByLowerAddress;
  if (!mirrors && mutant != Mutant::kBelievesAnyPassword) return;
  const auto heard = read_frame(frame);
  if (!heard) return;
  auto advert = read_message(*heard);
  if (!advert) return;
  Envelope envelope{
      .source_mac = heard->source_mac, .source = heard->source, .destination = heard->destination, .ttl = heard->ttl};
  if (mirrors) {
    const auto mirrored = static_cast<std::uint8_t>(2 * own + 100 - wire.source);
    if (heard->source.is_v4()) {
      envelope.source = packet::Ipv4Address{(heard->source.v4().value() & 0xffffff00U) + (wire.source > own ? 0U : 200U)};
    } else {
      packet::Ipv6Address source = heard->source.v6();
      source.bytes[15] = wire.source > own ? 0 : mirrored;
      envelope.source = source;
    }
  } else if (advert->authentication_type == 1) {
    advert->authentication = authentication_of("password");
  }
  frame = advert_frame(*advert, envelope);
}

void mutate_actions(Actions& actions, bool stopping, std::uint64_t& adverts, Mutant mutant) {
  switch (mutant) {
    case Mutant::kKeepsAddresses: std::erase_if(actions, disowns); break;
    case Mutant::kSwallowsAnnouncements: std::erase_if(actions, is_announcement); break;
    case Mutant::kForgetsLastAddress:
      std::erase_if(actions, [](const Action& action) {
        return is_announcement(action) && read_wire(std::get<SendFrame>(action).frame).address == 1;
      });
      break;
    case Mutant::kAnnouncesWrongMac: bend_announcements(actions); break;
    case Mutant::kAnnouncesBeforeAdvert: std::ranges::stable_partition(actions, is_announcement); break;
    case Mutant::kOwnsBeforeAdvert: std::ranges::stable_partition(actions, owns); break;
    case Mutant::kAdvertisesTooRarely: thin_out(actions, adverts); break;
    case Mutant::kStopsWithoutFarewell:
      if (stopping) std::erase_if(actions, is_farewell);
      break;
    default: break;
  }
}

}  // namespace penstock::vrrp::simulation
