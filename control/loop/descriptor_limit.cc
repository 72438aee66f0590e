#include "control/loop/descriptor_limit.h"

namespace penstock::control {
namespace {

std::optional<rlimit> before_raise;

}  // namespace

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (!before_raise) before_raise = limit;
  // Root may, up to fs.nr_open.
  const rlimit enough{.rlim_cur = kEnoughDescriptors, .rlim_max = kEnoughDescriptors};
  if (limit.rlim_max < kEnoughDescriptors && setrlimit(RLIMIT_NOFILE, &enough) == 0) return kEnoughDescriptors;
  const rlimit all{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &all) == 0 ? all.rlim_cur : limit.rlim_cur;
}

std::optional<rlimit> descriptor_limit_for_children() { return before_raise; }

}  // namespace penstock::control
