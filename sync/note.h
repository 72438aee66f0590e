// What two Penstock nodes tell each other beside the kernel's protocol, in datagrams that the kernel ignores without a word.
//
// A note is a version 1 header alone, of no entries, whose `spare` isn't 0. Linux since 2.6.39 reads such a message by its
// version 0 rules, older ones know no others; by them its first byte is the number of entries, 0, so there is nothing to do
// and nothing to log (ip_vs_sync.c, ip_vs_process_message).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::sync {

// The value is the lower byte of `spare`.
enum class Note : std::uint8_t {
  kWantDump = 1,    // a backup asks for all connections
  kDumpBegins = 2,  // the master begins to send them,
  kDumpEnds = 3,    // and has sent them all;
  kDumpGoesOn = 4,  // meanwhile, again and again: there is more to come
};
inline constexpr std::uint8_t kNoteMark = 0x50;  // the upper byte of `spare`
inline constexpr std::array kNotes{Note::kWantDump, Note::kDumpBegins, Note::kDumpEnds, Note::kDumpGoesOn};
[[nodiscard]] std::string_view to_string(Note note);

inline constexpr std::size_t kNoteSize = 8;
[[nodiscard]] std::array<std::byte, kNoteSize> note_datagram(Note note, std::uint8_t syncid);

}  // namespace penstock::sync
