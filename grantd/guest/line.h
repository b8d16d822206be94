// SPDX-License-Identifier: Apache-2.0
// A sentence being written into somebody's buffer: never past its end, always terminated, no locale, no heap.
#pragma once

#include <cstring>
#include <span>
#include <string_view>

namespace grantd::guest {

// The longest beginning of `text` that has at most `size` bytes and ends at the border of a UTF-8 character.
[[nodiscard]] constexpr std::string_view cut(std::string_view text, size_t size) noexcept {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return {text.data(), size};
}

class line {
 public:
  explicit line(std::span<char> out) noexcept : out_(out) {
    if (!out_.empty()) out_[0] = '\0';
  }

  // What does not fit is cut; nothing is added after a cut.
  line& add(std::string_view text) noexcept {
    if (cut_ || out_.empty()) return *this;
    std::string_view fits = cut(text, out_.size() - 1 - size_);
    cut_ = fits.size() != text.size();
    if (!fits.empty()) std::memcpy(out_.data() + size_, fits.data(), fits.size());
    size_ += fits.size();
    out_[size_] = '\0';
    return *this;
  }

 private:
  std::span<char> out_;
  size_t size_ = 0;
  bool cut_ = false;
};

}  // namespace grantd::guest
