// SPDX-License-Identifier: Apache-2.0
// Tests in Unity's words on CMocka's runner. A failed check throws, so destructors run; the boundary catches
// and only then lets CMocka longjmp.
#pragma once

#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>

namespace grantd::test {

struct failure {
  const char* file;
  int line;
  std::string what;
};
struct skipped {};  // thrown by TEST_IGNORE_MESSAGE

[[noreturn]] void fail(const char* file, int line, std::string what);
[[noreturn]] void ignore(const char* file, int line, const std::string& why);

// Registered by TEST; run by main() of unity.cc, in the order they stand in the file.
struct registration {
  registration(const char* name, void (*body)());
};

template <typename A, typename B>
void equal(const A& expected, const B& actual, const char* expression, const char* file, int line) {
  if (expected == actual) return;
  std::ostringstream s;
  s << expression << ": expected " << expected << ", got " << actual;
  fail(file, line, s.str());
}

// Waits until `ready` is true, looking every few milliseconds; false after `deadline_ms`.
[[nodiscard]] bool wait_until(const std::function<bool()>& ready, int deadline_ms = 10000);

// The seed of this run's random tests: GRANTD_SEED or a fresh one; printed when a test fails.
[[nodiscard]] uint64_t seed();

}  // namespace grantd::test

// TEST(expired_grant_is_denied_to_the_second) { ... }
#define TEST(name)                                                             \
  static void name();                                                          \
  static const ::grantd::test::registration name##_registration{#name, &name}; \
  static void name()

#define TEST_FAIL_MESSAGE(message) ::grantd::test::fail(__FILE__, __LINE__, (message))
#define TEST_IGNORE_MESSAGE(message) ::grantd::test::ignore(__FILE__, __LINE__, (message))
#define TEST_ASSERT_TRUE(x)                                              \
  do {                                                                   \
    if (!(x)) ::grantd::test::fail(__FILE__, __LINE__, "not true: " #x); \
  } while (0)
#define TEST_ASSERT_FALSE(x)                                           \
  do {                                                                 \
    if (x) ::grantd::test::fail(__FILE__, __LINE__, "not false: " #x); \
  } while (0)
#define TEST_ASSERT_TRUE_MESSAGE(x, message)                                                \
  do {                                                                                      \
    if (!(x)) ::grantd::test::fail(__FILE__, __LINE__, std::string(#x) + ": " + (message)); \
  } while (0)
#define TEST_ASSERT_EQUAL_INT64(expected, actual)                                                        \
  ::grantd::test::equal(static_cast<int64_t>(expected), static_cast<int64_t>(actual), #actual, __FILE__, \
                        __LINE__)
#define TEST_ASSERT_EQUAL_UINT64(expected, actual)                                                         \
  ::grantd::test::equal(static_cast<uint64_t>(expected), static_cast<uint64_t>(actual), #actual, __FILE__, \
                        __LINE__)
#define TEST_ASSERT_EQUAL_INT(expected, actual) TEST_ASSERT_EQUAL_INT64(expected, actual)
#define TEST_ASSERT_EQUAL_STRING(expected, actual) \
  ::grantd::test::equal(std::string_view(expected), std::string_view(actual), #actual, __FILE__, __LINE__)
