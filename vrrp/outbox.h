// Collects what one event asks for, and puts it in the order in which it is to be done.
//
// Frames and ownership come first, whichever instance they are of: neither a sync group's second member nor an address waits
// for log lines and scripts. Within the two kinds the order of the calls stays.
#pragma once

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "vrrp/router.h"

namespace penstock::vrrp {

class Outbox {
 public:
  void advertise(SendFrame advert) { adverts_.emplace_back(std::move(advert)); }
  void announce(SendFrame announcement) { addresses_.emplace_back(std::move(announcement)); }
  void own(const std::string& instance, bool owns) { addresses_.emplace_back(SetOwner{.instance = instance, .owns = owns}); }

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
    Actions all = std::exchange(adverts_, {});
    for (Actions* later : {&addresses_, &told_}) {
      all.insert(all.end(), std::make_move_iterator(later->begin()), std::make_move_iterator(later->end()));
      later->clear();
    }
    return all;
  }

 private:
  void log(notify::LogLine::Level level, std::string text) {
    told_.emplace_back(notify::LogLine{.level = level, .text = std::move(text)});
  }

  Actions adverts_;
  Actions addresses_;
  Actions told_;
};

}  // namespace penstock::vrrp
