// HTTP_GET and SSL_GET: what is asked, and which answer is the right one.
#include <algorithm>
#include <array>
#include <string>

#include "config/bind_health.h"
#include "config/regex.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

using healthcheck::HttpUrl;
using healthcheck::StatusRange;

constexpr StatusRange kUsual{200, 299};

// "200" or "200-299", within 100..599 (which has been checked).
std::optional<StatusRange> parse_status(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_integer(text.substr(0, dash), 100, 599);
  const auto last = dash == std::string_view::npos ? first : parse_integer(text.substr(dash + 1), 100, 599);
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

// Sorted, without overlap; empty for what is the default anyway.
std::vector<StatusRange> merge(std::vector<StatusRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const StatusRange& a, const StatusRange& b) { return a.first < b.first; });
  std::vector<StatusRange> out;
  for (const StatusRange& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  if (out == std::vector{kUsual}) out.clear();
  return out;
}

class UrlBinder {
 public:
  UrlBinder(const Statement& block, const BindContext& context)
      : block_{block}, context_{context}, diagnostics_{context.diagnostics}, fields_{block.children, context.diagnostics} {}

  HttpUrl run() {
    HttpUrl url;
    if (const Word* const path = fields_.value({"path"})) {
      url.path = one_line(*path, context_);
    } else if (!fields_.has("path")) {
      diagnostics_.error(block_.name().place, "this url has no path", "path /");
    }
    if (const Word* const host = fields_.value({"virtualhost"})) url.virtual_host = one_line(*host, context_);
    if (const Word* const digest = fields_.value({"digest"})) {
      url.digest = digest->text;
      std::transform(url.digest.begin(), url.digest.end(), url.digest.begin(),
                     [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    }
    url.status = bind_status();
    url.pattern = bind_pattern();
    return url;
  }

 private:
  // All status_code lines count together.
  std::vector<StatusRange> bind_status() {
    std::vector<StatusRange> ranges;
    for (const Statement& child : block_.children) {
      if (child.name().text != "status_code") continue;
      for (std::size_t i = 1; i < child.words.size(); ++i) {
        if (const auto range = parse_status(child.words[i].text)) ranges.push_back(*range);
      }
    }
    return merge(std::move(ranges));
  }

  std::optional<healthcheck::BodyPattern> bind_pattern() {
    const Word* const regex = fields_.value({"regex"});
    if (regex == nullptr) {
      for (const Statement& child : block_.children) {
        if (child.name().text.starts_with("regex_"))
          diagnostics_.warning(child.name().place, quote(child.name().text) + " without regex is ignored");
      }
      return std::nullopt;
    }
    healthcheck::BodyPattern out{.pattern = regex->text};
    out.must_match = !fields_.has("regex_no_match");
    out.options = bind_options();
    if (const auto fault = regex_fault(out.pattern, out.options))
      diagnostics_.error(regex->place, quote(out.pattern) + " is not a regular expression: " + *fault);
    out.min_offset = static_cast<std::uint32_t>(fields_.integer("regex_min_offset", 0, kLargestNumber).value_or(0));
    out.max_offset = static_cast<std::uint32_t>(fields_.integer("regex_max_offset", 1, kLargestNumber).value_or(0));
    if (out.max_offset != 0 && out.min_offset > out.max_offset) {
      diagnostics_.error(fields_.value({"regex_min_offset"})->place, "regex_min_offset " + std::to_string(out.min_offset) +
                                                                         " is above regex_max_offset " +
                                                                         std::to_string(out.max_offset));
    }
    bind_stack(out);
    return out;
  }

  std::uint32_t bind_options() {
    std::uint32_t options = 0;
    for (const Statement& child : block_.children) {
      if (child.name().text != "regex_options") continue;
      for (std::size_t i = 1; i < child.words.size(); ++i) {
        const Word& word = child.words[i];
        if (const auto bit = regex_option(word.text)) {
          options |= *bit;
        } else {
          diagnostics_.error(word.place, quote(word.text) + " is not an option of a regex",
                             did_you_mean(word.text, all_regex_options()));
        }
      }
    }
    return options;
  }

  void bind_stack(healthcheck::BodyPattern& out) {
    const Statement* const stack = fields_.last({"regex_stack"});
    if (stack == nullptr || stack->words.size() < 3) return;
    out.stack_start = static_cast<std::size_t>(parse_integer(stack->words[1].text, 0, kLargestNumber).value_or(0));
    out.stack_max = static_cast<std::size_t>(parse_integer(stack->words[2].text, 0, kLargestNumber).value_or(0));
    if (out.stack_start > out.stack_max)
      diagnostics_.error(stack->words[1].place, "regex_stack starts with more than its largest size");
  }

  const Statement& block_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
};

}  // namespace

healthcheck::HttpCheck bind_http(const Statement& block, const Inherited& inherited, const BindContext& context) {
  using Version = healthcheck::HttpCheck::Version;
  const Fields fields{block.children, context.diagnostics};
  healthcheck::HttpCheck check;
  check.tls = block.name().text == "SSL_GET";
  check.virtual_host = inherit(fields, inherited, context).virtual_host;
  if (const Word* const version = fields.value({"http_protocol"})) {
    check.version = version->text == "1.1" ? Version::k11 : version->text == "1.0" ? Version::k10 : Version::k10C;
  }
  if (const Word* const name = fields.value({"sni_name"})) check.sni_name = one_line(*name, context);
  check.send_sni = fields.flag("enable_sni").value_or(!check.sni_name.empty());
  check.tls_compliant = fields.has("tls_compliant");
  bool has_url = false;
  for (const Statement& child : block.children) {
    if (child.name().text != "url") continue;
    has_url = true;
    if (child.damaged) continue;
    check.urls.push_back(UrlBinder{child, context}.run());
    check.tls_compliant = check.tls_compliant || Fields{child.children, context.diagnostics}.has("tls_compliant");
  }
  if (!has_url) {
    context.diagnostics.error(block.name().place, block.name().text + " has no url: there is nothing to ask", "url { path / }");
  }
  return check;
}

}  // namespace penstock::config
