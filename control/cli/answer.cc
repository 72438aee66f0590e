#include "control/cli/answer.h"

#include "control/cli/ipvsadm_listing.h"
#include "control/cli/show.h"
#include "control/cli/show_json.h"

namespace penstock::control {
namespace {

class ConnectionStream final : public AnswerStream {
 public:
  ConnectionStream(std::unique_ptr<ConnectionCursor> cursor, ConnectionFormat format)
      : cursor_{std::move(cursor)}, format_{format} {}

  void more(Deliver deliver) override {
    cursor_->next([this, deliver = std::move(deliver)](const ConnectionBatch& batch) {
      std::string text = std::exchange(started_, true) ? std::string{} : title();
      for (const ConnectionStatus& row : batch.rows) append(text, row);
      if (batch.last) text += end();
      deliver(std::move(text), batch.last);
    });
  }

 private:
  [[nodiscard]] std::string title() const {
    switch (format_) {
      case ConnectionFormat::kTable: return show_connections_title();
      case ConnectionFormat::kIpvsadm: return ipvsadm_connections_title(false);
      case ConnectionFormat::kIpvsadmPersistenceEngine: return ipvsadm_connections_title(true);
      case ConnectionFormat::kJson: return "[";
    }
    return {};
  }

  void append(std::string& text, const ConnectionStatus& row) {
    const bool first = count_++ == 0;
    switch (format_) {
      case ConnectionFormat::kTable: append_connection(text, row); break;
      case ConnectionFormat::kIpvsadm:
      case ConnectionFormat::kIpvsadmPersistenceEngine: append_ipvsadm_connection(text, row); break;
      case ConnectionFormat::kJson: text += (first ? "\n  " : ",\n  ") + connection_json(row).dump(); break;
    }
  }

  [[nodiscard]] std::string end() const {
    if (format_ == ConnectionFormat::kTable) return show_connections_end(count_);
    if (format_ == ConnectionFormat::kJson) return count_ == 0 ? "]\n" : "\n]\n";
    return {};
  }

  std::unique_ptr<ConnectionCursor> cursor_;
  ConnectionFormat format_;
  std::uint64_t count_ = 0;
  bool started_ = false;
};

}  // namespace

Answer printed(Answer answer) {
  if (answer.print) answer.out = std::exchange(answer.print, nullptr)();
  return answer;
}

std::unique_ptr<AnswerStream> stream_connections(std::unique_ptr<ConnectionCursor> cursor, ConnectionFormat format) {
  return std::make_unique<ConnectionStream>(std::move(cursor), format);
}

}  // namespace penstock::control
