// SPDX-License-Identifier: Apache-2.0
// The keys of a rule that name others: people, resources, hours. Inside policy/ only.
#pragma once

#include "policy/pattern.h"
#include "policy/reading.h"

namespace grantd::policy {

void read_who(fields& f, rule& rule, position section, reading& r);
void read_which(fields& f, rule& rule, position section, reading& r);
// The resources that `key.name` of a section names; `key.of` is what the section makes ("the rule").
struct resource_key {
  std::string_view name;
  std::string_view of;
};
void read_resource_names(fields& f, resource_key key, position section, names& to, bool& any, reading& r);
void read_approvals(fields& f, rule& rule, position section, reading& r);
void read_hours(fields& f, rule& rule, reading& r);

[[nodiscard]] names everybody(const reading& r);

}  // namespace grantd::policy
