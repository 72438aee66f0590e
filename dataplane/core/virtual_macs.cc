#include "dataplane/core/virtual_macs.h"

#include <algorithm>
#include <utility>

namespace penstock::core {

void VirtualMacs::add(const VirtualMac& entry) {
  if (2 * (taken_ + 1) > slots_.size()) grow();
  Slot& slot = slots_[place_of(entry.mac)];
  if (std::exchange(slot.taken, true)) return;
  slot.entry = entry;
  ++taken_;
}

void VirtualMacs::grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(2 * slots_.size(), 4)));
  for (const Slot& slot : old) {
    if (slot.taken) slots_[place_of(slot.entry.mac)] = slot;
  }
}

}  // namespace penstock::core
