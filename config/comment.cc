#include "config/comment.h"

#include "config/text.h"

namespace penstock::config {

Uncommented strip_comment(std::string_view line) {
  std::size_t end = line.size();
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool word_start = i == 0 || kBlanks.contains(line[i - 1]);
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '"' || (c == '\'' && word_start)) {
      quote = c;
    } else if (c == '#' || c == '!') {
      end = i;
      break;
    }
  }
  const bool glued =
      end < line.size() && end != 0 && !kBlanks.contains(line[end - 1]) && line[end - 1] != '{' && line[end - 1] != '}';
  std::string_view text = line.substr(0, end);
  const std::size_t last = text.find_last_not_of(kBlanks);
  text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return {text, glued};
}

}  // namespace penstock::config
