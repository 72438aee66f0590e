// By which ring a frame goes to the kernel.
#pragma once

#include "dataplane/core/frame.h"
#include "dataplane/core/snapshot.h"
#include "dataplane/packet/parse.h"

namespace penstock::core {

// All of protocol 112 is kVrrp here; AdvertGate then tells what is doubtful. Precondition: the frame is not malformed.
[[nodiscard]] PuntClass punt_class_of(const Snapshot& snapshot, const Frame& frame, const packet::ParsedFrame& parsed);

}  // namespace penstock::core
