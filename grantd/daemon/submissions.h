// SPDX-License-Identifier: Apache-2.0
// What handlers hand to the core for its next turn. Names were looked up and parameters checked; whether it
// may be is for the core to say, when it is done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

namespace grantd::daemon {

// A login that was let in, as its login point tells it.
struct login {
  decision::account who;
  decision::login_point where;
  base::boot_time at;
  uint64_t by = 0;  // the grant that let them in, where only that one's window began by it; 0: every one's
};

// How the record names who spoke: a person can have no such name.
[[nodiscard]] inline std::string through_relay(std::string_view person, std::string_view relay) {
  return std::string(person) + " through relay " + std::string(relay);
}

// Who waits for an answer; the core only hands it back. 0: nobody.
using ticket = uint64_t;

struct open_request {
  ticket from = 0;
  std::string person;  // name or e-mail
  std::string resource;
  std::optional<int64_t> for_us;
  std::optional<int64_t> from_us;
  bool read_only = false;  // less than the resource allows
  std::string reason;
  std::string by;
};

// Ends every open grant that fits; `number` 0 and empty strings fit all.
struct end_request {
  ticket from = 0;
  uint64_t number = 0;
  std::string person;  // a name
  std::string resource;
  store::state how = store::state::revoked;
  std::string reason;
  std::string by;
};

// Shuts a person, a resource or everybody out. The handler has looked the name up.
struct lock_request {
  ticket from = 0;
  store::lock::what subject = store::lock::what::person;
  std::string name;
  int64_t for_us = 0;
  std::string message;
  std::string by;
};

// Ends one lock by number, or all of a subject.
struct lock_end_request {
  ticket from = 0;
  uint64_t number = 0;  // 0: by subject
  store::lock::what subject = store::lock::what::person;
  std::string name;
  std::string by;
};

struct unlock_request {
  ticket from = 0;
  std::string by;
};

// Somebody asks for a window for themselves; the rules answer.
struct ask {
  ticket from = 0;
  std::string person;  // a name of the policy
  std::string resource;
  std::string role;
  std::string reason;
  std::optional<int64_t> for_us;
  std::optional<int64_t> from_us;
  std::optional<int64_t> until_us;  // the end, instead of a length
  bool read_write = false;
  bool break_glass = false;
  uint64_t extends =
      0;  // an open grant of theirs: what it opens is asked for again, until for_us after its end
  std::string by;
  std::string relay{};  // that carries it; empty: none
};

// Approvers read whole seconds: the begun one counts.
[[nodiscard]] constexpr int64_t whole_seconds(int64_t us) {
  return (us + base::us_per_s - 1) / base::us_per_s * base::us_per_s;
}

// A word about a pending request.
struct word {
  enum class kind : uint8_t { approve, deny, cancel } what = kind::approve;
  ticket from = 0;
  uint64_t request = 0;
  std::string person{};  // who says so; whoever signed, where there is a signature
  bool may_see = false;
  bool may_grant = false;           // may deny whatever the rule says
  std::optional<int64_t> for_us{};  // of an approval: shorter than asked for
  std::string signature{};          // armoured; empty: by uid
  std::string by{};                 // who handed it in
  bool relayed = false;             // through a relay: the record of a denial says so
  std::string reason{};
};

// A break-glass grant is signed off.
struct review_request {
  ticket from = 0;
  uint64_t grant = 0;
  std::string by{};
  std::string note{};
};

}  // namespace grantd::daemon
