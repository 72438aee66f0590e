// Any bytes as a client of the daemon's socket. Rules:
//   - a request is answered once its line ends, it is too long, or the client stops sending, and the answer is the same however
//   the request is cut into pieces and however late the connections come;
//   - the answer is whole frames, the last of them (and only it) an exit status of 0, 1 or 2; a refusal is one line on stderr
//   and nothing else is there;
//   - JSON is JSON, whatever names are in it;
//   - commands that read change nothing, and leave no walk over the connections behind;
//   - sorting like ipvsadm loses no service and invents none.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "control/cli/answer.h"

namespace penstock::control {

// What a request's words lead to: the daemon's answer_command(), or a mutant of it.
using Answering = std::function<Answer(std::span<const std::string> args, StatusSource& source)>;

// The first byte is the size of the pieces, the second has flags: 1: the rest is words, each a byte that names one of
// request_words() or gives the length of the word that follows; else it is what the client sends; 2: connections come late;
// 4: the client stops sending in the middle of the line. The third is the length of the name that follows and that everything
// is called by which may have one. Throws test::BrokenRule.
void play_request(std::string_view bytes, const Answering& answering);

[[nodiscard]] std::span<const std::string_view> request_words();

}  // namespace penstock::control
