// SPDX-License-Identifier: Apache-2.0
// What each event of the audit is called in Elastic Common Schema. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace grantd::proof {

struct ecs_words {
  std::string_view category;                // "authentication" or "iam"
  std::span<const std::string_view> types;  // of those that ECS expects in the category; iam has two
  std::string_view outcome;                 // "success", "failure", "unknown"
};

// An event that is not known here (a newer grantd's) is iam, user and info, unknown.
[[nodiscard]] ecs_words ecs_words_of(std::string_view event);

// The events that are known here.
[[nodiscard]] std::vector<std::string_view> known_events();

}  // namespace grantd::proof
