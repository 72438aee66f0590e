#include "config/token_stream.h"

#include <iterator>
#include <utility>

namespace penstock::config {

const Token& TokenStream::peek(std::size_t ahead) {
  while (buffer_.size() <= ahead && next_line_ < lines_.size()) {
    std::vector<Token> tokens;
    tokenize(lines_[next_line_], diagnostics_, tokens);
    ++next_line_;
    std::move(tokens.begin(), tokens.end(), std::back_inserter(buffer_));
  }
  return ahead < buffer_.size() ? buffer_[ahead] : end_;
}

Token TokenStream::next() {
  if (peek().kind == Token::Kind::kEnd) return end_;
  Token token = std::move(buffer_.front());
  buffer_.pop_front();
  return token;
}

}  // namespace penstock::config
