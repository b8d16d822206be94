// SPDX-License-Identifier: Apache-2.0
// Mistakes as one text, and the checks on it, for policy and configuration alike.
#pragma once

#include <algorithm>
#include <expected>
#include <string>
#include <string_view>

#include "policy/mistake.h"
#include "support/unity.h"

namespace grantd::test {

// The same as a whole policy: with somebody and something that the text leaves out, at its end.
inline std::string whole(std::string text) {
  text += "\n";
  if (text.find("person") == text.npos) text += "[person.zz]\n";
  if (text.find("resource") == text.npos) text += "[resource.zz]\nlogin_points = \"pg:m/zz\"\n";
  return text;
}

inline std::string all_of(const policy::mistakes& found) {
  std::string out;
  for (const policy::mistake& m : found) out += print(m) + "\n";
  return out;
}

// Exactly one mistake, there, saying each of these.
template <typename T>
void refused_at(const std::expected<T, policy::mistakes>& got, unsigned line, unsigned column,
                std::initializer_list<std::string_view> words) {
  TEST_ASSERT_FALSE(got.has_value());
  const std::string text = all_of(got.error());
  TEST_ASSERT_TRUE_MESSAGE(got.error().size() == 1, text);
  const policy::mistake& m = got.error().front();
  TEST_ASSERT_TRUE_MESSAGE(m.line == line && m.column == column, text);
  for (std::string_view w : words) {
    TEST_ASSERT_TRUE_MESSAGE(m.what.find(w) != m.what.npos, text + "does not say: " + std::string(w));
  }
  bool printable =
      std::ranges::none_of(print(m), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  TEST_ASSERT_TRUE_MESSAGE(printable, text);
}

template <typename T>
const T& accepted(const std::expected<T, policy::mistakes>& got) {
  TEST_ASSERT_TRUE_MESSAGE(got.has_value(), got ? std::string() : all_of(got.error()));
  return *got;
}

}  // namespace grantd::test
