// Keeps passwords out of what diagnostics show: they quote words and lines of the file, and reach terminals, logs and journals.
//
// A password is known by the word before it: auth_pass, password, and whatever looks like a misspelt one, since it is the
// damaged file that is shown. So more may be hidden than is secret, and a password behind another word isn't known. Pure.
#pragma once

#include <string>
#include <string_view>

#include "config/source.h"

namespace penstock::config {

inline constexpr std::string_view kHidden = "********";  // stands for a text of any length

// The part of a line that may be shown: up to its first secret, the whole line when it has none.
struct VisiblePart {
  std::string_view text;
  bool hides_secret = false;  // the line goes on behind it
};

// Of a place's line; empty when it has no line. A line is also secret where the line before it ends with the word, and a
// $DEFINITION where it is used behind one.
[[nodiscard]] VisiblePart visible_part(const SourceMap& sources, const Place& place);

// `message` without what it quotes beyond `visible`: from there on to the last quotation mark all is hidden.
[[nodiscard]] std::string without_secrets(std::string message, std::string_view visible);

}  // namespace penstock::config
