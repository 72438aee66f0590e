#include "control/sync/sender.h"

#include <utility>

namespace penstock::control {

void SyncSender::add(const core::SyncRecord& record, const SyncDirectory& directory) {
  const SyncDirectory::Service* const service = directory.service(record.virtual_id);
  const packet::Endpoint* const server = directory.server(record.server);
  if (service == nullptr || server == nullptr) {
    ++sent_.forgotten;
    return;
  }
  const bool is_udp = record.state == core::ConnectionState::kUdp;
  sync::Entry entry;
  entry.client = {record.client, record.client_port};
  entry.virtual_server = service->endpoint;
  entry.real_server = *server;
  entry.flags = sync::direct_routing_flags(core::is_active(record.state));
  entry.timeout = std::chrono::seconds{record.timeout_seconds};
  entry.state = is_udp ? 0 : static_cast<std::uint16_t>(record.state);
  entry.protocol = static_cast<std::uint8_t>(service->protocol);
  if (writer_.add(entry)) return;
  close_message();
  (void)writer_.add(entry);  // there always is room in an empty one
}

void SyncSender::add(sync::Note note) {
  close_message();
  const auto bytes = sync::note_datagram(note, syncid_);
  post({.bytes = {bytes.begin(), bytes.end()}, .entries = 0});
}

void SyncSender::flush() {
  close_message();
  while (!waiting_.empty()) {
    const SyncSocket::Sent result = send_(waiting_.front().bytes);
    if (result == SyncSocket::Sent::kBusy) return;
    if (result == SyncSocket::Sent::kYes) {
      ++sent_.datagrams;
      sent_.entries += waiting_.front().entries;
    } else {
      ++sent_.failed;
    }
    waiting_.pop_front();
  }
}

void SyncSender::close_message() {
  if (writer_.is_empty()) return;
  const unsigned entries = writer_.entry_count();
  post({.bytes = writer_.take(), .entries = entries});
}

// The oldest give way: what is newer says more.
void SyncSender::post(Datagram datagram) {
  if (waiting_.size() == kWaiting) {
    sent_.given_up += waiting_.front().entries;
    waiting_.pop_front();
  }
  waiting_.push_back(std::move(datagram));
}

}  // namespace penstock::control
