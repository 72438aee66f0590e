// The daemon's socket and the client program, for real: in a folder of their own, on one event loop.
#include "control/cli/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "control/cli/protocol.h"
#include "tests/control/cli/fake_source.h"
#include "tests/control/cli/golden.h"

namespace penstock::control {
namespace {

namespace fs = std::filesystem;

// A program that has ended.
struct Ended {
  std::string out;
  std::string err;
  int exit_status = -1;
};

class CliServerTest : public testing::Test {
 protected:
  CliServerTest() {
    std::string name = (fs::temp_directory_path() / "penstock-cli-XXXXXX").string();
    folder = mkdtemp(name.data());
    path = folder / "penstock.sock";
  }
  ~CliServerTest() override {
    server.reset();
    fs::remove_all(folder);
  }

  void open(CliServer::Timeouts timeouts = {}) {
    auto opened = CliServer::open(loop, path, source, timeouts);
    ASSERT_TRUE(opened) << opened.error();
    server = std::move(*opened);
  }

  // Serves events until the condition holds; fails after a bound that only a hang reaches.
  template <typename Condition>
  void serve_until(Condition condition) {
    bool late = false;
    Timer bound = loop.add_timer([&late] { late = true; });
    bound.start_once(std::chrono::seconds{60});
    while (!condition() && !late) loop.run_once();
    ASSERT_FALSE(late) << "waited in vain";
  }

  // A raw client, non-blocking, for what the real one never does.
  Descriptor connect() {
    auto connection = connect_unix(path);
    EXPECT_TRUE(connection) << strerror(connection.error());
    fcntl(connection->get(), F_SETFL, O_NONBLOCK);
    return std::move(*connection);
  }
  // All that comes until the server ends the connection.
  std::string read_to_end(const Descriptor& connection) {
    std::string bytes;
    bool ended = false;
    FdWatch watch = loop.add_fd(connection.get(), {.readable = true}, [&](FdEvents) {
      char buffer[4096];
      const ssize_t got = recv(connection.get(), buffer, sizeof(buffer), 0);
      if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EAGAIN)) ended = true;
    });
    serve_until([&] { return ended; });
    return bytes;
  }

  // The program itself, with `--socket` set.
  Ended penstock(std::vector<std::string> args) {
    args.insert(args.begin(), {PENSTOCK_PROGRAM, "--socket", path});
    return run_to_end(std::move(args));
  }
  // A program and its arguments.
  Ended run_to_end(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::array<int, 2> out_pipe{};
    std::array<int, 2> err_pipe{};
    EXPECT_EQ(pipe2(out_pipe.data(), O_CLOEXEC) + pipe2(err_pipe.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out_pipe[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err_pipe[1], STDERR_FILENO);
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out_pipe[1]);
    close(err_pipe[1]);

    Ended run;
    int open_pipes = 2;
    const auto collect = [&](int fd, std::string& text, FdWatch& watch) {
      watch = loop.add_fd(fd, {.readable = true}, [fd, &text, &watch, &open_pipes](FdEvents) {
        char buffer[65'536];
        const ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got > 0) {
          text.append(buffer, static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EAGAIN) {
          --open_pipes;
          watch.set_events({});
        }
      });
    };
    FdWatch out_watch;
    FdWatch err_watch;
    collect(out_pipe[0], run.out, out_watch);
    collect(err_pipe[0], run.err, err_watch);
    serve_until([&] { return open_pipes == 0; });
    out_watch.reset();
    err_watch.reset();
    close(out_pipe[0]);
    close(err_pipe[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) run.exit_status = WEXITSTATUS(status);
    return run;
  }

  EventLoop loop;
  FakeSource source;
  fs::path folder;
  fs::path path;
  std::unique_ptr<CliServer> server;
};

void send_text(const Descriptor& connection, std::string_view text) {
  ASSERT_EQ(send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

TEST_F(CliServerTest, the_client_prints_what_ipvsadm_would) {
  source.service_list = golden::reference_services();
  open();
  for (const auto& [args, name] : std::vector<std::pair<std::vector<std::string>, std::string_view>>{
           {{"ipvsadm", "-Ln"}, "reference_services"},
           {{"ipvsadm", "-Ln", "--stats"}, "reference_stats"},
           {{"ipvsadm", "--list", "--numeric", "--rate"}, "reference_rate"},
           {{"ipvsadm", "-Sn"}, "reference_save"},
           {{"ipvsadm", "-Ln", "--timeout"}, "reference_timeout"}}) {
    const Ended run = penstock(args);
    EXPECT_EQ(run.out, golden::text(name));
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.exit_status, 0);
  }
  EXPECT_EQ(server->clients(), 0);
}

TEST_F(CliServerTest, the_client_passes_on_stderr_and_exit_status) {
  open();
  const Ended run = penstock({"ipvsadm", "-Ln", "-t", "10.0.0.1:80"});
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "No such service\n");
  EXPECT_EQ(run.exit_status, 1);
}

TEST_F(CliServerTest, a_listing_of_300000_connections_crosses_the_socket_whole) {
  source.walk->total = 300'000;
  open();
  const Ended run = penstock({"ipvsadm", "-Lnc"});
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 300'002);
  EXPECT_TRUE(run.out.ends_with("\n"));
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(source.walk->open_cursors, 0);
}

TEST_F(CliServerTest, json_may_be_asked_for_before_or_after_the_command) {
  source.service_list = golden::reference_services();
  open();
  const Ended before = penstock({"--json", "show", "services"});
  const Ended after = penstock({"show", "services", "--json"});
  const Ended ipvsadm = penstock({"ipvsadm", "-Ln", "--json"});
  EXPECT_TRUE(before.out.starts_with("[\n"));
  EXPECT_EQ(before.out, after.out);
  EXPECT_EQ(before.out, ipvsadm.out) << "the reference's services are in ipvsadm's order already";
}

TEST_F(CliServerTest, without_a_daemon_the_client_says_so_and_how_to_start_one) {
  const Ended absent = penstock({"show", "services"});
  EXPECT_EQ(absent.exit_status, 1);
  EXPECT_NE(absent.err.find(path.string()), std::string::npos);
  EXPECT_NE(absent.err.find("there is no such socket"), std::string::npos);
  EXPECT_NE(absent.err.find("penstockd -f"), std::string::npos);

  {
    ASSERT_TRUE(listen_unix(path));
  }  // ends without removing its file, as a killed daemon does
  const Ended stale = penstock({"show", "services"});
  EXPECT_EQ(stale.exit_status, 1);
  EXPECT_NE(stale.err.find("nobody listens there"), std::string::npos);
}

TEST_F(CliServerTest, the_client_knows_a_wrong_command_without_a_daemon) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{{},
                                                                                    {"reboot"},
                                                                                    {"show"},
                                                                                    {"show", "nothing"},
                                                                                    {"show", "drops", "--every"},
                                                                                    {"ipvsadm", "-A", "-t", "1.2.3.4:80"}}) {
    const Ended run = penstock(args);
    EXPECT_EQ(run.exit_status, 2);
    EXPECT_NE(run.err, "");
    EXPECT_EQ(run.err.find("penstockd doesn't answer"), std::string::npos) << run.err;
  }
}

TEST_F(CliServerTest, help_and_version_need_no_daemon) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--help"}, {"-h"}, {"help"}, {"--version"}, {"ipvsadm", "--help"}}) {
    const Ended run = penstock(args);
    EXPECT_EQ(run.exit_status, 0);
    EXPECT_NE(run.out, "");
    EXPECT_EQ(run.err, "");
  }
}

TEST_F(CliServerTest, genhash_is_a_program_beside_the_client) {
  const Ended help = penstock({"genhash", "--help"});
  EXPECT_TRUE(help.out.starts_with("penstock genhash: ")) << help.out;
  EXPECT_EQ(help.exit_status, 0);
  const Ended wrong = penstock({"genhash", "-s", "10.0.0.1"});
  EXPECT_TRUE(wrong.err.starts_with("penstock genhash: -s, -p and -u must be given")) << wrong.err;
  EXPECT_EQ(wrong.exit_status, 2);
}

TEST_F(CliServerTest, a_client_without_genhash_beside_it_says_so) {
  const fs::path alone = folder / "penstock";
  fs::copy_file(PENSTOCK_PROGRAM, alone);
  const Ended run = run_to_end({alone, "genhash", "--help"});
  EXPECT_EQ(run.err, "penstock: cannot start " + (folder / "penstock-genhash").string() + ": No such file or directory\n");
  EXPECT_EQ(run.exit_status, 1);
}

TEST_F(CliServerTest, the_client_loads_nothing_that_only_genhash_needs) {
  const Ended run = run_to_end({"/usr/bin/ldd", PENSTOCK_PROGRAM});
  EXPECT_NE(run.out.find("libc.so"), std::string::npos) << run.err;
  for (const char* library : {"libcurl", "libssl", "libcrypto"}) EXPECT_EQ(run.out.find(library), std::string::npos) << run.out;
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
