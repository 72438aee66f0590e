#include "healthcheck/http_judgement.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace penstock::healthcheck {
namespace {

// Steps that a match may take before it counts as hopeless: some tens of milliseconds, so that no pattern holds the others up.
// PCRE2's own match limit begins anew at each place where a match may start, so a page of many places could still take minutes:
// the steps of the whole search are counted here.
constexpr std::uint64_t kMostSteps = 5'000'000;
constexpr std::uint32_t kMostDepth = 10'000;
constexpr std::uint32_t kMostHeapKib = 20'000;
constexpr int kTooManySteps = -10'000;  // a code that PCRE2 doesn't use

struct Steps {
  std::uint64_t left = kMostSteps;
  PCRE2_SIZE start = 0;
  PCRE2_SIZE position = 0;
};

// Before each item of the pattern (PCRE2_AUTO_CALLOUT). One item like `a*` may pass over the whole body without another call,
// so the way from the last position counts, too.
int count_step(pcre2_callout_block* block, void* data) {
  auto& steps = *static_cast<Steps*>(data);
  if (steps.start != block->start_match) steps.start = steps.position = block->start_match;
  const PCRE2_SIZE at = block->current_position;
  const std::uint64_t cost = 1 + std::max(at, steps.position) - std::min(at, steps.position);
  steps.position = at;
  if (cost > steps.left) return kTooManySteps;
  steps.left -= cost;
  return 0;
}

bool is_limit(int code) {
  return code == kTooManySteps || code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
         code == PCRE2_ERROR_HEAPLIMIT;
}

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

std::string range_text(const StatusRange& range) {
  return range.first == range.last ? std::to_string(range.first) : fmt::format("{}-{}", range.first, range.last);
}

std::string wanted_text(const std::vector<StatusRange>& wanted) {
  std::string text;
  for (const StatusRange& range : wanted) text += (text.empty() ? "" : ", ") + range_text(range);
  return text;
}

std::string words_of(int pcre2_error) {
  std::array<PCRE2_UCHAR, 128> text{};
  pcre2_get_error_message(pcre2_error, text.data(), text.size());
  return {text.begin(), std::ranges::find(text, PCRE2_UCHAR{0})};
}

ProbeResult failed(ProbeFailure failure, std::string detail) { return {.failure = failure, .detail = std::move(detail)}; }

}  // namespace

struct HttpJudgement::Md5 {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

HttpJudgement::HttpJudgement(const HttpUrl& url) : url_{url}, md5_{std::make_unique<Md5>()} {
  EVP_DigestInit_ex(md5_->context.get(), EVP_md5(), nullptr);
}
HttpJudgement::~HttpJudgement() = default;

bool HttpJudgement::take(std::span<const std::byte> piece) {
  size_ += piece.size();
  if (size_ > kMostBody) return false;
  EVP_DigestUpdate(md5_->context.get(), piece.data(), piece.size());
  if (url_.pattern) body_.append(static_cast<const char*>(static_cast<const void*>(piece.data())), piece.size());
  return true;
}

std::string HttpJudgement::digest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  EVP_DigestFinal_ex(md5_->context.get(), bytes.data(), &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", bytes[i]);
  return hex;
}

ProbeResult HttpJudgement::judge(int status) {
  static const std::vector<StatusRange> kAnySuccess{{200, 299}};
  const std::vector<StatusRange>& wanted = url_.status.empty() ? kAnySuccess : url_.status;
  const bool is_wanted =
      std::ranges::any_of(wanted, [status](const StatusRange& range) { return range.first <= status && status <= range.last; });
  if (!is_wanted) return failed(ProbeFailure::kStatusCode, fmt::format("{} instead of {}", status, wanted_text(wanted)));
  if (!url_.digest.empty()) {
    const std::string found = digest();
    if (found != url_.digest) return failed(ProbeFailure::kDigest, fmt::format("{} instead of {}", found, url_.digest));
  }
  return url_.pattern ? judge_pattern() : ProbeResult{};
}

ProbeResult HttpJudgement::judge_pattern() const {
  const BodyPattern& wanted = *url_.pattern;
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_code, Free<pcre2_code_free>> code{
      pcre2_compile(static_cast<PCRE2_SPTR>(static_cast<const void*>(wanted.pattern.data())), wanted.pattern.size(),
                    wanted.options | PCRE2_AUTO_CALLOUT | ((wanted.options & PCRE2_UTF) != 0 ? PCRE2_MATCH_INVALID_UTF : 0),
                    &error, &at, nullptr)};
  if (!code) return failed(ProbeFailure::kLocal, "regex: " + words_of(error));
  const std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>> match{
      pcre2_match_data_create_from_pattern(code.get(), nullptr)};
  const std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>> limits{pcre2_match_context_create(nullptr)};
  if (!match || !limits) return failed(ProbeFailure::kLocal, "regex: no memory");
  Steps steps{.start = wanted.min_offset, .position = wanted.min_offset};
  pcre2_set_callout(limits.get(), count_step, &steps);
  pcre2_set_depth_limit(limits.get(), kMostDepth);
  pcre2_set_heap_limit(limits.get(), kMostHeapKib);

  int found = PCRE2_ERROR_NOMATCH;
  if (wanted.min_offset <= body_.size()) {
    found = pcre2_match(code.get(), static_cast<PCRE2_SPTR>(static_cast<const void*>(body_.data())), body_.size(),
                        wanted.min_offset, 0, match.get(), limits.get());
  }
  if (found == kTooManySteps) return failed(ProbeFailure::kPatternLimit, "regex: too many steps");
  if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
    return failed(is_limit(found) ? ProbeFailure::kPatternLimit : ProbeFailure::kPattern, "regex: " + words_of(found));
  }
  const bool is_in_place =
      found >= 0 && (wanted.max_offset == 0 || pcre2_get_ovector_pointer(match.get())[0] <= wanted.max_offset);
  if (is_in_place == wanted.must_match) return {};
  return failed(ProbeFailure::kPattern, wanted.must_match ? "the regex doesn't match" : "the regex matches");
}

}  // namespace penstock::healthcheck
