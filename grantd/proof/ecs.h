// SPDX-License-Identifier: Apache-2.0
// Audit records in Elastic Common Schema, one JSON object a line. Pure; what is not UTF-8 or would break a
// line is escaped. Grants, requests and locks have the ids that people see. Used by the daemon's live file
// and by grantctl audit export: one spelling.
#pragma once

#include <string>
#include <string_view>

#include "proof/record.h"

namespace grantd::proof {

// With its newline. `host` is host.name; `digest` stands in event.hash as hex.
[[nodiscard]] std::string ecs_line(const record& r, const digest& chained, std::string_view host);

}  // namespace grantd::proof
