#include "sync/note.h"

#include "dataplane/packet/overlay.h"
#include "sync/wire.h"

namespace penstock::sync {

std::string_view to_string(Note note) {
  switch (note) {
    case Note::kWantDump: return "want dump";
    case Note::kDumpBegins: return "dump begins";
    case Note::kDumpEnds: return "dump ends";
    case Note::kDumpGoesOn: return "dump goes on";
  }
  return "unknown";
}

std::array<std::byte, kNoteSize> note_datagram(Note note, std::uint8_t syncid) {
  static_assert(kNoteSize == sizeof(wire::Header));
  std::array<std::byte, kNoteSize> datagram{};
  auto& header = packet::overlay<wire::Header>(datagram.data());
  header.syncid = syncid;
  header.size.set(kNoteSize);
  header.version = wire::kVersion;
  header.spare.set(static_cast<std::uint16_t>(kNoteMark << 8 | static_cast<unsigned>(note)));
  return datagram;
}

}  // namespace penstock::sync
