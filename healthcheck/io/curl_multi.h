// libcurl's transfers on our event loop: many at once, none of which waits.
//
// A thin layer over curl_multi_socket_action(). Owned by the loop's thread. A failure of libcurl itself is the transfer's
// result, and where libcurl can't even be set up no transfer starts until it can.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "control/loop/event_loop.h"

namespace penstock::healthcheck {

struct CurlMultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CurlEasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CurlListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyFree>;
using CurlList = std::unique_ptr<curl_slist, CurlListFree>;

class CurlMulti {
 public:
  // Called once, from the loop, never from within add(). May add and remove transfers.
  using Done = std::move_only_function<void(CURLcode)>;

  explicit CurlMulti(control::EventLoop& loop);
  // Every transfer must have ended or been removed.
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Starts a transfer; the handle stays the caller's. False: libcurl has no memory for it, `done` will not be called.
  [[nodiscard]] bool add(CURL* easy, Done done);
  // Abandons a transfer; nothing happens when it isn't under way.
  void remove(CURL* easy);

  [[nodiscard]] std::size_t transfers() const { return transfers_.size(); }

 private:
  bool set_up();
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void act(curl_socket_t fd, int events);
  // False: there is no room for another descriptor.
  bool watch(curl_socket_t fd, int what);
  void finish_transfers();
  void finish(CURL* easy, CURLcode code);
  void fail_unwatched();

  control::EventLoop& loop_;
  std::unique_ptr<CURLM, CurlMultiFree> multi_;
  control::Timer timer_;
  std::unordered_map<curl_socket_t, control::FdWatch> watches_;
  std::unordered_map<CURL*, Done> transfers_;
  std::vector<CURL*> unwatched_;  // whose descriptor can't be watched: they fail by themselves
  control::Timer fail_timer_;
};

}  // namespace penstock::healthcheck
