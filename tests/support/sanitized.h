// SPDX-License-Identifier: Apache-2.0
// Is this built under ASan? What is tried millions of times is tried fewer times then.
#pragma once

namespace grantd::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace grantd::test
