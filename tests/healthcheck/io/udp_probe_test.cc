#include "healthcheck/io/udp_probe.h"

#include "tests/healthcheck/io/probe_test.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

std::vector<std::string> echo(std::string_view text) { return {std::string{text}}; }
std::vector<std::string> silence(std::string_view) { return {}; }
UdpServer::Answer always(std::string reply) {
  return [reply](std::string_view) { return std::vector{reply}; };
}

std::vector<MaskedByte> exactly(std::string_view text) {
  std::vector<MaskedByte> bytes;
  for (const char c : text) bytes.push_back({.value = static_cast<std::uint8_t>(c)});
  return bytes;
}

class UdpProbe : public ProbeTest {
 protected:
  ProbeResult probe(const packet::Endpoint& target, const UdpCheck& check, Duration timeout = 5s) {
    return run(check_of(target, check, timeout));
  }
};

TEST_F(UdpProbe, SucceedsAtOnceWithTheWantedReply) {
  UdpServer server{loop_, echo};
  const auto result =
      probe(server.endpoint(), {.payload = {'p', 'i', 'n', 'g'}, .require_reply = true, .reply = exactly("ping")});
  EXPECT_TRUE(result.is_success()) << result.detail;
  EXPECT_LT(result.latency, 4s);
  EXPECT_EQ(server.received(), std::vector<std::string>{"ping"});
}

TEST_F(UdpProbe, SendsThirtyTwoBytesWhereThereIsNoPayload) {
  UdpServer server{loop_, echo};
  EXPECT_TRUE(probe(server.endpoint(), {}).is_success());
  EXPECT_EQ(server.received().at(0).size(), 32U);
}

TEST_F(UdpProbe, FailsAtOnceWhenThePortIsUnreachable) {
  const auto result = probe(closed_port(SOCK_DGRAM), {});
  EXPECT_EQ(result.failure, ProbeFailure::kRefused);
  EXPECT_LT(result.latency, 4s);
}

TEST_F(UdpProbe, TakesSilenceForSuccessUnlessAReplyIsRequired) {
  UdpServer server{loop_, silence};
  EXPECT_TRUE(probe(server.endpoint(), {}, 30ms).is_success());
  EXPECT_EQ(probe(server.endpoint(), {.require_reply = true}, 30ms).failure, ProbeFailure::kTimeout);
}

TEST_F(UdpProbe, TakesAnyReplyWhereNoBytesAreWanted) {
  UdpServer server{loop_, always(std::string(1000, 'x'))};  // longer than max_reply_length, which only goes with bytes
  EXPECT_TRUE(probe(server.endpoint(), {.require_reply = true}).is_success());
  UdpServer empty{loop_, always("")};
  EXPECT_TRUE(probe(empty.endpoint(), {.require_reply = true}).is_success());
}

TEST_F(UdpProbe, RefusesAnotherReply) {
  UdpServer server{loop_, always("pong")};
  const auto result = probe(server.endpoint(), {.require_reply = true, .reply = exactly("ping")});
  EXPECT_EQ(result.failure, ProbeFailure::kWrongReply);
  EXPECT_EQ(result.detail, "byte 1 of the reply differs");
}

TEST_F(UdpProbe, LooksOnlyAtTheBitsOfTheMask) {
  UdpServer server{loop_, always("pong")};
  auto wanted = exactly("pxng");
  wanted[1].mask = 0x00;
  EXPECT_TRUE(probe(server.endpoint(), {.require_reply = true, .reply = wanted}).is_success());
  wanted[1] = {.value = 0x60, .mask = 0xf0};  // 'o' is 0x6f
  EXPECT_TRUE(probe(server.endpoint(), {.require_reply = true, .reply = wanted}).is_success());
  wanted[1].mask = 0xff;
  EXPECT_FALSE(probe(server.endpoint(), {.require_reply = true, .reply = wanted}).is_success());
}

TEST_F(UdpProbe, HoldsTheReplyToItsBoundsOfLength) {
  UdpServer server{loop_, always("abcdef")};
  const auto with_bounds = [&](std::uint16_t least, std::uint16_t most) {
    return probe(server.endpoint(),
                 {.require_reply = true, .reply = exactly("abc"), .min_reply_length = least, .max_reply_length = most})
        .failure;
  };
  EXPECT_EQ(with_bounds(6, 6), ProbeFailure::kNone);
  EXPECT_EQ(with_bounds(7, 255), ProbeFailure::kWrongReply);
  EXPECT_EQ(with_bounds(0, 5), ProbeFailure::kWrongReply);
}

TEST_F(UdpProbe, TakesAReplyThatIsCutShortAsKeepalivedDoes) {
  UdpServer server{loop_, always("ab")};
  EXPECT_TRUE(probe(server.endpoint(), {.require_reply = true, .reply = exactly("abc")}).is_success());
  EXPECT_EQ(probe(server.endpoint(), {.require_reply = true, .reply = exactly("abc"), .min_reply_length = 3}).failure,
            ProbeFailure::kWrongReply);
}

TEST_F(UdpProbe, AnAddressThatIsNotOursFailsLocally) {
  CheckSpec check = check_of(closed_port(SOCK_DGRAM), UdpCheck{});
  check.connection.bind_address = address("192.0.2.1");
  EXPECT_EQ(failure_of_run(check), ProbeFailure::kLocal);
}

TEST_F(UdpProbe, AnAbandonedOneSaysNothing) {
  UdpServer server{loop_, echo};
  auto probe = start_udp_probe(loop_, check_of(server.endpoint(), UdpCheck{}), [](ProbeResult) { ADD_FAILURE(); });
  probe.reset();
  wait_until("the datagram", [&] { return !server.received().empty(); });
}

}  // namespace
}  // namespace penstock::healthcheck
