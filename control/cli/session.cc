#include "control/cli/session.h"

#include <utility>

#include "control/cli/protocol.h"

namespace penstock::control {

Session::~Session() = default;

void Session::receive(std::string_view bytes) {
  if (answering_) return;
  const std::size_t end = bytes.find('\n');
  request_ += bytes.substr(0, end);
  if (request_.size() > kMaxRequestBytes) {
    start({.exit_status = 2, .err = "the request is too long\n"});
  } else if (end != std::string_view::npos) {
    answer_line(std::exchange(request_, {}));
  }
}

void Session::receive_end() {
  if (!answering_) start({.exit_status = 2, .err = "the request ended before its line did\n"});
}

void Session::answer_line(std::string_view line) {
  const auto args = parse_request(line);
  start(args ? run_(*args) : Answer{.exit_status = 2, .err = args.error() + '\n'});
}

void Session::start(Answer answer) {
  answering_ = true;
  request_ = {};
  append_frames(output_, FrameType::kStderr, answer.err);
  append_frames(output_, FrameType::kStdout, answer.out);
  exit_status_ = answer.exit_status;
  stream_ = std::move(answer.rest);
  if (stream_) {
    pull();
  } else {
    append_exit_frame(output_, exit_status_);
    complete_ = true;
  }
}

void Session::sent(std::size_t bytes) {
  sent_ += bytes;
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
  } else if (sent_ > output_.size() / 2) {  // moves each byte once on average
    output_.erase(0, sent_);
    sent_ = 0;
  }
  if (stream_) pull();
}

// Asks for pieces until enough waits to be sent. A stream that delivers at once fills the output in this loop; one that
// delivers later comes back by take().
void Session::pull() {
  if (pulling_) return;
  pulling_ = true;
  while (stream_ && !complete_ && !waiting_ && output().size() < kLowWater) {
    waiting_ = true;
    stream_->more([this](const std::string& piece, bool last) { take(piece, last); });
  }
  pulling_ = false;
}

void Session::take(const std::string& piece, bool last) {
  waiting_ = false;
  append_frames(output_, FrameType::kStdout, piece);
  if (last) {
    append_exit_frame(output_, exit_status_);
    complete_ = true;
  }
  if (pulling_) return;  // pull() goes on
  pull();
  on_output_();
}

}  // namespace penstock::control
