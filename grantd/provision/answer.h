// SPDX-License-Identifier: Apache-2.0
// What an adapter is told and what its answer means (ADAPTERS.md). Pure: untrusted bytes in, values out.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cli/value.h"
#include "provision/adapter.h"

namespace grantd::provision {

struct membership {
  std::string account;
  std::string role;
  friend bool operator==(const membership&, const membership&) = default;
};

[[nodiscard]] std::string print_input(std::string_view system, const cli::value& settings,
                                      const membership* of);

// Of "open" and "close" nothing, of "list" what is there. The error: why it is not done, in one sentence that
// may be shown (printable, at most max_sentence bytes).
inline constexpr size_t max_sentence = 300;
[[nodiscard]] std::expected<std::vector<membership>, std::string> read_answer(std::string_view step,
                                                                              const outcome& o);

// Printable UTF-8 on one line, cut to `most` bytes.
[[nodiscard]] std::string sentence(std::string_view text, size_t most = max_sentence);

}  // namespace grantd::provision
