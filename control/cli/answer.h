// What a command prints: text that is ready, and perhaps a stream of more.
//
// Only the listing of connections streams: there may be millions, so its text is made piece by piece, each when the reader has
// taken the one before.
#pragma once

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

struct Answer {
  int exit_status = 0;
  std::string out{};                     // stdout
  std::string err{};                     // stderr
  std::unique_ptr<AnswerStream> rest{};  // stdout after `out`; none: that was all
};

enum class ConnectionFormat { kTable, kIpvsadm, kIpvsadmPersistenceEngine, kJson };

// All connections as text, with title and end.
[[nodiscard]] std::unique_ptr<AnswerStream> stream_connections(std::unique_ptr<ConnectionCursor> cursor,
                                                               ConnectionFormat format);

}  // namespace penstock::control
