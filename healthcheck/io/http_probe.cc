#include "healthcheck/io/http_probe.h"

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "healthcheck/http_judgement.h"
#include "healthcheck/io/http_transfer.h"

namespace penstock::healthcheck {
namespace {

using control::EventLoop;

// Runs one URL after another; what is made of each is the caller's.
class HttpProbe : public Probe {
 public:
  HttpProbe(const HttpProbeSetup& setup, CheckSpec check)
      : curl_{setup.curl},
        sockets_{setup.sockets},
        tls_{setup.tls},
        check_{std::move(check)},
        http_{std::get<HttpCheck>(check_.kind)},
        started_{EventLoop::now()},
        other_end_{setup.loop.add_timer([this] {
          abandon();
          on_end(no_result_);
        })} {
    other_end_.start_once(check_.connection.timeout + kGrace);
  }
  ~HttpProbe() override { abandon(); }

 protected:
  // on_end() follows, never from within.
  void ask(std::size_t url, HttpTransfer::TakeBytes take_header) {
    abandon();
    judgement_ = std::make_unique<HttpJudgement>(http_.urls[url]);
    const auto left = check_.connection.timeout - (EventLoop::now() - started_);
    const HttpTransfer::Request request{.check = check_,
                                        .http = http_,
                                        .url = http_.urls[url],
                                        .tls = tls_,
                                        .deadline = std::chrono::ceil<std::chrono::milliseconds>(left)};
    transfer_ = std::make_unique<HttpTransfer>(
        sockets_, request, [this](std::span<const std::byte> piece) { return take_body(piece); }, std::move(take_header));
    const bool begun = transfer_->handle() != nullptr &&
                       curl_.add(transfer_->handle(), [this](CURLcode code) { on_end(transfer_->result_of(code)); });
    if (begun) return;
    no_result_.detail = "libcurl has no memory for a request";
    other_end_.start_once({});
  }

  virtual void on_end(ProbeResult result) = 0;
  virtual bool take_body(std::span<const std::byte> piece) { return judgement_->take(piece); }

  [[nodiscard]] Duration elapsed() const { return std::chrono::duration_cast<Duration>(EventLoop::now() - started_); }
  [[nodiscard]] const HttpCheck& http() const { return http_; }
  [[nodiscard]] HttpJudgement& judgement() { return *judgement_; }
  [[nodiscard]] int status() const { return transfer_->status(); }

 private:
  // A transfer that lacked memory at the wrong moment may never end: libcurl then forgets its own deadline, too.
  static constexpr std::chrono::seconds kGrace{1};

  void abandon() {
    if (transfer_ != nullptr && transfer_->handle() != nullptr) curl_.remove(transfer_->handle());
  }

  CurlMulti& curl_;
  ProbeSockets& sockets_;
  const TlsFiles tls_;
  const CheckSpec check_;
  const HttpCheck& http_;
  EventLoop::Clock::time_point started_;
  std::unique_ptr<HttpJudgement> judgement_;
  std::unique_ptr<HttpTransfer> transfer_;
  ProbeResult no_result_{.failure = ProbeFailure::kNotRun, .detail = "libcurl came to no end"};
  control::Timer other_end_;
};

class HttpCheckProbe final : public HttpProbe {
 public:
  HttpCheckProbe(const HttpProbeSetup& setup, const CheckSpec& check, ProbeDone done)
      : HttpProbe{setup, check}, done_{std::move(done)} {
    start_url();
  }

 private:
  void start_url() {
    ask(url_, [](std::span<const std::byte>) { return true; });
  }

  void on_end(ProbeResult result) override {
    if (result.is_success()) result = judgement().judge(status());
    if (!result.is_success()) return finish(std::move(result));
    if (++url_ == http().urls.size()) return finish({});
    start_url();
  }

  void finish(ProbeResult result) {
    result.url = result.is_success() ? 0 : url_;
    result.latency = elapsed();
    std::exchange(done_, {})(std::move(result));  // may destroy this probe
  }

  ProbeDone done_;
  std::size_t url_ = 0;
};

class PageSight final : public HttpProbe {
 public:
  PageSight(const HttpProbeSetup& setup, const CheckSpec& check, SightDone done)
      : HttpProbe{setup, check}, done_{std::move(done)} {
    ask(0, [this](std::span<const std::byte> line) {
      append(sight_.headers, line);
      return true;
    });
  }

 private:
  static void append(std::string& text, std::span<const std::byte> bytes) {
    text.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
  }

  bool take_body(std::span<const std::byte> piece) override {
    if (!HttpProbe::take_body(piece)) return false;
    append(sight_.body, piece);
    return true;
  }

  void on_end(ProbeResult result) override {
    result.latency = elapsed();
    if (result.is_success()) {
      sight_.status = status();
      sight_.digest = judgement().digest();
    }
    std::exchange(done_, {})(std::move(result), std::move(sight_));  // may destroy this probe
  }

  SightDone done_;
  HttpSight sight_;
};

}  // namespace

std::unique_ptr<Probe> start_http_probe(const HttpProbeSetup& setup, const CheckSpec& check, ProbeDone done) {
  return std::make_unique<HttpCheckProbe>(setup, check, std::move(done));
}

std::unique_ptr<Probe> look_at_page(const HttpProbeSetup& setup, const CheckSpec& check, SightDone done) {
  return std::make_unique<PageSight>(setup, check, std::move(done));
}

}  // namespace penstock::healthcheck
