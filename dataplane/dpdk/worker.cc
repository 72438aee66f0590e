// The worker of the daemon. Compiled without exceptions, so that no path out of per-packet code is hidden.
#include "dataplane/dpdk/worker.h"

#include "dataplane/core/forwarder.h"
#include "dataplane/core/snapshot.h"

namespace penstock::dpdk {

template class Worker<core::Forwarder, core::Snapshot, core::Released>;

}  // namespace penstock::dpdk
