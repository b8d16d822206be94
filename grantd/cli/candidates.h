// SPDX-License-Identifier: Apache-2.0
// What a value on the command line may be, by what --help calls it; names and ids are asked of grantd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"

namespace grantd::cli {

struct candidate {
  std::string word;
  std::string about;  // one line for a terminal; may be empty
};

// Where the values of an argument come from, in words: "table", ":files", "<people". Empty: nobody knows.
// `command` is its name, `shown` the argument's: "PERSON".
[[nodiscard]] std::vector<std::string_view> sources_of(std::string_view command, std::string_view shown);

// Does grantd know them ("<people")?
[[nodiscard]] bool is_asked(std::string_view source);

// Those of a source that is asked. What grantd says is not believed: what is no plain word is left out, and
// an answer that is not as it must be is none.
[[nodiscard]] std::vector<candidate> ask_for(std::string_view source, client& grantd);

}  // namespace grantd::cli
