// What a command prints: text that is ready, text that is still to be made, or a stream.
//
// The listing of connections streams: there may be millions, so its text is made piece by piece, each when the reader has
// taken the one before. Listings of servers and checks are made from a copy of what they tell, on a thread of their own
// (printer.h): ten thousand servers as JSON take most of a second, which no verdict and no packet for the kernel may wait for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/cli/status_source.h"

namespace penstock::control {

class AnswerStream {
 public:
  using Deliver = std::function<void(std::string piece, bool last)>;

  // A callback that has not been called is dropped.
  virtual ~AnswerStream() = default;
  // Asks for the next piece (it may be empty). `deliver` is called exactly once, at once or later. Precondition: the previous
  // call was answered, and not as the last.
  virtual void more(Deliver deliver) = 0;
};

// From values of its own, so that any thread may call it. Once.
using MakeText = std::move_only_function<std::string()>;

struct Answer {
  int exit_status = 0;
  std::string out{};                     // stdout
  std::string err{};                     // stderr
  std::unique_ptr<AnswerStream> rest{};  // stdout after `out`; none: that was all
  MakeText print{};                      // makes stdout, in place of `out` and `rest`; none: there is nothing to make
};

// The same with its text made here and now.
[[nodiscard]] Answer printed(Answer answer);

enum class ConnectionFormat : std::uint8_t { kTable, kIpvsadm, kIpvsadmPersistenceEngine, kJson };

// All connections as text, with title and end.
[[nodiscard]] std::unique_ptr<AnswerStream> stream_connections(std::unique_ptr<ConnectionCursor> cursor,
                                                               ConnectionFormat format);

}  // namespace penstock::control
