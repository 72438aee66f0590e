#include "healthcheck/io/curl_multi.h"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace penstock::healthcheck {

using control::FdEvents;

CurlMulti::CurlMulti(control::EventLoop& loop) : loop_{loop} {
  // Once in a process. OpenSSL writes to sockets whose peer may be gone without asking for no signal.
  static const bool kReady = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK && std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  if (kReady) multi_.reset(curl_multi_init());
  if (!multi_) throw std::runtime_error{"libcurl can't be set up"};
  timer_ = loop.add_timer([this] { act(CURL_SOCKET_TIMEOUT, 0); });
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
}

CurlMulti::~CurlMulti() = default;

bool CurlMulti::add(CURL* easy, Done done) {
  if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) return false;
  transfers_[easy] = std::move(done);
  return true;
}

void CurlMulti::remove(CURL* easy) {
  if (transfers_.erase(easy) != 0) curl_multi_remove_handle(multi_.get(), easy);
}

int CurlMulti::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  return static_cast<CurlMulti*>(self)->watch(fd, what) ? 0 : -1;
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
  try {
    watches_[fd] = loop_.add_fd(fd, wanted, [this, fd](FdEvents seen) {
      act(fd,
          (seen.readable ? CURL_CSELECT_IN : 0) | (seen.writable ? CURL_CSELECT_OUT : 0) | (seen.error ? CURL_CSELECT_ERR : 0));
    });
  } catch (const std::runtime_error&) {  // must not pass through libcurl, which is C
    watches_.erase(fd);
    return false;
  }
  return true;
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
    const auto at = transfers_.find(easy);
    if (at == transfers_.end()) continue;
    Done done = std::move(at->second);
    transfers_.erase(at);
    curl_multi_remove_handle(multi_.get(), easy);
    done(result);
  }
}

}  // namespace penstock::healthcheck
