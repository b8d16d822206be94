// SPDX-License-Identifier: Apache-2.0
// regcomp and regexec. Must never give them a pattern with back-references (exponential time) or with
// repetitions of repetitions (glibc copies the tree for each).
#include "policy/pattern.h"

#include <regex.h>

#include <algorithm>

namespace grantd::policy {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Wherever a backslash stands, also between brackets, it takes one byte along: no digit after one is missed.
bool has_back_reference(std::string_view p) {
  for (size_t i = 0; i + 1 < p.size(); ++i) {
    if (p[i] != '\\') continue;
    if (is_digit(p[i + 1])) return true;
    ++i;
  }
  return false;
}

bool repeats_too_much(std::string_view p) {
  uint64_t all = 1;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] != '{') continue;
    uint64_t most = 1;
    uint64_t n = 0;
    for (++i; i < p.size() && (is_digit(p[i]) || p[i] == ','); ++i) {
      n = p[i] == ',' ? 0 : std::min<uint64_t>(n * 10 + static_cast<uint64_t>(p[i] - '0'), 1'000'000);
      most = std::max(most, n);
    }
    all *= most;
    if (all > max_repetitions) return true;
  }
  return false;
}

}  // namespace

std::expected<std::shared_ptr<const void>, std::string> compile(const std::string& pattern) {
  if (pattern.size() > max_pattern_bytes) {
    return std::unexpected("is longer than " + std::to_string(max_pattern_bytes) + " bytes");
  }
  if (pattern.find('\0') != pattern.npos) return std::unexpected("holds a NUL");
  if (has_back_reference(pattern)) {
    return std::unexpected("has a back-reference, which can take for ever to match (write it without \\1)");
  }
  if (repeats_too_much(pattern)) {
    return std::unexpected("repeats more than " + std::to_string(max_repetitions) +
                           " times, all {n,m} multiplied");
  }
  auto room = std::make_unique<regex_t>();
  if (int e = regcomp(room.get(), pattern.c_str(), REG_EXTENDED | REG_NOSUB); e != 0) {
    char words[128];
    regerror(e, room.get(), words, sizeof words);  // room is not to be freed: regcomp(3)
    return std::unexpected(std::string("is no regular expression: ") + words);
  }
  return std::shared_ptr<const void>(room.release(), [](const void* p) {
    auto* own = static_cast<regex_t*>(const_cast<void*>(p));
    regfree(own);
    delete own;
  });
}

bool is_found(const std::shared_ptr<const void>& compiled, std::string_view text) {
  if (!compiled || text.find('\0') != text.npos) return false;
  return regexec(static_cast<const regex_t*>(compiled.get()), std::string(text).c_str(), 0, nullptr, 0) == 0;
}

}  // namespace grantd::policy
