// SPDX-License-Identifier: Apache-2.0
// Edit distance over short words. Must never look at more than a name's length of what a file says.
#include "policy/nearest.h"

#include <algorithm>
#include <vector>

namespace grantd::policy {
namespace {

constexpr size_t longest_word = 64;

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  size_t best_distance = longest_word;
  if (word.empty() || word.size() > longest_word) return best;
  for (std::string_view candidate : known) {
    size_t d = distance(word, candidate);
    // "os" and "pg" are too short for a third: one change is near enough.
    size_t allowed = std::max<size_t>(std::max(word.size(), candidate.size()) / 3, 1);
    if (d <= allowed && d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string near_miss(std::string_view word, std::span<const std::string_view> known) {
  std::string_view near = nearest(word, known);
  return near.empty() ? std::string() : " (did you mean \"" + std::string(near) + "\"?)";
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  if (std::string near = near_miss(word, known); !near.empty()) return near;
  std::string out = " (known: ";
  for (size_t i = 0; i < known.size(); ++i) {
    if (i > 0) out += ", ";
    out += known[i];
  }
  return out + ")";
}

}  // namespace grantd::policy
