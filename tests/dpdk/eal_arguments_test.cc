// The command line for EAL: huge pages or not, which CPUs, and what the user says comes first.
#include "dataplane/dpdk/eal_arguments.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace penstock::dpdk {
namespace {

const Machine kSmall{{0, 1}, 0, 24000};

std::string joined(const EalArguments& arguments) {
  std::string text;
  for (const auto& word : arguments.words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(EalArguments, WithoutHugePagesAsksForNoneAndForNoSharedConfiguration) {
  const auto arguments = eal_arguments({}, kSmall);
  EXPECT_EQ(joined(arguments),
            "penstockd --no-telemetry --lcores=0@(0,1),1@(1) --file-prefix=penstock --log-level=warning --no-huge --no-shconf "
            "-m 512 --no-pci");
  EXPECT_TRUE(arguments.small_pages);
}

TEST(EalArguments, UsesHugePagesWhenEnoughAreFree) {
  const auto arguments = eal_arguments({}, {{0}, 128, 24000});
  EXPECT_EQ(joined(arguments),
            "penstockd --no-telemetry --lcores=0@(0),1@(0) --file-prefix=penstock --log-level=warning --in-memory --no-pci");
  EXPECT_TRUE(arguments.huge_pages);
  EXPECT_TRUE(eal_arguments({}, {{0}, 127, 24000}).small_pages) << "one page too few";
}

TEST(EalArguments, TakesNoMoreThanHalfOfASmallMachine) {
  EXPECT_NE(joined(eal_arguments({}, {{0}, 0, 256})).find("-m 128"), std::string::npos);
  EXPECT_NE(joined(eal_arguments({}, {{0}, 0, 32})).find("-m 64"), std::string::npos);
}

TEST(EalArguments, GivesEachWorkerACpuOfItsOwnWhenThereAreEnough) {
  EalOptions options;
  options.workers = 3;
  EXPECT_NE(joined(eal_arguments(options, {{2, 3, 6, 7}, 0, 4096})).find("--lcores=0@(2,3,6,7),1@(7),2@(6),3@(3) "),
            std::string::npos);
  EXPECT_NE(joined(eal_arguments(options, {{2, 3}, 0, 4096})).find("--lcores=0@(2,3),1@(2,3),2@(2,3),3@(2,3) "),
            std::string::npos);
}

TEST(EalArguments, LooksAtPciDevicesOnlyWhenTheyAreNamed) {
  EalOptions options;
  options.pci_addresses = {"0000:01:00.0", "0000:01:00.1"};
  EXPECT_TRUE(joined(eal_arguments(options, kSmall)).ends_with("--allow=0000:01:00.0 --allow=0000:01:00.1"));
}

TEST(EalArguments, WhatTheUserSaysTakesThePlaceOfOurChoice) {
  EalOptions options;
  options.extra = "  -l 0-3   --socket-mem=64 -b 0000:02:00.0 --file-prefix x --log-level=lib.eal:debug ";
  const auto arguments = eal_arguments(options, kSmall);
  EXPECT_EQ(joined(arguments),
            "penstockd --no-telemetry -l 0-3 --socket-mem=64 -b 0000:02:00.0 --file-prefix x --log-level=lib.eal:debug");
  EXPECT_FALSE(arguments.small_pages);
  EXPECT_FALSE(arguments.huge_pages);
}

TEST(EalArguments, AnArgumentThatBeginsLikeAnotherDoesNotCount) {
  EalOptions options;
  options.extra = "--log-level-of-mine --main-lcore=0";
  EXPECT_NE(joined(eal_arguments(options, kSmall)).find("--log-level=warning"), std::string::npos);
  EXPECT_NE(joined(eal_arguments(options, kSmall)).find("--no-huge"), std::string::npos);
}

TEST(Machine, AddsUpFreeHugePagesOfAllSizes) {
  const auto root = std::filesystem::temp_directory_path() / ("penstock-machine-" + std::to_string(getpid()));
  const auto write = [&](const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root / file).parent_path());
    std::ofstream{root / file} << text;
  };
  write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "100\n");
  write("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "2\n");
  write("proc/meminfo", "MemTotal:       24683520 kB\nMemFree:        1 kB\n");
  const Machine machine = Machine::look(root);
  std::filesystem::remove_all(root);
  EXPECT_EQ(machine.free_huge_megabytes, 200U + 2048U);
  EXPECT_EQ(machine.total_megabytes, 24105U);
  EXPECT_FALSE(machine.cpus.empty());
}

TEST(Machine, HugePagesThatAreReservedForOthersAreNotFree) {
  const auto root = std::filesystem::temp_directory_path() / ("penstock-machine-" + std::to_string(getpid()));
  const auto pages = root / "sys/kernel/mm/hugepages/hugepages-2048kB";
  std::filesystem::create_directories(pages);
  std::ofstream{pages / "free_hugepages"} << "1237\n";
  for (const auto& [reserved, megabytes] :
       {std::pair{1237U, 0U}, {1200U, 74U}, {2000U, 0U}}) {  // the last: the two were read at different moments
    std::ofstream{pages / "resv_hugepages"} << reserved << '\n';
    EXPECT_EQ(Machine::look(root).free_huge_megabytes, megabytes);
  }
  std::filesystem::remove_all(root);
}

TEST(Machine, HasNoHugePagesWhereTheKernelHasNone) { EXPECT_EQ(Machine::look("/nonexistent").free_huge_megabytes, 0U); }

}  // namespace
}  // namespace penstock::dpdk
