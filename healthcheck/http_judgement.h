// Whether a server's HTTP answer is the one wanted: status, MD5 digest of the body, regular expression.
//
// The body comes in pieces as it is received. The digest is computed on the way; only a pattern needs the body itself, which is
// therefore kept. Limits: kMostBody bytes of a body, whatever is wanted of it; PCRE2's own limits on steps and depth. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "healthcheck/probe_result.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

class HttpJudgement {
 public:
  // A check is no download: a page of more than this is a failure (kReplyTooLarge).
  static constexpr std::size_t kMostBody = std::size_t{16} << 20;

  // `url` must outlive it.
  explicit HttpJudgement(const HttpUrl& url);
  ~HttpJudgement();
  HttpJudgement(const HttpJudgement&) = delete;
  HttpJudgement& operator=(const HttpJudgement&) = delete;

  // The next piece of the body. False: too much of it, nothing more is wanted.
  bool take(std::span<const std::byte> piece);
  // After the last piece. `status`: HTTP's three digits as a number.
  [[nodiscard]] ProbeResult judge(int status);
  // MD5 of what was taken: 32 lower-case hex digits. Ends the taking.
  [[nodiscard]] std::string digest();

 private:
  [[nodiscard]] ProbeResult judge_pattern() const;

  struct Md5;
  const HttpUrl& url_;
  std::unique_ptr<Md5> md5_;
  std::size_t size_ = 0;
  std::string body_;  // where there is a pattern
};

}  // namespace penstock::healthcheck
