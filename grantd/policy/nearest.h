// SPDX-License-Identifier: Apache-2.0
// "did you mean ...?": the known word nearest to a mistyped one. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace grantd::policy {

// Of `known` the word with the smallest edit distance (inserting, deleting, changing a byte, swapping two
// neighbours), if that is at most a third of the longer of the two; else empty. The first of equals.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// " (did you mean \"alice\"?)", or nothing at all: for lists too long to be shown.
[[nodiscard]] std::string near_miss(std::string_view word, std::span<const std::string_view> known);

// " (did you mean \"email\"?)", or " (known: a, b, c)" when nothing is near.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace grantd::policy
