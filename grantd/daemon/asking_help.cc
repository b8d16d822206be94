// SPDX-License-Identifier: Apache-2.0
// Whatever a person typed is repeated only where a shell would read it as one plain word.
#include "daemon/asking_help.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "base/timestamp.h"

namespace grantd::daemon {
namespace {

using policy::objection;

constexpr int64_t minute_us = 60 * base::us_per_s;

// Fit to stand between single quotes in a shell, and short enough to be said again.
bool quotable(std::string_view text) {
  return text.size() <= 100 &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '\''; });
}

std::string quoted(const std::string& text) {
  return text.empty() || !quotable(text) ? std::string() : "'" + text + "'";
}

// What stands for a reason: the pattern, so that what is put in its place has its shape.
std::string shape_of_reason(const policy::rule& r) {
  std::string shape = quoted(r.reason_pattern);
  return shape.empty() ? "TEXT" : shape;
}

std::string_view error_of(objection why) {
  switch (why) {
    case objection::no_such_person:
      return "NoSuchPerson";
    case objection::no_such_resource:
      return "NoSuchResource";
    case objection::no_account:
      return "NoAccount";
    case objection::denied:
      return "Denied";
    case objection::outside_hours:
      return "OutsideHours";
    case objection::too_long:
      return "TooLong";
    case objection::reason_missing:
    case objection::reason_pattern:
      return "ReasonNeeded";
    case objection::quota:
      return "Quota";
    case objection::no_rule:
    case objection::read_only:
    case objection::no_break_glass:
    case objection::none:
      break;
  }
  return "NoRule";
}

}  // namespace

std::string asking_again(const ask& a, const changed_options& as) {
  std::string text =
      a.extends == 0 ? "grantctl request " + a.resource : "grantctl extend " + id_of(a.extends);
  auto add = [&](std::string_view option, std::string_view was, std::string_view changed) {
    if (std::string_view v = changed.empty() ? was : changed; !v.empty())
      text += fmt::format(" {} {}", option, v);
  };
  add("--role", quoted(a.role), {});
  if (a.read_write && as.read_write && a.extends == 0) text += " --read-write";
  if (a.break_glass && as.break_glass && a.extends == 0) text += " --break-glass";
  std::string length = a.for_us ? std::string(base::print_duration_short(*a.for_us).view()) : "";
  if (a.until_us) length = fmt::format("\"until {}\"", base::print_timestamp({*a.until_us}).view());
  add("--for", length, as.length);
  add("--reason", quoted(a.reason), as.reason);
  add("--at", {}, as.at);
  return text;
}

std::string help_against(policy::judgement j, const ask& typed, base::utc_time from, const judging& again,
                         std::optional<int64_t> fits_us) {
  changed_options as;
  while ((j.why == objection::read_only && as.read_write) ||
         (j.why == objection::no_break_glass && as.break_glass)) {
    (j.why == objection::read_only ? as.read_write : as.break_glass) = false;
    j = again(typed.read_write && as.read_write, typed.break_glass && as.break_glass);
  }
  for (objection why : j.unmet) {
    switch (why) {
      case objection::no_such_person:
        return "grantctl people";
      case objection::no_such_resource:
      case objection::denied:
        return "grantctl resources";
      case objection::quota:
        return "grantctl list --all";
      case objection::outside_hours: {
        auto next = j.by == nullptr ? std::nullopt : policy::next_opening(*j.by, from);
        as.at = next ? base::print_timestamp(*next).view() : "TIME";
        // The end that was named is past by then: as long as it would have been.
        if (typed.until_us && as.length.empty() && (!next || next->us >= *typed.until_us))
          as.length = base::print_duration_short(whole_seconds(*typed.until_us - from.us)).view();
        break;
      }
      case objection::too_long:
        as.length = base::print_duration_short(fits_us.value_or(j.for_us)).view();
        break;
      case objection::reason_missing:
      case objection::reason_pattern:
        as.reason = j.by == nullptr ? "TEXT" : shape_of_reason(*j.by);
        break;
      case objection::read_only:
      case objection::no_break_glass:
      case objection::no_account:
      case objection::no_rule:
      case objection::none:
        return {};
    }
  }
  return asking_again(typed, as);
}

namespace {

// An open grant that no rule gives as it is, made by somebody who may: asked again, it would be refused
// again.
bool is_more_than_rules_give(const ask& a, objection why) {
  return a.extends != 0 && (why == objection::read_only || why == objection::no_break_glass);
}

reply not_by_a_rule(const ask& a, objection why) {
  const bool glass = why == objection::no_break_glass;
  return refusal(error_of(why),
                 fmt::format("{} is {}, and no rule gives {} that at {}", id_of(a.extends),
                             glass ? "break-glass" : "read-write", a.person, a.resource),
                 fmt::format("as somebody with the right \"grant\": grantctl grant {} {} --for {}{}",
                             a.person, a.resource, base::print_duration_short(a.for_us.value_or(0)).view(),
                             a.read_write ? "" : " --read-only"));
}

}  // namespace

reply refusal_of(const policy::judgement& j, const ask& a, const ask& typed, base::utc_time from,
                 const judging& again) {
  if (is_more_than_rules_give(a, j.why)) return not_by_a_rule(a, j.why);
  std::optional<int64_t> fits;
  if (a.extends != 0 && a.for_us && typed.for_us) {
    fits = (j.for_us - (*a.for_us - *typed.for_us)) / minute_us * minute_us;
    if (*fits <= 0 && std::ranges::find(j.unmet, objection::too_long) != j.unmet.end())
      return refusal(error_of(j.why), j.message,
                     fmt::format("when it has ended: grantctl request {}", a.resource));
  }
  std::string help = help_against(j, typed, from, again, fits);
  if (help.empty()) help = fmt::format("grantctl explain {} {}", a.person, a.resource);
  reply r = refusal(error_of(j.why), j.message, help);
  if (j.why == objection::too_long) r.parameters.set("max_us", j.for_us);
  return r;
}

}  // namespace grantd::daemon
