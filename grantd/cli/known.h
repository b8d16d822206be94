// SPDX-License-Identifier: Apache-2.0
// For listings in which nothing was found: is there such a person, such a resource at all? A mistyped name
// reads as if nothing had happened. Never refuses what cannot be looked up.
#pragma once

#include <string>

#include "cli/command.h"

namespace grantd::cli {

// The name of the person with that e-mail; what has no "@", or is nobody's, as it is.
[[nodiscard]] std::string name_of_person(context& c, const std::string& given);

// A refusal (exit 1) that names the nearest one when the policy has none of --person and --resource as given.
// Who is gone from the policy may still have records: ask only where none were found.
[[nodiscard]] result<void> known_names(context& c);

}  // namespace grantd::cli
