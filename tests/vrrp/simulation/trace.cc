#include "tests/vrrp/simulation/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::vrrp::simulation {
namespace {

using What = Trace::What;

std::string words(What what, std::int64_t a, std::int64_t b) {
  switch (what) {
    case What::kAdvert: return fmt::format("sends advert, instance {}, priority {}", a, b);
    case What::kAnnounce: return fmt::format("announces VIP {} of instance {}", b, a);
    case What::kOwns: return fmt::format("MASTER of instance {}", a);
    case What::kDisowns: return fmt::format("no longer master of instance {}", a);
    case What::kHears: return fmt::format("hears advert, instance {}, priority {}", a, b);
    case What::kAttack: return a != 0 ? "is attacked by an advert for its virtual router" : "is attacked";
    case What::kStart: return "starts";
    case What::kCrash: return "crashes";
    case What::kStop: return "stops";
    case What::kStall: return "stalls";
    case What::kResume: return fmt::format("runs again, {} frames waited", a);
    case What::kLinkUp: return "link up";
    case What::kLinkDown: return "link down";
    case What::kScriptWell: return fmt::format("script {} succeeds", a == 0 ? "weight" : "condition");
    case What::kScriptFails: return fmt::format("script {} fails", a == 0 ? "weight" : "condition");
    case What::kReload: return fmt::format("reloads: priority {}, interval {} ms", a, b);
    case What::kCut: return fmt::format("no longer reaches router {}", a);
    case What::kHeal: return "all reach all";
    case What::kBurst: return fmt::format("bad times: {} % of frames lost, {} % duplicated", a, b);
    case What::kCalm: return "good times";
    case What::kSettled: return "settled, as it should";
  }
  std::unreachable();
}

}  // namespace

void Trace::add(Nanoseconds at, int router, What what, std::int64_t a, std::int64_t b) {
  entries_[count_++ % kKept] = {.at = at, .router = router, .what = what, .a = a, .b = b};
  if (what == What::kAttack || what == What::kResume) return;
  const auto mix = [&](std::int64_t value) {
    digest_ ^= static_cast<std::uint64_t>(value);
    digest_ *= 0x100000001b3U;
  };
  mix(at.count());
  mix(router * 256 + std::to_underlying(what));
  mix(a * 65536 + b);
}

std::string Trace::text() const {
  std::string text;
  for (std::size_t i = count_ - std::min(count_, kKept); i < count_; ++i) {
    const Entry& entry = entries_[i % kKept];
    const std::string who = entry.router == kNobody ? "LAN" : fmt::format("router {}", entry.router);
    text += fmt::format("{:16.9f} s  {:9} {}\n", std::chrono::duration<double>(entry.at).count(), who,
                        words(entry.what, entry.a, entry.b));
  }
  return text;
}

}  // namespace penstock::vrrp::simulation
