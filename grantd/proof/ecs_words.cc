// SPDX-License-Identifier: Apache-2.0
// One table: event, category, types, outcome. Adding an event is adding a row.
#include "proof/ecs_words.h"

#include <algorithm>
#include <array>

namespace grantd::proof {
namespace {

using types = std::array<std::string_view, 2>;
constexpr types created{"user", "creation"};
constexpr types changed{"user", "change"};
constexpr types ended{"user", "deletion"};
constexpr types told{"user", "info"};
constexpr types run{"admin", "info"};
constexpr types steered{"admin", "change"};
constexpr types people{"group", "change"};
constexpr std::array<std::string_view, 1> began{"start"};
constexpr std::array<std::string_view, 1> gone{"end"};

constexpr std::string_view login = "authentication";
constexpr std::string_view iam = "iam";
constexpr std::string_view good = "success";
constexpr std::string_view bad = "failure";
constexpr std::string_view open_end = "unknown";

struct row {
  std::string_view event;
  ecs_words words;
};

constexpr std::array<row, 31> rows{{
    {"session", {login, began, good}},
    {"session-end", {login, gone, good}},
    {"denied", {login, began, bad}},
    {"would-deny", {login, began, open_end}},  // no failure, and whether it went on nobody here knows
    {"break-glass", {login, began, good}},
    {"request", {iam, told, open_end}},
    {"approve", {iam, changed, good}},
    {"deny", {iam, told, bad}},
    {"cancel", {iam, told, bad}},
    {"lapse", {iam, told, bad}},
    {"granted", {iam, changed, good}},
    {"grant", {iam, created, good}},
    {"revoke", {iam, ended, good}},
    {"give-back", {iam, ended, good}},
    {"expire", {iam, ended, good}},
    {"shorten", {iam, changed, good}},
    {"review", {iam, changed, good}},
    {"lock", {iam, changed, good}},
    {"lock-end", {iam, changed, good}},
    {"leftover", {iam, told, bad}},
    {"member", {iam, people, good}},
    {"member-end", {iam, people, good}},
    {"member-leftover", {iam, told, bad}},
    {"member-found", {iam, told, bad}},
    {"policy", {iam, people, good}},
    {"remap", {iam, steered, good}},
    {"unlock", {iam, steered, good}},
    {"clock-accept", {iam, steered, good}},
    {"start", {iam, run, good}},
    {"stop", {iam, run, good}},
    {"checkpoint", {iam, run, good}},
}};

}  // namespace

ecs_words ecs_words_of(std::string_view event) {
  const auto* found = std::ranges::find(rows, event, &row::event);
  return found == rows.end() ? ecs_words{iam, told, open_end} : found->words;
}

std::vector<std::string_view> known_events() {
  std::vector<std::string_view> out;
  for (const row& r : rows) out.push_back(r.event);
  return out;
}

}  // namespace grantd::proof
