// The codec as a program, for tests that have a kernel at the other end. Datagrams are hexadecimal, a line each; entries are
// JSON objects with the fields of lab/sync_wire.py.
//
//     sync-message write SYNCID MAXLEN < array of entries    the messages
//     sync-message read < datagrams                          an object for each: syncid, version, note, entries, refusals
//     sync-message note SYNCID "want dump"                   the note
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sync/message.h"
#include "sync/message_writer.h"
#include "tests/support/hex.h"

namespace {

using namespace penstock;
using namespace penstock::sync;
using nlohmann::json;
using test::Bytes;

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
std::string hex_of(std::string_view text) { return test::to_hex(std::as_bytes(std::span{text})); }

packet::Endpoint endpoint_of(const json& entry, const std::string& name) {
  return {packet::IpAddress::parse(entry.at(name).get<std::string>()).value(), entry.at(name + "_port").get<std::uint16_t>()};
}

void put(json& entry, const std::string& name, const packet::Endpoint& endpoint) {
  entry[name] = endpoint.address.to_string();
  entry[name + "_port"] = endpoint.port;
}

// An entry with texts of its own.
struct OwnedEntry {
  Entry entry;
  std::string engine_data;
  std::string engine_name;
};

OwnedEntry entry_of(const json& read) {
  OwnedEntry owned;
  Entry& entry = owned.entry;
  entry.client = endpoint_of(read, "client");
  entry.virtual_server = endpoint_of(read, "virtual");
  entry.real_server = endpoint_of(read, "server");
  entry.protocol = read.at("protocol");
  entry.flags = read.at("flags");
  entry.state = read.at("state");
  entry.timeout = std::chrono::seconds{read.at("timeout").get<std::uint32_t>()};
  entry.firewall_mark = read.at("firewall_mark");
  if (const json& shifts = read.at("shifts"); !shifts.is_null()) {
    entry.shifts = SequenceShifts{{shifts[0], shifts[1], shifts[2]}, {shifts[3], shifts[4], shifts[5]}};
  }
  owned.engine_data = text_of(test::from_hex(read.at("engine_data").get<std::string>()));
  owned.engine_name = read.at("engine_name");
  return owned;
}

json json_of(const Entry& entry) {
  json written;
  put(written, "client", entry.client);
  put(written, "virtual", entry.virtual_server);
  put(written, "server", entry.real_server);
  written["protocol"] = entry.protocol;
  written["flags"] = entry.flags;
  written["state"] = entry.state;
  written["timeout"] = entry.timeout.count();
  written["firewall_mark"] = entry.firewall_mark;
  written["shifts"] = nullptr;
  if (entry.shifts) {
    const auto& [input, output] = *entry.shifts;
    written["shifts"] = {input.first_sequence,  input.delta,  input.previous_delta,
                         output.first_sequence, output.delta, output.previous_delta};
  }
  written["engine_data"] = hex_of(entry.engine_data);
  written["engine_name"] = entry.engine_name;
  return written;
}

void write(std::uint8_t syncid, std::size_t maxlen) {
  MessageWriter writer{maxlen, syncid};
  for (const json& read : json::parse(std::cin)) {
    OwnedEntry owned = entry_of(read);
    owned.entry.engine_data = owned.engine_data;
    owned.entry.engine_name = owned.engine_name;
    if (writer.add(owned.entry)) continue;
    std::cout << test::to_hex(writer.take()) << '\n';
    if (!writer.add(owned.entry)) std::abort();
  }
  std::cout << test::to_hex(writer.take()) << '\n';
}

json json_of(const Bytes& datagram) {
  json read{{"entries", json::array()}, {"refusals", json::array()}};
  auto message = read_message(datagram);
  if (!message) {
    read["refusals"].push_back(name_of(message.error()));
    return read;
  }
  read["syncid"] = message->syncid();
  read["version"] = message->version();
  read["note"] = message->note() ? json(to_string(*message->note())) : json();
  while (auto entry = message->next()) {
    if (entry->has_value()) {
      read["entries"].push_back(json_of(**entry));
    } else {
      read["refusals"].push_back(name_of(entry->error()));
    }
  }
  return read;
}

int usage() {
  std::cerr << "usage: sync-message write SYNCID MAXLEN | read | note SYNCID NOTE\n";
  return 2;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments{values + 1, values + count};
  if (arguments.size() == 3 && arguments[0] == "write") {
    write(static_cast<std::uint8_t>(std::stoul(arguments[1])), std::stoul(arguments[2]));
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "read") {
    for (std::string line; std::getline(std::cin, line);) std::cout << json_of(test::from_hex(line)).dump() << '\n';
    return 0;
  }
  if (arguments.size() == 3 && arguments[0] == "note") {
    for (const Note note : kNotes) {
      if (to_string(note) != arguments[2]) continue;
      std::cout << test::to_hex(note_datagram(note, static_cast<std::uint8_t>(std::stoul(arguments[1])))) << '\n';
      return 0;
    }
  }
  return usage();
}
