#include "control/cli/protocol.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace penstock::control {
namespace {

using nlohmann::json;

constexpr std::size_t kHeaderBytes = 5;

void append_frame(std::string& out, FrameType type, std::string_view payload) {
  out += static_cast<char>(type);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(payload.size() >> shift & 0xff);
  out += payload;
}

}  // namespace

std::string encode_request(std::span<const std::string> args) {
  return json{{"args", std::vector<std::string>{args.begin(), args.end()}}}.dump(-1, ' ', false,
                                                                                 json::error_handler_t::replace) +
         '\n';
}

std::expected<std::vector<std::string>, std::string> parse_request(std::string_view line) {
  const json request = json::parse(line, nullptr, false);
  const auto args = request.is_object() ? request.find("args") : request.end();
  if (!request.is_object() || args == request.end() || !args->is_array())
    return std::unexpected("the request is not a line of the form {\"args\":[...]}");
  std::vector<std::string> words;
  for (const json& word : *args) {
    if (!word.is_string()) return std::unexpected("an argument of the request is not a string");
    words.push_back(word.get<std::string>());
  }
  return words;
}

void append_frames(std::string& out, FrameType type, std::string_view payload) {
  while (!payload.empty()) {
    const std::string_view piece = payload.substr(0, kMaxFrameBytes);
    append_frame(out, type, piece);
    payload.remove_prefix(piece.size());
  }
}

void append_exit_frame(std::string& out, int exit_status) {
  const char byte = static_cast<char>(exit_status);
  append_frame(out, FrameType::kExit, {&byte, 1});
}

std::expected<std::optional<FrameReader::Frame>, std::string> FrameReader::next() {
  const std::string_view bytes = std::string_view{buffer_}.substr(at_);
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  const auto type = static_cast<FrameType>(bytes[0]);
  std::size_t length = 0;
  for (std::size_t i = 1; i < kHeaderBytes; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  const bool known = type == FrameType::kStdout || type == FrameType::kStderr || type == FrameType::kExit;
  if (!known || length > kMaxFrameBytes || (type == FrameType::kExit && length != 1))
    return std::unexpected("what answers on the socket doesn't speak penstock's protocol");
  if (bytes.size() < kHeaderBytes + length) return std::nullopt;
  Frame frame{type, std::string{bytes.substr(kHeaderBytes, length)}};
  at_ += kHeaderBytes + length;
  if (at_ >= kMaxFrameBytes || at_ == buffer_.size()) {  // give back what is read, but not at each small frame
    buffer_.erase(0, at_);
    at_ = 0;
  }
  return frame;
}

}  // namespace penstock::control
