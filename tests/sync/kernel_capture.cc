#include "tests/sync/kernel_capture.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/udp.h"

namespace penstock::test {
namespace {

using packet::overlay;

Bytes file_of(const std::string& name) {
  std::ifstream file{std::string{PENSTOCK_TEST_DATA} + "/" + name, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (text.empty()) throw std::runtime_error{"no file " + name};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

std::uint32_t word_at(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.subspan(at, sizeof(word)).data(), sizeof(word));
  return word;
}

CapturedMessage message_of(std::uint32_t seconds, std::uint32_t microseconds, std::span<const std::byte> frame) {
  constexpr std::size_t kIp = sizeof(packet::EthernetHeader);
  const auto& ip = overlay<packet::Ipv4Header>(frame.data() + kIp);
  const std::size_t payload = kIp + ip.header_length() + sizeof(packet::UdpHeader);
  const packet::IpAddress destination{ip.destination};
  return {fmt::format("t={}.{:06} dst={} ttl={}", seconds, microseconds, destination.to_string(), ip.time_to_live),
          {frame.begin() + static_cast<std::ptrdiff_t>(payload), frame.end()}};
}

std::string state_name(const sync::Entry& entry) {
  constexpr std::array kTcp{"NONE",  "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT",
                            "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "SYNACK"};
  return entry.protocol == 6 ? kTcp.at(entry.state) : "";
}

std::string text_of(const packet::Endpoint& endpoint) {
  return fmt::format("{}:{}", endpoint.address.to_string(), endpoint.port);
}

}  // namespace

std::vector<CapturedMessage> kernel_messages() {
  constexpr std::size_t kFileHeader = 24;
  constexpr std::size_t kRecordHeader = 16;
  const Bytes file = file_of("kernel.pcap");
  if (word_at(file, 0) != 0xa1b2c3d4) throw std::runtime_error{"not a pcap file of microseconds in our byte order"};
  std::vector<CapturedMessage> messages;
  for (std::size_t at = kFileHeader; at < file.size();) {
    const std::size_t length = word_at(file, at + 8);
    messages.push_back(
        message_of(word_at(file, at), word_at(file, at + 4), std::span{file}.subspan(at + kRecordHeader, length)));
    at += kRecordHeader + length;
  }
  return messages;
}

std::vector<std::string> decoded_lines() {
  std::ifstream file{std::string{PENSTOCK_TEST_DATA} + "/kernel.decoded.txt"};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string line_of(const sync::Entry& entry) {
  const bool is_v6 = entry.client.address.is_v6();
  return fmt::format(
      "  type={} proto={} ver=0 size={} flags=0x{:08x} state={}({}) c={} v={} d={} fwmark={} timeout={} opts=", is_v6 ? 1 : 0,
      entry.protocol, is_v6 ? 72 : 36, entry.flags, state_name(entry), entry.state, text_of(entry.client),
      text_of(entry.virtual_server), text_of(entry.real_server), entry.firewall_mark, entry.timeout.count());
}

}  // namespace penstock::test
