// SPDX-License-Identifier: Apache-2.0
// A lexer that knows only strings, comments, brackets and dots. Must never allocate.
#include "policy/nesting.h"

namespace grantd::policy {
namespace {

class scanner {
 public:
  explicit scanner(std::string_view text) noexcept : text_(text) {}

  std::optional<position> run() noexcept {
    while (i_ < text_.size()) {
      char c = text_[i_];
      if (c == '"' || c == '\'') {
        string(c);
        continue;
      }
      if (c == '#') {
        comment();
        continue;
      }
      if (!counted(c)) return position{line_, static_cast<unsigned>(i_ - line_start_) + 1};
      step();
    }
    return std::nullopt;
  }

 private:
  bool counted(char c) noexcept {
    switch (c) {
      case '[':
      case '{':
        dots_ = 0;
        return ++depth_ <= max_nesting;
      case ']':
      case '}':
        dots_ = 0;
        if (depth_ > 0) --depth_;
        return true;
      case '=':
      case ',':
      case '\n':
        dots_ = 0;
        return true;
      case '.':
        return ++dots_ < max_nesting;
      default:
        return true;
    }
  }

  void step() noexcept {
    if (text_[i_] == '\n') {
      ++line_;
      line_start_ = i_ + 1;
    }
    ++i_;
  }

  void comment() noexcept {
    while (i_ < text_.size() && text_[i_] != '\n') ++i_;
  }

  void string(char quote) noexcept {
    const bool three = text_.size() - i_ >= 3 && text_[i_ + 1] == quote && text_[i_ + 2] == quote;
    i_ += three ? 3 : 1;
    while (i_ < text_.size()) {
      char c = text_[i_];
      if (c == '\\' && quote == '"') {
        step();
        if (i_ < text_.size()) step();
        continue;
      }
      if (!three && c == '\n') return;  // not TOML; toml++ will say so
      if (c == quote) {
        size_t run = 1;
        while (i_ + run < text_.size() && text_[i_ + run] == quote) ++run;
        // A multi-line string ends with the last three of up to five quotes.
        if (!three || run >= 3) {
          i_ += three ? (run > 5 ? 5 : run) : 1;
          return;
        }
        i_ += run;
        continue;
      }
      step();
    }
  }

  std::string_view text_;
  size_t i_ = 0;
  size_t line_start_ = 0;
  unsigned line_ = 1;
  unsigned depth_ = 0;
  unsigned dots_ = 0;
};

}  // namespace

std::optional<position> too_deep(std::string_view text) noexcept { return scanner(text).run(); }

}  // namespace grantd::policy
