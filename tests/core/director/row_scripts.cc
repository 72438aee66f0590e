#include "tests/core/director/row_scripts.h"

#include <algorithm>

#include "tests/core/director/frame_script.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

constexpr unsigned kServers = 3;  // a script's

void add_change(ScriptWriter& script, const Situation& situation) {
  // In BACKUP or without services a script's lists can't change: so those come last, and go first.
  script.add_director(three_servers());
  for (unsigned server = 0; server < std::min<std::size_t>(kServers, situation.servers.size()); ++server) {
    const auto has_it = [server](const RowService& service) {
      return std::ranges::find(service.servers, server) != service.servers.end();
    };
    const bool is_there = situation.services.empty() || std::ranges::any_of(situation.services, has_it);
    script.add_server(server, is_there, situation.servers[server]);
  }
  script.add_director(situation);
}

}  // namespace

Bytes script_of(const Row& row) {
  ScriptWriter script;
  add_change(script, row.situation);
  for (const Event& event : row.before) {
    if (event.change) add_change(script, *event.change);
    script.add_time(event.wait);
    if (!event.frame.empty()) script.add_frame(event.frame, row.port, SIZE_MAX);
  }
  script.add_time(row.wait);
  if (!row.in.empty()) script.add_frame(row.in, row.port, row.contiguous);
  return script.bytes();
}

}  // namespace penstock::test
