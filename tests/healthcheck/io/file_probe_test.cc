#include "healthcheck/io/file_probe.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/healthcheck/io/probe_test.h"
#include "tests/support/full_disk.h"
#include "tests/support/script_folder.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

class FileProbe : public ProbeTest {
 protected:
  ProbeResult probe_file(const std::string& name, std::int32_t weight, bool reverse = false) {
    const FileCheck check{.track_file = "f", .path = folder_.path(name), .weight = weight, .reverse = reverse};
    return run(check_of({}, check));
  }
  ProbeResult probe(const std::string& text, std::int32_t weight, bool reverse = false) {
    folder_.write("file", text);
    return probe_file("file", weight, reverse);
  }
  penstock::test::ScriptFolder folder_;
};

TEST_F(FileProbe, WithoutWeightANumberOtherThanZeroIsDown) {
  EXPECT_TRUE(probe("0\n", 0).is_success());
  EXPECT_EQ(probe("1\n", 0).failure, ProbeFailure::kFile);
  EXPECT_EQ(probe("-3", 0).failure, ProbeFailure::kFile);
  EXPECT_EQ(probe("0", 0, true).failure, ProbeFailure::kFile);
  EXPECT_TRUE(probe("1", 0, true).is_success());
}

TEST_F(FileProbe, WithAWeightTheProductIsAdded) {
  EXPECT_EQ(probe("5\n", 2).weight, 10);
  EXPECT_EQ(probe("5\n", 2, true).weight, -10);
  EXPECT_EQ(probe("-300\n", 1).weight, -300);  // keepalived's bound of -254 is VRRP's
  EXPECT_EQ(probe("0\n", 7).weight, 0);
}

TEST_F(FileProbe, AProductAtTheLowerBoundIsDownAndOneAboveTheUpperBoundIsCut) {
  EXPECT_EQ(probe("-2147483647", 1).failure, ProbeFailure::kFile);
  EXPECT_EQ(probe("-2147483646", 1).weight, -2147483646);
  EXPECT_EQ(probe("-2147483648", 2147483647).failure, ProbeFailure::kFile);
  EXPECT_EQ(probe("2147483647", 2147483647).weight, 2147483646);
}

TEST_F(FileProbe, WhatIsNoNumberCountsAsZero) {
  EXPECT_EQ(probe("", 3).weight, 0);
  EXPECT_EQ(probe("down\n", 3).weight, 0);
  EXPECT_EQ(probe_file("missing", 3).weight, 0);
  EXPECT_TRUE(probe_file("missing", 0).is_success());
}

TEST_F(FileProbe, ReadsNumbersAsStrtolDoes) {
  EXPECT_EQ(probe("  0x10 trailing", 1).weight, 16);
  EXPECT_EQ(probe("010", 1).weight, 8);
  EXPECT_EQ(probe("+4", 1).weight, 4);
}

TEST_F(FileProbe, RefusesNumbersBeyondThirtyTwoBits) {
  EXPECT_EQ(probe("2147483648", 1).failure, ProbeFailure::kFile);
  EXPECT_EQ(probe("99999999999999999999999", 1).failure, ProbeFailure::kFile);
}

TEST_F(FileProbe, ReadsNoFifoAndNoFolder) {
  ASSERT_EQ(mkfifo(folder_.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(probe_file("fifo", 1).failure, ProbeFailure::kFile);
  EXPECT_EQ(probe_file("", 1).failure, ProbeFailure::kFile);
}

TEST_F(FileProbe, ReadsWhatAFullDiskStillHas) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may mount a file system";
  const penstock::test::FullDisk disk;
  const auto weight = [&](const std::string& name) {
    return run(check_of({}, FileCheck{.track_file = "f", .path = disk.path(name), .weight = 1})).weight;
  };
  disk.write("file", "5\n");
  EXPECT_EQ(weight("file"), 5);
  disk.fill();
  disk.write("new", "7\n");  // no room: it stays empty
  EXPECT_EQ(weight("file"), 5);
  EXPECT_EQ(weight("new"), 0);
}

}  // namespace
}  // namespace penstock::healthcheck
