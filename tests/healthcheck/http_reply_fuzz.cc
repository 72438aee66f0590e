// Fuzz target: any status and any bytes as the body of an HTTP answer, judged by each kind of wish. Rules:
//   - the judgement doesn't depend on how the body is cut;
//   - a status counts exactly when a range has it; a digest exactly when it is the body's; a pattern and its opposite are never
//   both content, unless there was too much to search;
//   - a result is one printable line; the failure is one that such a check may have.
// The input: flags and pieces, a status, ranges of wanted ones, a pattern, its offsets, the body.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "healthcheck/http_judgement.h"
#include "tests/support/fuzz_target.h"

namespace {

using namespace penstock::healthcheck;
using penstock::test::FuzzInput;
using penstock::test::require;

std::string md5_of(std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_md5(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

ProbeResult judge(const HttpUrl& url, int status, std::string_view body, std::size_t piece) {
  HttpJudgement judgement{url};
  for (std::size_t at = 0; at < body.size(); at += piece) {
    const std::string_view part = body.substr(at, piece);
    require(judgement.take(std::as_bytes(std::span{part})), "a small body is taken");
  }
  return judgement.judge(status);
}

// The same whatever the cuts; what it says can be shown.
ProbeResult judge_both(const HttpUrl& url, int status, std::string_view body, std::size_t piece) {
  const ProbeResult whole = judge(url, status, body, body.size() + 1);
  require(judge(url, status, body, piece) == whole, "the cuts don't matter");
  require(std::ranges::all_of(whole.detail, [](char c) { return c >= ' ' && c <= '~'; }), "a result is one printable line");
  require(whole.is_success() == whole.detail.empty(), "a failure has a detail, and nothing else has one");
  return whole;
}

void check_status(const HttpUrl& url, int status, std::string_view body, std::size_t piece) {
  const bool wanted =
      url.status.empty() ? status >= 200 && status <= 299 : std::ranges::any_of(url.status, [&](const StatusRange& range) {
        return status >= range.first && status <= range.last;
      });
  const ProbeResult result = judge_both(url, status, body, piece);
  require((result.failure == ProbeFailure::kStatusCode) == !wanted, "a status counts exactly when it is wanted");
}

void check_digest(std::string_view body, std::size_t piece) {
  HttpUrl url{.digest = md5_of(body)};
  require(judge_both(url, 200, body, piece).is_success(), "the body's own digest is content");
  url.digest.back() = url.digest.back() == '0' ? '1' : '0';
  require(judge_both(url, 200, body, piece).failure == ProbeFailure::kDigest, "another digest is not");
}

void check_pattern(BodyPattern pattern, std::string_view body, std::size_t piece) {
  HttpUrl url;
  pattern.must_match = true;
  url.pattern = pattern;
  const ProbeResult matches = judge_both(url, 200, body, piece);
  url.pattern->must_match = false;
  const ProbeResult differs = judge(url, 200, body, piece);
  const auto is_verdict = [](const ProbeResult& result) {
    return result.is_success() || result.failure == ProbeFailure::kPattern;
  };
  if (!is_verdict(matches) || !is_verdict(differs)) {
    const bool limited = matches.failure == ProbeFailure::kPatternLimit || matches.failure == ProbeFailure::kLocal;
    require(limited && matches.failure == differs.failure, "what can't be judged can't be judged either way");
    return;
  }
  require(matches.is_success() != differs.is_success() || matches.detail == differs.detail, "a pattern matches or it doesn't");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  FuzzInput input{data, size};
  const std::uint8_t flags = input.byte();
  const std::size_t piece = std::size_t{input.byte()} + 1;
  const int status = input.word() % 1000;
  HttpUrl url;
  for (std::uint8_t ranges = flags % 4; ranges > 0; --ranges) {
    const auto first = static_cast<std::uint16_t>(100 + input.word() % 500);
    url.status.push_back({first, static_cast<std::uint16_t>(std::min(599, first + input.byte()))});
  }
  static constexpr std::array<std::uint32_t, 4> kOptions{0, 0x8, 0x80000, 0x80008};  // none, CASELESS, UTF, both
  BodyPattern pattern{.pattern = {}, .options = kOptions[flags / 4 % 4]};
  const std::size_t pattern_size = input.byte() % 32;
  pattern.pattern = input.text(pattern_size);
  pattern.min_offset = input.byte() % 16;
  pattern.max_offset = input.byte() % 16;
  const std::string_view body = input.rest();
  check_status(url, status, body, piece);
  check_digest(body, piece);
  check_pattern(std::move(pattern), body, piece);
  return 0;
}
