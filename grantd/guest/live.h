// SPDX-License-Identifier: Apache-2.0
// A session that is inside asks again. What enders (reaper, PostgreSQL backends and worker) decide by.
// Async-signal-safe.
#pragma once

#include "guest/check.h"
#include "wire/presence.h"

namespace grantd::guest {

enum class fate : uint8_t { stays, ends };

// `who.live` is true and who.at_least what the session was given. `last` is what was known of it: an allowing
// answer, `last.verdict.until` its end.
//  - a valid table that covers it: stays; `last` is the new answer (its end may have moved either way);
//  - a valid table that does not, or a lock on the account: ends; `last` says why;
//  - a table missing, bad or LOCKED: stays until the end that was known, which does not grow; then it ends,
//  and
//    `last` says that the grant known of ended. Before that only `last.now` changes.
[[nodiscard]] fate ask_again(const char* table_path, const login& who, answer& last) noexcept;

// Why a session ended, for its reporter: of the answer with which ask_again() said so.
[[nodiscard]] wire::presence_cause cause_of(const answer& a) noexcept;

}  // namespace grantd::guest
