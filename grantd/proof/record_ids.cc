// SPDX-License-Identifier: Apache-2.0
// Which keys hold ids, and of what kind.
#include "proof/record_ids.h"

#include <charconv>
#include <cstdint>

#include "base/ident.h"

namespace grantd::proof {
namespace {

constexpr uint64_t last_number = uint64_t{1} << 53;

// '\0': it holds none.
char kind_of(std::string_view key) {
  if (key == "grant" || key == "extends") return 'g';
  if (key == "request") return 'r';
  return key == "lock" ? 'k' : '\0';
}

}  // namespace

std::optional<std::string> id_in(std::string_view key, std::string_view value) {
  const char kind = kind_of(key);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (kind == '\0' || error != std::errc{} || end != value.data() + value.size()) return {};
  if (number == 0 || number > last_number) return {};
  return std::string(base::print_id(kind, number).view());
}

}  // namespace grantd::proof
