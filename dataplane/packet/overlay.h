// Reads and writes a wire header where it stands in packet memory.
//
// All wire structs are made of byte arrays (alignment 1), so any address will do; the project is compiled with
// -fno-strict-aliasing, so a header over std::byte is what it looks like. Checking that the bytes are there is the caller's.
#pragma once

#include <cstddef>
#include <type_traits>

namespace penstock::packet {

template <class T>
concept WireHeader = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> && alignof(T) == 1;

// Precondition: sizeof(Header) bytes are readable (and writable) at `bytes`. The reference lives as long as they do.
template <WireHeader Header>
[[nodiscard]] Header& overlay(std::byte* bytes) {
  return *reinterpret_cast<Header*>(bytes);
}
template <WireHeader Header>
[[nodiscard]] const Header& overlay(const std::byte* bytes) {
  return *reinterpret_cast<const Header*>(bytes);
}

}  // namespace penstock::packet
