// SPDX-License-Identifier: Apache-2.0
// cmocka.h for C++: it lacks extern "C" and needs these before it, in this order.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

extern "C" {
#include <cmocka.h>
}
#undef fail
#undef skip
