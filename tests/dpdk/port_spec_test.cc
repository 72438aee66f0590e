// --port NAME=DEVARGS: what is taken, what is refused and how, and what drivers are told beyond it.
#include "dataplane/dpdk/port_spec.h"

#include <gtest/gtest.h>

namespace penstock::dpdk {
namespace {

TEST(PortSpec, TakesAPciAddress) {
  const auto spec = PortSpec::parse("eth0=0000:01:00.0");
  ASSERT_TRUE(spec) << spec.error();
  EXPECT_EQ(spec->name, "eth0");
  EXPECT_TRUE(spec->is_pci());
  EXPECT_EQ(spec->device_string(), "0000:01:00.0");
  EXPECT_FALSE(spec->kernel_interface());
  EXPECT_TRUE(PortSpec::parse("eth0=3b:00.1,representor=0")->is_pci());
}

TEST(PortSpec, TakesADeviceWithArguments) {
  const auto spec = PortSpec::parse("eth0=net_af_packet0,iface=wire0,qpairs=2");
  ASSERT_TRUE(spec) << spec.error();
  EXPECT_EQ(spec->driver, Driver::kAfPacket);
  EXPECT_EQ(spec->device, "net_af_packet0");
  EXPECT_EQ(spec->argument("qpairs"), "2");
  EXPECT_EQ(spec->argument("pairs"), std::nullopt);
  EXPECT_EQ(spec->kernel_interface(), "wire0");
  EXPECT_EQ(spec->device_string(), "net_af_packet0,iface=wire0,qpairs=2");
}

TEST(PortSpec, KnowsTheInterfaceBelow) {
  EXPECT_EQ(PortSpec::parse("eth0=net_af_xdp0,iface=a")->kernel_interface(), "a");
  EXPECT_EQ(PortSpec::parse("eth0=net_pcap0,iface=b")->kernel_interface(), "b");
  EXPECT_EQ(PortSpec::parse("eth0=net_pcap0,rx_iface=c,tx_iface=c")->kernel_interface(), "c");
  EXPECT_EQ(PortSpec::parse("eth0=net_pcap0,rx_pcap=in.pcap")->kernel_interface(), std::nullopt);
  // The interface of net_tap is its own other side, not one below it.
  EXPECT_EQ(PortSpec::parse("eth0=net_tap0,iface=d")->kernel_interface(), std::nullopt);
}

TEST(PortSpec, RefusesWithOneSentence) {
  const std::pair<const char*, const char*> rows[] = {
      {"eth0", "--port eth0: expected NAME=DEVICE, as in eth0=0000:01:00.0 or eth0=net_af_packet0,iface=x"},
      {"=net_null0", "--port =net_null0: expected NAME=DEVICE, as in eth0=0000:01:00.0 or eth0=net_af_packet0,iface=x"},
      {"eth0=", "--port eth0=: expected NAME=DEVICE, as in eth0=0000:01:00.0 or eth0=net_af_packet0,iface=x"},
      {"an-interface-name=net_null0",
       "--port an-interface-name=net_null0: 'an-interface-name' can't be the name of an interface (at most 15 characters, no "
       "'/', ':' or ',')"},
      {"a/b=net_null0",
       "--port a/b=net_null0: 'a/b' can't be the name of an interface (at most 15 characters, no '/', ':' or ',')"},
      {"eth0=eth1",
       "--port eth0=eth1: 'eth1' is neither a PCI address (0000:01:00.0) nor a DPDK device (net_af_packet0,iface=x; "
       "net_af_xdp0,iface=x)"},
      {"eth0=0000:01:00.8",
       "--port eth0=0000:01:00.8: '0000:01:00.8' is neither a PCI address (0000:01:00.0) nor a DPDK device "
       "(net_af_packet0,iface=x; "
       "net_af_xdp0,iface=x)"},
      {"eth0=net_af_packet0", "--port eth0=net_af_packet0: net_af_packet0 needs iface=INTERFACE"},
      {"eth0=net_af_xdp0,iface=eth0",
       "--port eth0=net_af_xdp0,iface=eth0: the port's TAP will be called 'eth0', so the interface below needs another name"},
  };
  for (const auto& [text, error] : rows) {
    const auto spec = PortSpec::parse(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error(), error);
  }
}

TEST(PortSpec, CompletesForItsDriver) {
  struct Row {
    const char* text;
    unsigned workers;
    InterfaceBelow below;
    const char* device;
  };
  const Row rows[] = {
      {"e=net_af_packet0,iface=w", 1, {1500, 1, 1}, "net_af_packet0,iface=w"},
      {"e=net_af_packet0,iface=w", 4, {1500, 1, 1}, "net_af_packet0,iface=w,qpairs=4"},
      {"e=net_af_packet0,iface=w,qpairs=3", 4, {1500, 1, 1}, "net_af_packet0,iface=w,qpairs=3"},
      {"e=net_af_packet0,iface=w", 1, {9000, 1, 1}, "net_af_packet0,iface=w,blocksz=16384,framesz=16384"},
      {"e=net_af_packet0,iface=w", 1, {2000, 1, 1}, "net_af_packet0,iface=w,blocksz=4096,framesz=4096"},
      {"e=net_af_xdp0,iface=w", 4, {1500, 1, 1}, "net_af_xdp0,iface=w"},
      {"e=net_af_xdp0,iface=w", 4, {1500, 2, 2}, "net_af_xdp0,iface=w,queue_count=2"},
      {"e=net_af_xdp0,iface=w,queue_count=1", 4, {1500, 2, 2}, "net_af_xdp0,iface=w,queue_count=1"},
      {"e=net_af_xdp0,iface=veth", 4, {1500, 2, 1}, "net_af_xdp0,iface=veth"},
      {"e=net_null0", 4, {1500, 1, 1}, "net_null0"},
      {"e=0000:01:00.0", 4, {1500, 1, 1}, "0000:01:00.0"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(completed_for(*PortSpec::parse(row.text), row.workers, row.below).device_string(), row.device) << row.text;
  }
}

}  // namespace
}  // namespace penstock::dpdk
