#include "control/health/fifo_channel.h"

#include <utility>

namespace penstock::control {

void FifoChannel::set(const FifoSettings& settings) {
  const FifoSettings old = std::exchange(settings_, settings);
  const bool is_other =
      settings.path != old.path || (!settings.path.empty() && (settings.user != old.user || settings.group != old.group));
  if (is_other) open();
  if (is_other || settings.script != old.script) start_script();
}

void FifoChannel::write(const std::string& line) {
  if (fifo_ && !fifo_->write(line) && fifo_->lost() == 1) problem_(settings_.path + ": nobody reads: lines are lost");
}

void FifoChannel::open() {
  fifo_.reset();
  if (settings_.path.empty()) return;
  const auto owner = runner_.resolve({.user = settings_.user, .group = settings_.group});
  if (!owner) problem_(settings_.path + ": " + owner.error());
  auto fifo = healthcheck::NotifyFifo::open(settings_.path, owner ? std::optional{*owner} : std::nullopt);
  if (!fifo) return problem_(fifo.error());
  fifo_ = std::move(*fifo);
}

void FifoChannel::start_script() {
  reader_.reset();
  if (settings_.script.empty() || !fifo_) return;
  notify::Script with_path = settings_.script;
  with_path.command.push_back(settings_.path);
  auto started = runner_.start(with_path, [this](ExitStatus) { problem_("the script of " + keyword_ + " has ended"); });
  if (!started) return problem_(settings_.script.command.front() + ": " + started.error().reason);
  reader_ = std::move(*started);
}

}  // namespace penstock::control
