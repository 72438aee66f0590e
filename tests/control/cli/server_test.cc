// What the daemon's socket does for clients of every kind.
#include "control/cli/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "control/cli/protocol.h"
#include "tests/control/cli/cli_stage.h"

namespace penstock::control {
namespace {

namespace fs = std::filesystem;

using test::Ended;

class CliServerTest : public test::CliStage {};

void send_text(const Descriptor& connection, std::string_view text) {
  ASSERT_EQ(send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

TEST_F(CliServerTest, something_else_on_the_socket_is_told_from_the_daemon) {
  auto listener = listen_unix(path);
  ASSERT_TRUE(listener);
  FdWatch watch = loop.add_fd(listener->get(), {.readable = true}, [&](FdEvents) {
    const Descriptor client{accept(listener->get(), nullptr, nullptr)};
    if (client) send_text(client, "220 mail.example.org ESMTP\r\n");
  });
  const Ended run = penstock({"show", "services"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_NE(run.err.find("doesn't speak penstock's protocol"), std::string::npos) << run.err;
}

TEST_F(CliServerTest, a_daemon_that_ends_in_the_middle_of_an_answer_is_noticed) {
  auto listener = listen_unix(path);
  ASSERT_TRUE(listener);
  FdWatch watch = loop.add_fd(listener->get(), {.readable = true}, [&](FdEvents) {
    const Descriptor client{accept(listener->get(), nullptr, nullptr)};
    std::string frames;
    append_frames(frames, FrameType::kStdout, "half\n");
    if (client) send_text(client, frames);
  });
  const Ended run = penstock({"show", "services"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.out, "half\n");
  EXPECT_NE(run.err.find("before its answer was complete"), std::string::npos) << run.err;
}

TEST_F(CliServerTest, garbage_is_answered_and_the_next_client_served) {
  open();
  const Descriptor client = connect();
  send_text(client, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_NE(read_to_end(client).find("not a line of the form"), std::string::npos);
  EXPECT_EQ(penstock({"show", "services"}).exit_status, 0);
}

TEST_F(CliServerTest, a_flood_of_bytes_without_a_request_is_cut_off) {
  open();
  const Descriptor client = connect();
  const std::string flood(kMaxRequestBytes + 4096, 'x');
  send_text(client, flood);
  EXPECT_NE(read_to_end(client).find("the request is too long"), std::string::npos);
}

TEST_F(CliServerTest, a_client_that_says_nothing_is_dropped) {
  open({.request = std::chrono::milliseconds{20}});
  const Descriptor client = connect();
  send_text(client, "{\"args\":");
  EXPECT_EQ(read_to_end(client), "");
  EXPECT_EQ(server->clients(), 0);
}

TEST_F(CliServerTest, a_client_that_does_not_read_is_dropped_and_its_walk_ended) {
  source.walk->total = 1'000'000;
  open({.progress = std::chrono::milliseconds{20}});
  const Descriptor client = connect();
  send_text(client, encode_request(std::vector<std::string>{"show", "connections"}));
  serve_until([&] { return source.walk->open_cursors == 1; });
  serve_until([&] { return server->clients() == 0; });
  EXPECT_EQ(source.walk->open_cursors, 0);
  EXPECT_LT(source.walk->batches_asked, 50) << "no more than the socket and one batch hold";
}

TEST_F(CliServerTest, a_client_that_leaves_is_noticed) {
  source.walk->total = 1'000'000;
  open();
  {
    const Descriptor client = connect();
    send_text(client, encode_request(std::vector<std::string>{"show", "connections"}));
    serve_until([&] { return source.walk->batches_asked > 1; });
  }
  serve_until([&] { return server->clients() == 0; });
  EXPECT_EQ(source.walk->open_cursors, 0);
}

TEST_F(CliServerTest, a_batch_that_comes_late_reaches_the_client) {
  source.walk->total = 3;
  source.walk->at_once = false;
  open();
  const Descriptor client = connect();
  send_text(client, encode_request(std::vector<std::string>{"ipvsadm", "-Lnc"}));
  serve_until([&] { return static_cast<bool>(source.walk->owed); });
  std::exchange(source.walk->owed, nullptr)();
  EXPECT_NE(read_to_end(client).find("10.0.0.0:1026"), std::string::npos);
  EXPECT_EQ(server->clients(), 0);
}

TEST_F(CliServerTest, one_client_too_many_is_turned_away_with_a_word) {
  open();
  std::vector<Descriptor> clients;
  for (std::size_t i = 0; i < CliServer::kMaxClients; ++i) clients.push_back(connect());
  serve_until([&] { return server->clients() == CliServer::kMaxClients; });
  const Descriptor extra = connect();
  EXPECT_NE(read_to_end(extra).find("too many clients"), std::string::npos);
  clients.pop_back();
  serve_until([&] { return server->clients() < CliServer::kMaxClients; });
  EXPECT_EQ(penstock({"show", "services"}).exit_status, 0);
}

TEST_F(CliServerTest, the_socket_is_for_root_and_its_group_whatever_the_umask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
    const mode_t before = umask(mask);
    open();
    umask(before);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms{0660});
    server.reset();
    EXPECT_FALSE(fs::exists(path)) << "its file goes with it";
  }
}

TEST_F(CliServerTest, the_folder_of_the_socket_is_made) {
  path = folder / "run" / "penstock.sock";
  open();
  EXPECT_EQ(penstock({"show", "services"}).exit_status, 0);
}

TEST_F(CliServerTest, a_dead_predecessors_socket_is_replaced) {
  {
    ASSERT_TRUE(listen_unix(path));
  }
  ASSERT_TRUE(fs::exists(path));
  open();
  EXPECT_EQ(penstock({"show", "services"}).exit_status, 0);
}

TEST_F(CliServerTest, a_second_daemon_is_refused_and_told_about_the_first) {
  open();
  const auto second = CliServer::open(loop, path, source);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("process " + std::to_string(getpid())), std::string::npos) << second.error();
  EXPECT_EQ(penstock({"show", "services"}).exit_status, 0) << "the first one goes on";
}

TEST_F(CliServerTest, a_file_that_is_no_socket_is_left_alone) {
  std::ofstream{path} << "precious";
  const auto opened = CliServer::open(loop, path, source);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("is not a socket"), std::string::npos) << opened.error();
  EXPECT_EQ(fs::file_size(path), 8);
}

TEST_F(CliServerTest, a_path_that_no_socket_address_holds_is_an_error) {
  for (const std::string& bad : {std::string{}, "/tmp/" + std::string(200, 'x')}) {
    const auto opened = CliServer::open(loop, bad, source);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("empty or too long"), std::string::npos);
  }
  const auto nowhere = CliServer::open(loop, folder / "a" / "b" / "c", source);
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().find("can't create the socket"), std::string::npos) << nowhere.error();
}

TEST_F(CliServerTest, a_successors_socket_survives_the_end_of_the_one_before) {
  open();
  fs::rename(path, folder / "moved");  // somebody took the file away: a new daemon finds the place free
  auto successor = CliServer::open(loop, path, source);
  ASSERT_TRUE(successor);
  server.reset();
  EXPECT_TRUE(fs::exists(path));
  server = std::move(*successor);
  EXPECT_EQ(penstock({"show", "services"}).exit_status, 0);
}

}  // namespace
}  // namespace penstock::control
