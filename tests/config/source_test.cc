// The real file system behind load().
#include "config/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/load.h"

namespace penstock::config {
namespace {

class SystemFiles : public testing::Test {
 protected:
  SystemFiles() {
    std::string pattern = testing::TempDir() + "penstock-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~SystemFiles() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream{directory_ / name} << text;
  }

  std::filesystem::path directory_;
};

TEST_F(SystemFiles, AFileAndItsIncludesAreRead) {
  write("main.conf", "include conf.d/*.conf\ninclude {a,b}.txt\n");
  write("conf.d/1.conf", "global_defs {\n    router_id A\n");
  write("conf.d/2.conf", "    vrrp_version 3\n");
  write("conf.d/dir.conf/x", "not read: a directory matches, and is left out");
  write("b.txt", "}\n");
  const LoadResult result = load(path("main.conf"), {});
  EXPECT_THAT(result.diagnostics, testing::IsEmpty());
  ASSERT_TRUE(result.model.has_value());
  EXPECT_EQ(result.model->router_id, "A");
}

TEST_F(SystemFiles, WhatCannotBeReadIsAnErrorThatSaysWhy) {
  const auto message = [](const std::string& file) { return load(file, {}).diagnostics.at(0).message; };
  EXPECT_EQ(message(path("none.conf")), "the file can't be read: No such file or directory");
  EXPECT_EQ(message(directory_.string()), "the file can't be read: Is a directory");
  write("empty.conf", "");
  EXPECT_EQ(message(path("empty.conf")), "the file has no configuration in it");
}

TEST_F(SystemFiles, AFileThatIsTooLargeIsRefused) {
  write("large.conf", std::string(5000, '#'));
  LoadOptions options;
  options.limits.file_bytes = 4096;
  EXPECT_EQ(load(path("large.conf"), options).diagnostics.at(0).message,
            "the file can't be read: it is larger than 4096 bytes");
}

TEST_F(SystemFiles, TheIdIsTheHostsNameUpToItsFirstDot) {
  EXPECT_FALSE(default_config_id().empty());
  EXPECT_EQ(default_config_id().find('.'), std::string::npos);
  write("id.conf", "@" + default_config_id() + " global_defs { router_id mine }\n@^" + default_config_id() +
                       " global_defs { router_id other }\n");
  EXPECT_EQ(load(path("id.conf"), {}).model.value().router_id, "mine");
  EXPECT_EQ(load(path("id.conf"), {.config_id = "elsewhere", .reader = {}, .limits = {}}).model.value().router_id, "other");
}

TEST(SourceMap, LinesAreNumberedFromOne) {
  SourceMap sources;
  const std::uint32_t file = sources.add("f", "one\r\ntwo\nthree");
  EXPECT_EQ(sources.line_count(file), 3U);
  EXPECT_EQ(sources.line(file, 1), "one");
  EXPECT_EQ(sources.line(file, 3), "three");
  EXPECT_EQ(sources.line(file, 0), "");
  EXPECT_EQ(sources.line(file, 4), "");
  EXPECT_EQ(sources.line(7, 1), "");
}

}  // namespace
}  // namespace penstock::config
