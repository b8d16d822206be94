// SPDX-License-Identifier: Apache-2.0
// A mistake as one line of text. Must never print a control byte that came from the file.
#include "policy/mistake.h"

#include "base/names.h"

namespace grantd::policy {
namespace {

constexpr char digits[] = "0123456789abcdef";
constexpr size_t longest_quote = 96;

// The bytes of the valid, printable UTF-8 character that starts at `i`, or 0.
size_t character(std::string_view text, size_t i) {
  for (size_t n = 1; n <= 4 && i + n <= text.size(); ++n) {
    if (base::is_printable_utf8(text.substr(i, n))) return n;
  }
  return 0;
}

}  // namespace

std::string escaped(std::string_view text, size_t longest) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (out.size() >= longest) return out + "...";
    size_t n = character(text, i);
    if (n > 0) {
      out += text.substr(i, n);
      i += n;
      continue;
    }
    auto byte = static_cast<unsigned char>(text[i++]);
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string quoted(std::string_view text) { return "\"" + escaped(text, longest_quote) + "\""; }

std::string print(const mistake& m) {
  std::string out = escaped(m.file, 4096);
  if (m.line > 0) out += ":" + std::to_string(m.line) + ":" + std::to_string(m.column);
  return out + ": " + m.what;
}

}  // namespace grantd::policy
