// Fuzz target: any bytes as a client of the daemon's socket, and any words as a command. Rules:
//   - a request is answered exactly once its line ends, it is too long, or the client stops sending, however it is cut into
//   pieces;
//   - the answer is whole frames, the last of them (and only it) an exit status of 0, 1 or 2, with a sentence on stderr unless
//   it is 0;
//   - a refused command has a message of one line.
// A broken rule aborts. The unit tests call it too (request_fuzz_test.cc), so that it can't rot between runs of the fuzzer.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "control/cli/commands.h"
#include "control/cli/protocol.h"
#include "control/cli/session.h"
#include "tests/control/cli/fake_source.h"
#include "tests/control/cli/golden.h"

namespace {

using namespace penstock::control;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

FakeSource make_source() {
  FakeSource source;
  source.service_list = golden::mixed_services();
  source.daemon_status = golden::daemon();
  source.walk->total = 3;
  source.walk->batch = 2;
  return source;
}

void check_answer(Session& session) {
  FrameReader reader;
  bool sentence = false;
  bool ended = false;
  while (!session.output().empty()) {
    const std::string_view piece = session.output().substr(0, 4096);
    reader.receive(piece);
    session.sent(piece.size());
    while (true) {
      const auto frame = reader.next();
      require(frame.has_value(), "the answer is made of frames");
      if (!frame->has_value()) break;
      require(!ended, "nothing follows the exit status");
      sentence = sentence || (*frame)->type == FrameType::kStderr;
      ended = (*frame)->type == FrameType::kExit;
      if (!ended) continue;
      require((*frame)->exit_status() <= 2, "the exit status is 0, 1 or 2");
      require(sentence == ((*frame)->exit_status() != 0), "a failure has a sentence, and nothing else has one");
    }
  }
  require(ended, "the answer ends with the exit status");
  require(session.finished(), "a session is finished when its answer is sent");
}

void feed_session(FakeSource& source, std::string_view bytes, std::size_t step) {
  Session session{[&source](std::span<const std::string> args) { return printed(answer_command(args, source)); }, [] {}};
  std::size_t at = 0;
  for (; at < bytes.size() && session.wants_request(); at += step) session.receive(bytes.substr(at, step));
  if (session.wants_request()) {
    require(bytes.find('\n') == std::string_view::npos && bytes.size() <= kMaxRequestBytes,
            "a line that has ended is answered");
    require(session.output().empty(), "no answer comes before the request has ended");
    session.receive_end();
  }
  check_answer(session);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

void feed_command(std::string_view text) {
  std::vector<std::string> words = words_of(text);
  words.insert(words.begin(), "ipvsadm");
  const auto command = parse_command(words);
  if (!command) require(!command.error().message.empty(), "a refusal has a message");
}

}  // namespace

// The first byte is the size of the pieces; where it is even, the rest also comes as a well-formed request of these words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static FakeSource source = make_source();
  if (size == 0) return 0;
  const std::size_t step = std::size_t{data[0]} + 1;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  feed_session(source, bytes, step);
  feed_command(bytes);
  if (data[0] % 2 == 0) {
    const std::string line = encode_request(words_of(bytes));
    if (line.size() <= kMaxRequestBytes) feed_session(source, line, step);
  }
  return 0;
}
