// The same data plane on each kind of device that a machine without a spare NIC has.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "dataplane/dpdk/packet_fanout.h"
#include "tests/dpdk/dpdk_environment.h"
#include "tests/dpdk/veth_pair.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;

PortSpec spec_of(const std::string& text) { return *PortSpec::parse(text); }

Script forward_back(std::uint16_t sequence) { return {.action = Action::kForward, .target = 0, .sequence = sequence}; }

// Frames from the wire through the port and back: each once, unchanged but for the stamp.
void expect_round_trips(WireEnd& wire, std::size_t largest) {
  for (std::uint16_t i = 0; i < 100; ++i) {
    const auto frame = scripted_frame(forward_back(i), i == 99 ? largest : 60 + i);
    wire.send(frame);
    const auto back = wire.receive(kScriptType);
    ASSERT_TRUE(back) << "frame " << i;
    EXPECT_EQ(back->size(), frame.size());
    EXPECT_EQ(script_of(*back)->sequence, i);
    EXPECT_EQ(script_of(*back)->stamp, 1);
  }
}

std::string mac_of(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool known = ioctl(fd, SIOCGIFHWADDR, &request) == 0;
  close(fd);
  packet::MacAddress mac;
  std::memcpy(mac.bytes.data(), request.ifr_hwaddr.sa_data, mac.bytes.size());
  return known ? mac.to_string() : "unknown";
}

TEST(Device, AfPacketForwardsOnAVeth) {
  VethPair cable;
  Running running{{spec_of("eth0=net_af_packet0,iface=" + cable.port_end())}, 1};
  const Port& port = running.plane().ports()[0];
  EXPECT_TRUE(port.is_virtual());
  EXPECT_EQ(port.kernel_interface(), cable.port_end());
  EXPECT_EQ(port.mac().to_string(), mac_of(cable.port_end()));
  EXPECT_EQ(port.mtu(), 1500U);
  EXPECT_TRUE(port.link_is_up());
  expect_round_trips(cable.wire(), 1514);
  // The driver counts a frame as sent only after it is on the wire.
  EXPECT_TRUE(eventually([&] { return port.statistics().sent >= 100; }));
  EXPECT_GE(port.statistics().received, 100U);
  EXPECT_GE(port.statistics().received_bytes, 60U * 100);
}

TEST(Device, OneThatTakesNoSecondAddressSaysOnceThatItIsPromiscuous) {
  VethPair cable;
  Running running{{spec_of("eth0=net_af_packet0,iface=" + cable.port_end())}, 1};
  Port& port = running.plane().ports()[0];
  const packet::MacAddress mac{{0, 0, 0x5e, 0, 1, 50}};
  const auto notice = port.take_also(std::span{&mac, 1});
  ASSERT_TRUE(notice);
  EXPECT_NE(notice->find("takes no second MAC address"), std::string::npos) << *notice;
  EXPECT_NE(notice->find("it is promiscuous"), std::string::npos) << *notice;
  EXPECT_EQ(port.take_also(std::span{&mac, 1}), std::nullopt);
  EXPECT_EQ(port.take_also({}), std::nullopt);
}

TEST(Device, WithoutBuffersFramesWaitAndGoOnWhenThereAreSomeAgain) {
  VethPair cable;
  Running running{{spec_of("eth0=net_af_packet0,iface=" + cable.port_end())}, 1};
  const Port& port = running.plane().ports()[0];
  rte_mempool* const pool = rte_mempool_lookup("penstock-port-0");
  ASSERT_NE(pool, nullptr);
  std::vector<void*> taken;
  for (void* buffer = nullptr; rte_mempool_get(pool, &buffer) == 0;) taken.push_back(buffer);
  ASSERT_GT(taken.size(), 1000U);

  cable.wire().send(scripted_frame(forward_back(7)));
  const auto& loops = running.plane().worker(0).idle_loops;
  const auto before = loops.get();
  EXPECT_TRUE(eventually([&] { return loops.get() > before + 100; }));  // it has asked the device, again and again
  EXPECT_EQ(port.statistics().received, 0U);
  for (void* const buffer : taken) rte_mempool_put(pool, buffer);
  const auto back = cable.wire().receive(kScriptType);
  ASSERT_TRUE(back);
  EXPECT_EQ(script_of(*back)->sequence, 7);
  expect_round_trips(cable.wire(), 1514);
}

TEST(Device, AfPacketCarriesJumboFrames) {
  VethPair cable{1, 9000};
  Running running{{spec_of("eth0=net_af_packet0,iface=" + cable.port_end())}, 1};
  EXPECT_EQ(running.plane().ports()[0].mtu(), 9000U);
  expect_round_trips(cable.wire(), 9014);
}

// An IPv4 packet's frame; nothing above IP matters to the kernel's fanout.
std::vector<std::byte> ipv4_frame(std::uint32_t source, std::uint16_t id, std::uint16_t fragment_offset_and_flags,
                                  std::uint16_t source_port, std::size_t payload) {
  std::vector<std::byte> frame(14 + 20 + payload);
  std::memset(frame.data(), 0xff, 6);
  frame[6] = std::byte{0x02};
  frame[12] = std::byte{0x08};
  iphdr header{};
  header.version = 4;
  header.ihl = 5;
  header.ttl = 64;
  header.protocol = IPPROTO_UDP;
  header.id = htons(id);
  header.frag_off = htons(fragment_offset_and_flags);
  header.tot_len = htons(static_cast<std::uint16_t>(20 + payload));
  header.saddr = htonl(source);
  header.daddr = htonl(0x0a000001);
  std::uint32_t sum = 0;
  std::array<std::uint16_t, 10> words{};
  std::memcpy(words.data(), &header, sizeof(header));
  for (const auto word : words) sum += word;
  sum = (sum & 0xffffU) + (sum >> 16U);
  header.check = static_cast<std::uint16_t>(~((sum & 0xffffU) + (sum >> 16U)));
  std::memcpy(&frame[14], &header, sizeof(header));
  const std::array<std::uint16_t, 4> udp{htons(source_port), htons(53), htons(static_cast<std::uint16_t>(payload)), 0};
  std::memcpy(&frame[34], udp.data(), sizeof(udp));
  return frame;
}

class AfPacketFanout : public ::testing::TestWithParam<unsigned> {};

// The driver asks the kernel to put datagrams together; a load balancer must get the fragments (packet_fanout.cc).
TEST_P(AfPacketFanout, ReceivesFragmentsAsTheyCame) {
  VethPair cable;
  Running running{{spec_of("eth0=net_af_packet0,iface=" + cable.port_end())}, GetParam()};
  ASSERT_EQ(running.plane().ports()[0].receive_queues(), GetParam());
  constexpr std::uint16_t kMore = 0x2000;
  for (std::uint16_t id = 0; id < 50; ++id) {
    cable.wire().send(ipv4_frame(0x0a000002, id, kMore, 1000, 1480));
    cable.wire().send(ipv4_frame(0x0a000002, id, 1480 / 8, 1000, 400));
  }
  const auto received = [&] {
    std::uint64_t frames = 0;
    for (unsigned i = 0; i < GetParam(); ++i) frames += running.plane().worker(i).received.get();
    return frames;
  };
  EXPECT_TRUE(eventually([&] { return received() >= 100; })) << received() << " of 100";
  EXPECT_GE(running.plane().ports()[0].statistics().received_bytes, 50U * (1514 + 434));
}

INSTANTIATE_TEST_SUITE_P(Workers, AfPacketFanout, ::testing::Values(1U, 2U));

TEST(Device, AfPacketSpreadsFlowsOverWorkersAndKeepsEachOnOne) {
  VethPair cable;
  Running running{{spec_of("eth0=net_af_packet0,iface=" + cable.port_end())}, 2};
  ASSERT_EQ(running.plane().ports().workers(), 2U);
  const auto received = [&](unsigned worker) { return running.plane().worker(worker).received.get(); };
  for (std::uint16_t flow = 0; flow < 64; ++flow) {
    const auto before = std::array{received(0), received(1)};
    for (unsigned i = 0; i < 10; ++i)
      cable.wire().send(ipv4_frame(0x0a000002, 0, 0x4000, static_cast<std::uint16_t>(2000 + flow), 40));
    ASSERT_TRUE(eventually([&] { return received(0) + received(1) >= before[0] + before[1] + 10; }));
    EXPECT_TRUE(received(0) == before[0] || received(1) == before[1]) << "flow " << flow << " was split";
  }
  EXPECT_GT(received(0), 100U);
  EXPECT_GT(received(1), 100U);
}

TEST(Device, AfPacketWithMoreSocketPairsThanWorkersIsRefused) {
  VethPair cable;
  const auto spec = spec_of(fmt::format("eth0=net_af_packet0,iface={},qpairs=2", cable.port_end()));
  const auto ports = PortSet::open({&spec, 1}, PortSetup{.mtu = std::nullopt});
  ASSERT_FALSE(ports);
  EXPECT_NE(ports.error().find("2 socket pairs but 1 workers"), std::string::npos) << ports.error();
}

TEST(Device, ThePlainFanoutKeepsTheModeAndTheGroup) {
  EXPECT_EQ(plain_fanout(static_cast<int>(0x90003e9dU)), 0x3e9d);
  EXPECT_EQ(plain_fanout(0x00021234), 0x00021234);
}

TEST(Device, AfXdpForwardsOnAVeth) {
  VethPair cable;
  Running running{{spec_of("eth0=net_af_xdp0,iface=" + cable.port_end())}, 1};
  EXPECT_EQ(running.plane().ports()[0].mac().to_string(), mac_of(cable.port_end()));
  expect_round_trips(cable.wire(), 1514);
}

TEST(Device, AfXdpTellsOfQueuesThatItCannotServe) {
  VethPair cable{2};
  Running running{{spec_of("eth0=net_af_xdp0,iface=" + cable.port_end())}, 2};
  const Port& port = running.plane().ports()[0];
  EXPECT_EQ(port.receive_queues(), 1);
  EXPECT_EQ(running.plane().ports().workers(), 1U);
  ASSERT_EQ(port.notices().size(), 1U);
  EXPECT_EQ(port.notices()[0],
            fmt::format("port eth0: {} has 2 receive queues but only one is served: frames on the others stay with the "
                        "kernel; `ethtool -L` sets how many it has",
                        cable.port_end()));
}

TEST(Device, PcapForwardsFromFileToFile) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("penstock-pcap-{}", getpid());
  std::filesystem::create_directories(folder);
  const std::string in = folder / "in.pcap";
  const std::string out = folder / "out.pcap";
  {
    std::ofstream file{in, std::ios::binary};
    const auto put = [&](const auto& value) { file.write(reinterpret_cast<const char*>(&value), sizeof(value)); };
    put(std::array<std::uint32_t, 6>{0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1});  // libpcap's file header: version 2.4, Ethernet
    for (std::uint16_t i = 0; i < 300; ++i) {
      const auto frame = scripted_frame(forward_back(i), 60 + i);
      const auto size = static_cast<std::uint32_t>(frame.size());
      put(std::array<std::uint32_t, 4>{0, 0, size, size});
      file.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
    }
  }
  {
    Running running{{spec_of(fmt::format("eth0=net_pcap0,rx_pcap={},tx_pcap={}", in, out))}, 1};
    EXPECT_TRUE(eventually([&] { return running.plane().worker(0).sent.get() == 300; }));
  }
  EXPECT_EQ(std::filesystem::file_size(out), std::filesystem::file_size(in));
  std::filesystem::remove_all(folder);
}

TEST(Device, NullReceivesWithoutEnd) {
  Running running{{spec_of("eth0=net_null0,size=64")}, 2};
  for (unsigned i = 0; i < 2; ++i) {
    EXPECT_TRUE(eventually([&] { return running.plane().worker(i).received.get() > 100'000; })) << "worker " << i;
  }
}

TEST(Device, TapForwardsToTheKernelAndBack) {
  Running running{{spec_of("eth0=net_tap0,iface=dtap0")}, 1};
  ASSERT_EQ(std::system("sysctl -qw net.ipv6.conf.dtap0.disable_ipv6=1 && ip link set dtap0 up"), 0);
  EXPECT_FALSE(running.plane().ports()[0].kernel_interface());
  WireEnd wire{"dtap0"};
  expect_round_trips(wire, 1514);
}

TEST(Device, SaysWhatIsWrong) {
  struct Row {
    const char* port;
    const char* error;
  };
  const Row rows[] = {
      {"eth0=net_af_packet0,iface=nowhere",
       "port eth0 (net_af_packet0,iface=nowhere): there is no interface 'nowhere' here: `ip link` lists those that there are"},
      {"eth0=net_nothing0", "port eth0 (net_nothing0): can't be created: "},
      {"eth0=0000:99:00.0",
       "port eth0 (0000:99:00.0): no driver took it (is it bound to vfio-pci? `dpdk-devbind.py --status` shows): "},
  };
  for (const Row& row : rows) {
    const auto spec = spec_of(row.port);
    const auto ports = PortSet::open({&spec, 1}, PortSetup{.mtu = std::nullopt});
    ASSERT_FALSE(ports) << row.port;
    EXPECT_TRUE(ports.error().starts_with(row.error)) << ports.error();
  }
}

TEST(Eal, StartsOnlyOnceInAProcess) {
  const auto second = Eal::start({}, nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "DPDK can be started only once in a process");
}

TEST(Eal, SaysHowToGetHugePagesWhenItHasNone) {
  ASSERT_TRUE(eal().notice());
  EXPECT_NE(eal().notice()->find("nr_hugepages"), std::string::npos);
}

// Of all memory that this process has in transparent huge pages, at the addresses where packets lie.
TEST(Eal, PacketsLieInTransparentHugePagesWhereTheKernelAllowsThem) {
  std::string setting;
  std::getline(std::ifstream{"/sys/kernel/mm/transparent_hugepage/enabled"}, setting);
  if (setting.empty() || setting.find("[never]") != std::string::npos) GTEST_SKIP() << "this kernel gives none";
  auto pool = make_packet_pool("thp", 16383, 2048, SOCKET_ID_ANY);
  ASSERT_TRUE(pool) << pool.error();
  rte_mbuf* packet = rte_pktmbuf_alloc(pool->get());
  const auto address = reinterpret_cast<std::uintptr_t>(packet);
  std::ifstream smaps{"/proc/self/smaps"};
  bool here = false;
  unsigned long kilobytes = 0;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) here = begin <= address && address < end;
    if (here) (void)std::sscanf(line.c_str(), "AnonHugePages: %lu kB", &kilobytes);
  }
  rte_pktmbuf_free(packet);
  EXPECT_GE(kilobytes, 30U * 1024) << "a pool of 40 MB was touched";
}

}  // namespace
}  // namespace penstock::dpdk::testing
