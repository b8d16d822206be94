// SPDX-License-Identifier: Apache-2.0
// A mistake in a file a person wrote: where it is, what is wrong, what would be right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grantd::policy {

struct mistake {
  std::string file;
  unsigned line = 0;  // from 1; 0: the file as a whole
  unsigned column = 0;
  std::string what;  // "unknown key \"emial\" (did you mean \"email\"?)"
};

// "policy.toml:12:3: unknown key ..."
[[nodiscard]] std::string print(const mistake& m);

// What came from a file, for a message: bytes that are not printable UTF-8 as \x.., cut after about `longest`
// bytes.
[[nodiscard]] std::string escaped(std::string_view text, size_t longest);
[[nodiscard]] std::string quoted(std::string_view text);  // the same in double quotes, cut after about 96

using mistakes = std::vector<mistake>;  // never empty where it stands for a failure

}  // namespace grantd::policy
