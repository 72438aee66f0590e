#include "control/cli/printer.h"

#include <pthread.h>

#include <algorithm>

namespace penstock::control {

class Printer::Stream final : public AnswerStream {
 public:
  Stream(Printer& printer, TextId id) : printer_{printer}, id_{id} { printer_.streams_[id_] = this; }
  ~Stream() override { printer_.streams_.erase(id_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void more(Deliver deliver) override {
    deliver_ = std::move(deliver);
    if (is_made_) hand_out_piece();
  }

  void take(std::string text) {
    text_ = std::move(text);
    is_made_ = true;
    if (deliver_) hand_out_piece();
  }

 private:
  // The callee may end the stream.
  void hand_out_piece() {
    std::string piece = text_.substr(handed_out_, kPieceBytes);
    handed_out_ += piece.size();
    std::exchange(deliver_, nullptr)(std::move(piece), handed_out_ == text_.size());
  }

  Printer& printer_;
  TextId id_;
  Deliver deliver_;
  std::string text_;
  std::size_t handed_out_ = 0;
  bool is_made_ = false;
};

Printer::Printer(EventLoop& control)
    : texts_{control, [this](std::vector<Text> texts) { hand_out(std::move(texts)); }},
      orders_{loop_, [this](std::vector<Order> orders) { work(std::move(orders)); }},
      thread_{[this] { loop_.run(); }} {
  pthread_setname_np(thread_.native_handle(), "printer");
}

Printer::~Printer() {
  orders_.post(Stop{});
  thread_.join();
}

std::unique_ptr<AnswerStream> Printer::print(MakeText make) {
  auto stream = std::make_unique<Stream>(*this, ++last_);
  orders_.post(Job{last_, std::move(make)});
  return stream;
}

void Printer::work(std::vector<Order> orders) {
  if (std::ranges::any_of(orders, [](const Order& order) { return std::holds_alternative<Stop>(order); })) return loop_.stop();
  for (Order& order : orders) {
    Job& job = std::get<Job>(order);
    texts_.post({job.id, job.make()});
  }
}

void Printer::hand_out(std::vector<Text> texts) {
  for (auto& [id, text] : texts) {
    if (const auto found = streams_.find(id); found != streams_.end()) found->second->take(std::move(text));
  }
}

}  // namespace penstock::control
