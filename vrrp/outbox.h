// Collects what one event asks for, and puts it in the order in which it is to be done.
//
// Frames and ownership come first, whichever instance they are of: neither a sync group's second member nor an address waits
// for log lines and scripts. Within the two kinds the order of the calls stays.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vrrp/router.h"

namespace penstock::vrrp {

class Outbox {
 public:
  void send(SendFrame frame) { urgent_.emplace_back(std::move(frame)); }
  void own(const std::string& instance, bool owns) { urgent_.emplace_back(SetOwner{.instance = instance, .owns = owns}); }

  void debug(std::string text) { log(notify::LogLine::Level::kDebug, std::move(text)); }
  void info(std::string text) { log(notify::LogLine::Level::kInfo, std::move(text)); }
  void warn(std::string text) { log(notify::LogLine::Level::kWarning, std::move(text)); }
  void run(notify::Script script, std::string queue) {
    told_.emplace_back(notify::RunScript{.script = std::move(script), .queue = std::move(queue)});
  }
  void fifo(std::string line) { told_.emplace_back(notify::WriteFifo{.line = std::move(line)}); }
  void mail(std::string subject, std::string body) {
    told_.emplace_back(notify::SendMail{.subject = std::move(subject), .body = std::move(body)});
  }

  // Everything so far; the outbox is empty afterwards.
  [[nodiscard]] Actions take() {
    Actions all = std::move(urgent_);
    all.insert(all.end(), std::make_move_iterator(told_.begin()), std::make_move_iterator(told_.end()));
    urgent_ = {};
    told_ = {};
    return all;
  }

 private:
  void log(notify::LogLine::Level level, std::string text) {
    told_.emplace_back(notify::LogLine{.level = level, .text = std::move(text)});
  }

  Actions urgent_;
  Actions told_;
};

}  // namespace penstock::vrrp
