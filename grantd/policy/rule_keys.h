// SPDX-License-Identifier: Apache-2.0
// The keys of a rule that name others: people, resources, hours. Inside policy/ only.
#pragma once

#include "policy/pattern.h"
#include "policy/reading.h"

namespace grantd::policy {

void read_who(fields& f, rule& rule, position section, reading& r);
void read_which(fields& f, rule& rule, position section, reading& r);
void read_approvals(fields& f, rule& rule, position section, reading& r);
void read_hours(fields& f, rule& rule, reading& r);

[[nodiscard]] names everybody(const reading& r);

}  // namespace grantd::policy
