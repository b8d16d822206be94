// SPDX-License-Identifier: Apache-2.0
// Renames and rewrites times in a JSON value. Pure.
#include "cli/times.h"

#include <algorithm>

#include "base/timestamp.h"

namespace grantd::cli {
namespace {

constexpr std::string_view durations[] = {"for_us", "left_us",   "default_us",
                                          "max_us", "offset_us", "first_use_us"};
constexpr int64_t year_10000_us = 253'402'300'800 * base::us_per_s;

value seconds(int64_t us) {
  if (us % base::us_per_s == 0) return us / base::us_per_s;
  return static_cast<double>(us) / static_cast<double>(base::us_per_s);
}

}  // namespace

value with_times(const value& v) {
  if (const value::array* items = v.items()) {
    value::array copy;
    for (const value& item : *items) copy.push_back(with_times(item));
    return copy;
  }
  const value::object* members = v.members();
  if (members == nullptr) return v;
  value::object copy;
  for (const auto& [key, member] : *members) {
    const int64_t* us = member.integer();
    std::string stem = key.ends_with("_us") ? key.substr(0, key.size() - 3) : std::string();
    if (us == nullptr || stem.empty()) {
      copy.emplace_back(key, with_times(member));
    } else if (std::find(std::begin(durations), std::end(durations), key) != std::end(durations)) {
      copy.emplace_back(stem + "_s", seconds(*us));
    } else if (*us >= 0 && *us < year_10000_us) {
      copy.emplace_back(stem, std::string(base::print_timestamp({*us}).view()));
    } else {
      copy.emplace_back(key, member);
    }
  }
  return copy;
}

}  // namespace grantd::cli
