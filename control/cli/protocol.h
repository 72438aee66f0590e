// What goes over the daemon's Unix socket.
//
// The client sends one line of JSON, {"args":["show","services"]}. The daemon answers with frames - one byte of type, four
// bytes of length (big-endian), that many bytes - as the text becomes ready, and ends with the frame that carries the exit
// status. So a listing of any length streams, its end is told from a broken connection, and stdout and stderr keep their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::control {

inline constexpr std::string_view kDefaultSocketPath = "/run/penstock/penstock.sock";

// Limits that keep one side's mistakes from the other's memory.
inline constexpr std::size_t kMaxRequestBytes = 65'536;  // far above any command line that makes sense
inline constexpr std::size_t kMaxFrameBytes = 1U << 20;  // a frame that claims more is garbage

enum class FrameType : char { kStdout = 'o', kStderr = 'e', kExit = 'x' };

// With the line's end. Arguments that are no UTF-8 are sent with replacement characters.
[[nodiscard]] std::string encode_request(std::span<const std::string> args);
// `line` without its end; the error is a sentence for the client.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> parse_request(std::string_view line);

// Cuts `payload` into as many frames as it needs; nothing for an empty one. Not for kExit.
void append_frames(std::string& out, FrameType type, std::string_view payload);
// 0..255.
void append_exit_frame(std::string& out, int exit_status);

// Takes the daemon's bytes in whatever pieces they come, and gives whole frames.
class FrameReader {
 public:
  struct Frame {
    FrameType type{};
    std::string payload;
    [[nodiscard]] int exit_status() const { return static_cast<unsigned char>(payload.at(0)); }  // kExit
  };

  void receive(std::string_view bytes) { buffer_ += bytes; }
  // The next frame; nothing when more bytes are needed; an error (no further call makes sense) when they are not this
  // protocol's.
  [[nodiscard]] std::expected<std::optional<Frame>, std::string> next();

 private:
  std::string buffer_;
  std::size_t at_ = 0;  // bytes of buffer_ already given
};

}  // namespace penstock::control
