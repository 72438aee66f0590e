#include "control/daemon/kernel_network.h"

#include <utility>

#include "control/log.h"

namespace penstock::control {

std::expected<KernelNetwork::Requesters, std::string> KernelNetwork::open_requesters() {
  std::expected<Requester, std::string> opened[] = {Requester::open(), Requester::open(), Requester::open(), Requester::open(),
                                                    Requester::open()};
  for (const auto& requester : opened) {
    if (!requester) return std::unexpected{requester.error()};
  }
  return Requesters{std::move(*opened[0]), std::move(*opened[1]), std::move(*opened[2]), std::move(*opened[3]),
                    std::move(*opened[4])};
}

std::expected<std::unique_ptr<KernelNetwork>, std::string> KernelNetwork::open(EventLoop& loop,
                                                                               NextHopTracker::OnChange on_next_hops) {
  auto mirror = NetworkMirror::open(loop);
  if (!mirror) return std::unexpected{mirror.error()};
  auto requesters = open_requesters();
  if (!requesters) return std::unexpected{requesters.error()};
  return std::unique_ptr<KernelNetwork>{
      new KernelNetwork{loop, std::move(*mirror), std::move(*requesters), std::move(on_next_hops)}};
}

KernelNetwork::KernelNetwork(EventLoop& loop, std::unique_ptr<NetworkMirror> mirror, Requesters requesters,
                             NextHopTracker::OnChange on_next_hops)
    : mirror_{std::move(mirror)},
      links_{std::move(requesters.links)},
      addresses_{std::move(requesters.addresses)},
      routes_{std::move(requesters.routes)},
      keeper_{loop,
              *mirror_,
              std::move(requesters.neighbours),
              {.most_v4 = NeighbourKeeper::limit_of_kernel(true),
               .most_v6 = NeighbourKeeper::limit_of_kernel(false),
               .on_problem = [](const std::string& problem) { log::warning("{}", problem); }}},
      tracker_{loop, *mirror_, keeper_, RouteLookup{std::move(requesters.lookups)}, std::move(on_next_hops)} {}

}  // namespace penstock::control
