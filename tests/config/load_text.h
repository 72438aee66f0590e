// Loads configuration from memory and shows what came out as text that tests compare.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/load.h"

namespace penstock::config {

using Files = std::map<std::string, std::string>;

// A reader of these files alone; patterns are matched as a shell does, within a directory.
[[nodiscard]] FileReader memory_files(Files files);

// The file "x.conf", with the id "main" for `@main`.
[[nodiscard]] LoadResult load_text(const std::string& text);
[[nodiscard]] LoadResult load_files(const Files& files, const Limits& limits = {});

// "LINE:COLUMN: error: text", with " [hint]" where there is one and "FILE:" before it where the file isn't x.conf. The
// warning that every file with an instance has is left out.
[[nodiscard]] std::vector<std::string> findings(const LoadResult& result);
[[nodiscard]] std::vector<std::string> findings(const std::string& text);

// A whole file around what a test is about: the body of a virtual_server, whose first line is line 4 ...
[[nodiscard]] std::string in_service(const std::string& body);
// ... of its real_server, line 5 ...
[[nodiscard]] std::string in_real_server(const std::string& body);
// ... of a vrrp_instance, line 5 ...
[[nodiscard]] std::string in_instance(const std::string& body);
// ... and of global_defs, line 2.
[[nodiscard]] std::string in_global(const std::string& body);

}  // namespace penstock::config
