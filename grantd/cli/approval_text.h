// SPDX-License-Identifier: Apache-2.0
// What an approver is given to sign (PROTOCOL.md, "Approval text"), as far as it can be believed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace grantd::cli {

struct text_to_sign {
  std::string text;                              // exact bytes; no control characters but \n
  bool is_signed = true;                         // a signature is wanted
  std::string not_yours;                         // why the caller's own approval would be refused
  std::optional<std::vector<std::string>> keys;  // the caller's enrolled keys, where grantd says them
};

// ApprovalText. Refused: a text that is not of the first version, or is about another request: a signature
// over it would be one for something else.
[[nodiscard]] result<text_to_sign> ask_approval_text(context& c, const std::string& id,
                                                     std::optional<int64_t> for_us);

// Between two rules, each line escaped.
[[nodiscard]] std::string between_rules(std::string_view text);

}  // namespace grantd::cli
