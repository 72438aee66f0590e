#include "healthcheck/io/curl_multi.h"

#include <chrono>
#include <csignal>
#include <utility>

namespace penstock::healthcheck {

using control::FdEvents;

namespace {

// Once in a process; again where it failed.
bool set_up_library() {
  static bool is_ready = false;
  // OpenSSL writes to sockets whose peer may be gone without asking for no signal.
  if (!is_ready) is_ready = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK && std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  return is_ready;
}

}  // namespace

CurlMulti::CurlMulti(control::EventLoop& loop)
    : loop_{loop},
      timer_{loop.add_timer([this] { act(CURL_SOCKET_TIMEOUT, 0); })},
      fail_timer_{loop.add_timer([this] { fail_unwatched(); })} {
  set_up();
}

CurlMulti::~CurlMulti() = default;

bool CurlMulti::set_up() {
  if (multi_) return true;
  if (set_up_library()) multi_.reset(curl_multi_init());
  if (!multi_) return false;
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  return true;
}

bool CurlMulti::add(CURL* easy, Done done) {
  if (!set_up() || curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) return false;
  transfers_[easy] = std::move(done);
  return true;
}

void CurlMulti::remove(CURL* easy) {
  std::erase(unwatched_, easy);
  if (transfers_.erase(easy) != 0) curl_multi_remove_handle(multi_.get(), easy);
}

// -1 would end the multi handle and with it all transfers, so the one that it is about is ended from the loop instead.
int CurlMulti::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) {
  auto& multi = *static_cast<CurlMulti*>(self);
  if (!multi.watch(fd, what)) {
    multi.unwatched_.push_back(easy);
    multi.fail_timer_.start_once({});
  }
  return 0;
}

int CurlMulti::on_timer(CURLM*, long milliseconds, void* self) {
  control::Timer& timer = static_cast<CurlMulti*>(self)->timer_;
  if (milliseconds < 0) {
    timer.stop();
  } else {
    timer.start_once(std::chrono::milliseconds{milliseconds});
  }
  return 0;
}

bool CurlMulti::watch(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    watches_.erase(fd);
    return true;
  }
  const FdEvents wanted{.readable = (what & CURL_POLL_IN) != 0, .writable = (what & CURL_POLL_OUT) != 0};
  if (const auto known = watches_.find(fd); known != watches_.end()) {
    known->second.set_events(wanted);
    return true;
  }
  auto watch = loop_.try_add_fd(fd, wanted, [this, fd](FdEvents seen) {
    act(fd,
        (seen.readable ? CURL_CSELECT_IN : 0) | (seen.writable ? CURL_CSELECT_OUT : 0) | (seen.error ? CURL_CSELECT_ERR : 0));
  });
  if (watch) watches_[fd] = std::move(*watch);
  return watch.has_value();
}

void CurlMulti::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), fd, events, &running);
  finish_transfers();
}

void CurlMulti::finish_transfers() {
  int waiting = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &waiting)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    finish(easy, result);
  }
}

void CurlMulti::finish(CURL* easy, CURLcode code) {
  const auto at = transfers_.find(easy);
  if (at == transfers_.end()) return;
  Done done = std::move(at->second);
  transfers_.erase(at);
  curl_multi_remove_handle(multi_.get(), easy);
  done(code);
}

void CurlMulti::fail_unwatched() {
  for (CURL* const easy : std::exchange(unwatched_, {})) finish(easy, CURLE_OUT_OF_MEMORY);
}

}  // namespace penstock::healthcheck
