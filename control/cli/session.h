// One client of the daemon's socket, without the socket: bytes in, bytes out, and when to ask the answer for more.
//
// Bounds: a request is at most kMaxRequestBytes; the next piece of a streamed answer is asked for only while less than
// kLowWater waits to be sent, so a client that doesn't read costs one piece more than that. Control-owned.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "control/cli/answer.h"

namespace penstock::control {

class Session {
 public:
  static constexpr std::size_t kLowWater = 65'536;

  using Run = std::function<Answer(std::span<const std::string> args)>;

  // `run` makes the answer to a well-formed request. `on_output` is called when output comes up outside of receive() and
  // sent(): from a stream that delivers later.
  Session(Run run, std::function<void()> on_output) : run_{std::move(run)}, on_output_{std::move(on_output)} {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Bytes from the client. What follows the request's line is ignored.
  void receive(std::string_view bytes);
  // The client has sent all it will: an unfinished request is answered as malformed.
  void receive_end();

  // What to send next; sent() says how much of it went.
  [[nodiscard]] std::string_view output() const { return std::string_view{output_}.substr(sent_); }
  void sent(std::size_t bytes);

  [[nodiscard]] bool wants_request() const { return !answering_; }
  // All of the answer has been sent.
  [[nodiscard]] bool finished() const { return complete_ && output().empty(); }

 private:
  void answer_line(std::string_view line);
  void start(Answer answer);
  void pull();
  void take(const std::string& piece, bool last);

  Run run_;
  std::function<void()> on_output_;
  std::string request_;
  std::string output_;
  std::size_t sent_ = 0;
  std::unique_ptr<AnswerStream> stream_;
  int exit_status_ = 0;
  bool answering_ = false;  // the request is in
  bool waiting_ = false;    // the stream owes a piece
  bool pulling_ = false;    // inside pull()
  bool complete_ = false;   // the exit frame is in output_
};

}  // namespace penstock::control
