// SPDX-License-Identifier: Apache-2.0
// Audit records for people and scripts: ids and times instead of the digits that are chained. Pure.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/value.h"
#include "proof/record.h"

namespace grantd::cli {

// {sequence, at_us, event, fields, chained} as method Audit has it; a key that stands more than once becomes
// an array.
[[nodiscard]] value audit_document(const proof::record& r, const proof::digest& chained);

// A copy with readable fields.
[[nodiscard]] value readable_record(const value& document);

// "grant=g-7k2m person=alice reason=\"ticket 4711\"", of readable fields.
[[nodiscard]] std::string field_words(const value& fields);
[[nodiscard]] value readable_fields(const value& fields);

// "approve of r-7k2m", "policy"
[[nodiscard]] std::string record_words(const proof::record& r);

[[nodiscard]] std::string hex(const proof::digest& d);

// --since TIME|DURATION, in microseconds of UTC; nothing when not given.
[[nodiscard]] result<std::optional<int64_t>> since_of(const context& c);

}  // namespace grantd::cli
