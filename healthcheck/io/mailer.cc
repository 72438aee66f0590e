#include "healthcheck/io/mailer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <utility>

#include "healthcheck/io/one_line.h"

namespace penstock::healthcheck {
namespace {

constexpr int kTimeouts = 4;               // the whole session may take so many times the connection's timeout
constexpr std::chrono::seconds kGrace{1};  // a session that lacked memory at the wrong moment forgets its own timeout

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string or_else(const std::string& text, const std::string& otherwise) { return text.empty() ? otherwise : text; }

std::string sender_of(const MailPolicy& policy) { return or_else(policy.from, "keepalived@" + host_name()); }

// Lines end in CR LF on the wire (RFC 5321, 2.3.8); libcurl doubles dots at their begin.
std::string with_wire_line_ends(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

}  // namespace

std::string mail_text(const MailPolicy& policy, const std::string& subject, const std::string& body, std::time_t now) {
  std::string to;
  for (const std::string& address : policy.to) to += (to.empty() ? "" : ", ") + in_one_line(address, ' ');
  return fmt::format(
      "Date: {:%a, %d %b %Y %H:%M:%S +0000}\r\nFrom: {}\r\nSubject: [{}] {}\r\nX-Mailer: Penstock\r\nTo: {}\r\n\r\n{}\r\n",
      fmt::gmtime(now), in_one_line(sender_of(policy), ' '), in_one_line(or_else(policy.router_id, host_name()), ' '),
      in_one_line(subject, ' '), to, with_wire_line_ends(body));
}

std::string envelope_address(const std::string& sender) {
  const std::size_t open = sender.rfind('<');
  const std::size_t close = sender.rfind('>');
  if (open == std::string::npos || close == std::string::npos || close < open) return sender;
  return sender.substr(open + 1, close - open - 1);
}

struct Mailer::Mail {
  MailPolicy policy;
  std::string text;
  std::size_t sent = 0;
  CurlEasy easy{};
  CurlList recipients{};

  static std::size_t read(char* room, std::size_t size, std::size_t count, void* self) {
    auto& mail = *static_cast<Mail*>(self);
    const std::size_t length = std::min(size * count, mail.text.size() - mail.sent);
    std::memcpy(room, mail.text.data() + mail.sent, length);
    mail.sent += length;
    return length;
  }

  bool prepare() {
    easy.reset(curl_easy_init());
    if (!easy) return false;
    for (const std::string& address : policy.to) {
      curl_slist* const longer =
          curl_slist_append(recipients.get(), fmt::format("<{}>", in_one_line(envelope_address(address), ' ')).c_str());
      if (longer == nullptr) return false;
      static_cast<void>(recipients.release());
      recipients.reset(longer);
    }
    const bool is_v6 = policy.server.contains(':');
    const std::string helo = or_else(policy.helo_name, host_name());
    const std::string url =
        fmt::format("smtp://{}{}{}:{}/{}", is_v6 ? "[" : "", policy.server, is_v6 ? "]" : "", policy.port, helo);
    const auto timeout = static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(policy.connect_timeout).count());
    bool taken = true;
    const auto set = [&](CURLoption option, auto value) {
      taken = taken && curl_easy_setopt(easy.get(), option, value) == CURLE_OK;
    };
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);  // says QUIT at once
    set(CURLOPT_QUICK_EXIT, 1L);    // a name that isn't resolved in time: don't block until its thread has ended
    set(CURLOPT_MAIL_FROM, fmt::format("<{}>", in_one_line(envelope_address(sender_of(policy)), ' ')).c_str());
    set(CURLOPT_MAIL_RCPT, recipients.get());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &Mail::read);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_CONNECTTIMEOUT_MS, timeout);
    set(CURLOPT_TIMEOUT_MS, kTimeouts * timeout);
    return taken;
  }
};

Mailer::Mailer(control::EventLoop& loop, CurlMulti& curl, Report report) : curl_{curl}, report_{std::move(report)} {
  pump_ = loop.add_timer([this] { start_next(); });
  guard_ = loop.add_timer([this] { give_up(); });
}

Mailer::~Mailer() {
  if (current_ != nullptr) curl_.remove(current_->easy.get());
}

void Mailer::send(const std::string& subject, const std::string& body) {
  if (policy_.server.empty() || policy_.to.empty()) return;
  if (waiting_.size() >= kMostWaiting) {
    if (lost_++ == 0) report_(fmt::format("mails to {} are lost from now on: {} are waiting", policy_.server, waiting_.size()));
    return;
  }
  if (lost_ != 0) report_(fmt::format("{} mails were lost", std::exchange(lost_, 0)));
  auto mail = std::make_unique<Mail>();
  mail->policy = policy_;
  mail->text = mail_text(policy_, subject, body, std::time(nullptr));
  waiting_.push_back(std::move(mail));
  if (current_ == nullptr) pump_.start_once({});
}

void Mailer::start_next() {
  while (current_ == nullptr && !waiting_.empty()) {
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    if (current_->prepare() && curl_.add(current_->easy.get(), [this](CURLcode code) { end(code); })) {
      return guard_.start_once(kTimeouts * current_->policy.connect_timeout + kGrace);
    }
    report_("mail lost: libcurl has no memory for it");
    current_.reset();
  }
}

void Mailer::end(CURLcode code) {
  if (code != CURLE_OK) report_(fmt::format("mail to {} failed: {}", current_->policy.server, curl_easy_strerror(code)));
  guard_.stop();
  current_.reset();
  pump_.start_once({});
}

void Mailer::give_up() {
  curl_.remove(current_->easy.get());
  end(CURLE_OPERATION_TIMEDOUT);
}

}  // namespace penstock::healthcheck
