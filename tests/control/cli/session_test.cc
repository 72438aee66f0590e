// One client without a socket: requests in pieces, garbage, bounds, and listings that stream with back-pressure.
#include "control/cli/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "control/cli/commands.h"
#include "control/cli/protocol.h"
#include "tests/control/cli/fake_source.h"

namespace penstock::control {
namespace {

struct Reply {
  std::string out;
  std::string err;
  std::optional<int> exit_status;
};

void read_frames(FrameReader& reader, Reply& reply) {
  while (true) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame) << frame.error();
    if (!frame->has_value()) return;
    ASSERT_FALSE(reply.exit_status) << "a frame after the exit frame";
    switch ((*frame)->type) {
      case FrameType::kStdout: reply.out += (*frame)->payload; break;
      case FrameType::kStderr: reply.err += (*frame)->payload; break;
      case FrameType::kExit: reply.exit_status = (*frame)->exit_status(); break;
    }
  }
}

class SessionTest : public testing::Test {
 protected:
  // Sends what is ready, `step` bytes at a time.
  Reply drain(std::size_t step = 1U << 20) {
    Reply reply;
    FrameReader reader;
    while (!session.output().empty()) {
      most_output = std::max(most_output, session.output().size());
      const std::string_view piece = session.output().substr(0, step);
      reader.receive(piece);
      session.sent(piece.size());
      read_frames(reader, reply);
    }
    return reply;
  }

  FakeSource source;
  int announced = 0;
  std::size_t most_output = 0;
  Session session{[this](std::span<const std::string> args) { return printed(answer_command(args, source)); },
                  [this] { ++announced; }};
};

std::string request(std::initializer_list<std::string> words) { return encode_request(std::vector<std::string>{words}); }

TEST_F(SessionTest, a_request_is_answered_whole) {
  source.config = "global_defs {\n}\n";
  session.receive(request({"show", "config"}));
  EXPECT_FALSE(session.wants_request());
  const Reply reply = drain();
  EXPECT_EQ(reply.out, "global_defs {\n}\n");
  EXPECT_EQ(reply.err, "");
  EXPECT_EQ(reply.exit_status, 0);
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, a_request_may_come_byte_by_byte_and_its_answer_go_byte_by_byte) {
  source.config = std::string(1000, 'x');
  const std::string line = request({"show", "config"});
  for (const char byte : line) {
    EXPECT_TRUE(session.output().empty());
    EXPECT_TRUE(session.wants_request());
    session.receive({&byte, 1});
  }
  EXPECT_FALSE(session.wants_request());
  EXPECT_FALSE(session.finished());
  const Reply reply = drain(1);
  EXPECT_EQ(reply.out, source.config);
  EXPECT_EQ(reply.exit_status, 0);
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, an_answer_larger_than_a_frame_is_cut_and_put_together) {
  for (std::size_t i = 0; source.config.size() < 3 * kMaxFrameBytes + 17; ++i) source.config += std::to_string(i);
  session.receive(request({"show", "config"}));
  EXPECT_EQ(drain(77'777).out, source.config);
}

TEST_F(SessionTest, what_follows_the_request_is_ignored) {
  source.config = "x";
  session.receive(request({"show", "config"}) + request({"show", "services"}));
  session.receive("more");
  EXPECT_EQ(drain().out, "x");
  EXPECT_TRUE(session.finished());
}

struct Garbage {
  std::string_view line;
  std::string_view sentence;
};

TEST(SessionGarbage, is_answered_with_a_sentence) {
  constexpr std::string_view kForm = "the request is not a line of the form {\"args\":[...]}\n";
  const Garbage rows[] = {
      {"", kForm},
      {"GET / HTTP/1.1\r", kForm},
      {"{", kForm},
      {"[]", kForm},
      {"null", kForm},
      {"{}", kForm},
      {"{\"args\":1}", kForm},
      {"{\"args\":{\"a\":\"show\"}}", kForm},
      {"{\"args\":[\"show\"]} x", kForm},
      {"{\"args\":[\"\xff\xfe\"]}", kForm},
      {std::string_view{"\0\0\0\0", 4}, kForm},
      {"{\"args\":[\"show\",1]}", "an argument of the request is not a string\n"},
      {"{\"args\":[null]}", "an argument of the request is not a string\n"},
      {"{\"args\":[]}", "penstock: no command; see `penstock --help'\n"},
      {"{\"args\":[\"reboot\"]}", "penstock: there is no command reboot; see `penstock --help'\n"},
      {"{\"args\":[\"show\"]}",
       "penstock show what? There are services, connections, stats, rate, drops, workers, threads, ports, checks, vrrp, sync, "
       "config\n"},
  };
  for (const auto& [line, sentence] : rows) {
    FakeSource source;
    Session session{[&](std::span<const std::string> args) { return printed(answer_command(args, source)); }, [] {}};
    session.receive(std::string{line} + '\n');
    FrameReader reader;
    reader.receive(session.output());
    Reply reply;
    read_frames(reader, reply);
    EXPECT_EQ(reply.err, sentence) << line;
    EXPECT_EQ(reply.exit_status, 2) << line;
    session.sent(session.output().size());
    EXPECT_TRUE(session.finished()) << line;
  }
}

TEST(SessionGarbage, a_deeply_nested_request_is_refused_without_harm) {
  FakeSource source;
  Session session{[&](std::span<const std::string> args) { return printed(answer_command(args, source)); }, [] {}};
  session.receive(std::string(kMaxRequestBytes - 1, '[') + '\n');
  EXPECT_FALSE(session.wants_request());
}

TEST_F(SessionTest, a_request_without_end_is_cut_off_at_the_limit) {
  const std::string piece(4096, 'x');
  std::size_t sent = 0;
  for (; session.wants_request(); sent += piece.size()) {
    ASSERT_LE(sent, kMaxRequestBytes);
    session.receive(piece);
  }
  const Reply reply = drain();
  EXPECT_EQ(reply.err, "the request is too long\n");
  EXPECT_EQ(reply.exit_status, 2);
}

TEST_F(SessionTest, a_request_that_ends_early_is_answered) {
  session.receive("{\"args\":[");
  session.receive_end();
  const Reply reply = drain();
  EXPECT_EQ(reply.err, "the request ended before its line did\n");
  EXPECT_EQ(reply.exit_status, 2);
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, a_million_connections_stream_in_bounded_memory) {
  source.walk->total = 1'000'000;
  session.receive(request({"ipvsadm", "-Lnc"}));
  std::uint64_t lines = 0;
  FrameReader reader;
  bool ended = false;
  while (!session.output().empty()) {
    most_output = std::max(most_output, session.output().size());
    const std::string_view piece = session.output().substr(0, 65'536);
    reader.receive(piece);
    session.sent(piece.size());
    while (true) {
      const auto frame = reader.next();
      ASSERT_TRUE(frame);
      if (!frame->has_value()) break;
      ended = (*frame)->type == FrameType::kExit;
      if (!ended) lines += static_cast<std::uint64_t>(std::ranges::count((*frame)->payload, '\n'));
    }
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(lines, 1'000'002);
  EXPECT_LT(most_output, Session::kLowWater + 1000 * 120) << "one batch above the low-water mark";
}

TEST_F(SessionTest, a_client_that_does_not_read_is_not_listed_for) {
  source.walk->total = 1'000'000;
  session.receive(request({"show", "connections"}));
  const std::uint64_t asked = source.walk->batches_asked;
  EXPECT_LT(asked, 3);
  session.sent(10);
  EXPECT_EQ(source.walk->batches_asked, asked);
  session.sent(session.output().size() - 100);
  EXPECT_GT(source.walk->batches_asked, asked);
}

TEST_F(SessionTest, batches_may_come_later) {
  source.walk->total = 5;
  source.walk->batch = 2;
  source.walk->at_once = false;
  session.receive(request({"show", "connections", "--json"}));
  Reply all;
  FrameReader reader;
  for (int batch = 1; batch <= 3; ++batch) {
    EXPECT_TRUE(session.output().empty());
    EXPECT_FALSE(session.finished());
    ASSERT_TRUE(source.walk->owed);
    std::exchange(source.walk->owed, nullptr)();
    EXPECT_EQ(announced, batch);
    reader.receive(session.output());
    session.sent(session.output().size());
    read_frames(reader, all);
  }
  EXPECT_TRUE(session.finished());
  EXPECT_EQ(std::ranges::count(all.out, '\n'), 7);
  EXPECT_EQ(all.exit_status, 0);
}

TEST_F(SessionTest, an_empty_batch_in_the_middle_ends_nothing) {
  source.walk->total = 1;
  source.walk->batch = 0;
  source.walk->at_once = false;
  session.receive(request({"ipvsadm", "-Lnc"}));
  std::exchange(source.walk->owed, nullptr)();
  drain();
  EXPECT_FALSE(session.finished());
  source.walk->batch = 1;
  std::exchange(source.walk->owed, nullptr)();
  drain();
  std::exchange(source.walk->owed, nullptr)();
  const Reply reply = drain();
  EXPECT_NE(reply.out.find("10.0.0.0:1024"), std::string::npos);
  EXPECT_TRUE(session.finished());
}

TEST(SessionEnd, closes_the_walk) {
  FakeSource source;
  source.walk->total = 10;
  source.walk->at_once = false;
  {
    Session session{[&](std::span<const std::string> args) { return printed(answer_command(args, source)); }, [] {}};
    session.receive(request({"show", "connections"}));
    EXPECT_EQ(source.walk->open_cursors, 1);
  }
  EXPECT_EQ(source.walk->open_cursors, 0);
  EXPECT_FALSE(source.walk->owed);
}

TEST(FrameReader, takes_bytes_in_any_pieces) {
  std::string bytes;
  append_frames(bytes, FrameType::kStdout, "hello\n");
  append_frames(bytes, FrameType::kStderr, "oh\n");
  append_frames(bytes, FrameType::kStdout, "");
  append_exit_frame(bytes, 255);
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    FrameReader reader;
    Reply reply;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.receive(std::string_view{bytes}.substr(at, step));
      read_frames(reader, reply);
    }
    EXPECT_EQ(reply.out, "hello\n");
    EXPECT_EQ(reply.err, "oh\n");
    EXPECT_EQ(reply.exit_status, 255);
  }
}

TEST(FrameReader, refuses_what_is_not_the_protocol) {
  using namespace std::string_view_literals;
  for (const std::string_view bytes :
       {"HTTP/1.1 400"sv, "o\xff\xff\xff\xff"sv, "o\0\x10\0\x01"sv, "x\0\0\0\0"sv, "x\0\0\0\x02\0\0"sv}) {
    FrameReader reader;
    reader.receive(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
  }
}

TEST(Request, keeps_every_argument_that_is_text) {
  const std::vector<std::string> args{"show", "", "a b", "\"\\\n\t", "\xc3\xa4", std::string(1, '\0')};
  std::string line = encode_request(args);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  line.pop_back();
  EXPECT_EQ(parse_request(line), args);
}

}  // namespace
}  // namespace penstock::control
