// Mails about changes (smtp_alert), by libcurl's SMTP: queued, never waited for.
//
// A mail server that is slow or gone costs a bounded queue: one mail is under way at a time, in order; when kMostWaiting wait,
// later ones are lost, which is reported when it begins and, with their number, when it ends. Limit: no encryption and no
// login, as keepalived's. Loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "control/loop/event_loop.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/spec/policy.h"

namespace penstock::healthcheck {

// The text of a mail (RFC 5322) with its headers; line ends in subject or body can't make a header or end the mail.
[[nodiscard]] std::string mail_text(const MailPolicy& policy, const std::string& subject, const std::string& body,
                                    std::time_t now);

// The address for the envelope of "Name <keepalived@example.org>", or of the bare address.
[[nodiscard]] std::string envelope_address(const std::string& sender);

class Mailer {
 public:
  static constexpr std::size_t kMostWaiting = 1000;
  // What did not go well: a line for the log.
  using Report = std::move_only_function<void(std::string line)>;

  // The loop and `curl` must outlive it.
  Mailer(control::EventLoop& loop, CurlMulti& curl, Report report);
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  // For mails that are sent from now on.
  void set_policy(const MailPolicy& policy) { policy_ = policy; }
  // Nothing happens when the policy names no server or nobody to write to.
  void send(const std::string& subject, const std::string& body);
  [[nodiscard]] bool is_idle() const { return waiting_.empty() && current_ == nullptr; }

 private:
  struct Mail;
  void start_next();
  void end(CURLcode code);
  void give_up();

  CurlMulti& curl_;
  Report report_;
  MailPolicy policy_;
  std::deque<std::unique_ptr<Mail>> waiting_;
  std::unique_ptr<Mail> current_;
  std::uint64_t lost_ = 0;  // since the queue became full
  control::Timer pump_;
  control::Timer guard_;  // ends a mail that libcurl brings to no end
};

}  // namespace penstock::healthcheck
