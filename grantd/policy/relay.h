// SPDX-License-Identifier: Apache-2.0
// Whom a relay may speak for, about what, and whose chat account it is. Pure; must never find a person by a
// name that somebody chose for themselves.
#pragma once

#include <string_view>

#include "policy/policy.h"

namespace grantd::policy {

// What the relay may carry for somebody: asking for windows, or only answering other people's requests.
enum class speech : uint8_t { none = 0, asking = 1, answering = 2, both = 3 };

// Is the person among `may_ask_for` and the resource among `resources`?
[[nodiscard]] bool carries(const relay& r, std::string_view person, std::string_view resource);

// asking: named by `may_ask_for`. answering: approves, by some rule, what such a person asks for at one of
// the relay's resources.
[[nodiscard]] speech speech_of(const policy& p, const relay& r, std::string_view person);

// A chat account as the relay knows it; either may be empty.
struct chat_account {
  std::string_view id;     // the chat's own, not one that people choose
  std::string_view email;  // whatever its case
};
// Whose it is: the person with that id in `chat`; else the one with that address, unless that person has
// `chat`, since then nothing else is theirs. Null: nobody's, or the two are not of one person.
[[nodiscard]] const person* person_of(const policy& p, const chat_account& account);

}  // namespace grantd::policy
