// SPDX-License-Identifier: Apache-2.0
// What asking for a window would come to: for Explain and Resources. Changes nothing.
#pragma once

#include <string>

#include "daemon/dispatch.h"
#include "policy/rules.h"

namespace grantd::daemon {

struct rule_answer {
  policy::judgement judged;
  std::string help;          // the one command for the caller
  std::string only_reading;  // what is to be said to those who may not write there; else empty
};

[[nodiscard]] rule_answer ask_rules(request& r, const policy::question& q, const policy::resource& what);

// As "asking" of Explain.
[[nodiscard]] json::value describe(const rule_answer& a, std::string_view requester);

// "; by rule orders it takes 1 approval": follows the reason why there is no window.
[[nodiscard]] std::string sentence(const rule_answer& a);

// As "for_you" of Resources: what the rule that comes first wants of `person`; null where none lets them ask.
[[nodiscard]] json::value offer_to(const policy::policy& p, std::string_view person,
                                   const policy::resource& what);

}  // namespace grantd::daemon
