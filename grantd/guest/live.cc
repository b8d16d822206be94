// SPDX-License-Identifier: Apache-2.0
// Asks again for a session that is inside. A table that cannot be believed neither shortens a session nor
// lengthens it.
#include "guest/live.h"

namespace grantd::guest {
namespace {

using decision::reason;

bool believed(const answer& a) noexcept { return a.table == table::fault::none && !a.table_locked; }

// Of a session that is denied: would it be let in for less?
bool less_is_left(const char* table_path, login who) noexcept {
  who.at_least = decision::access::read_only;
  who.name_resource = false;
  const answer a = check(table_path, who);
  return believed(a) && a.verdict.allows();
}

}  // namespace

fate ask_again(const char* table_path, const login& who, answer& last) noexcept {
  answer next = check(table_path, who);
  if (!believed(next)) {
    last.now = next.now;
    if (next.now < last.verdict.until) return fate::stays;
    last.verdict.why = reason::ended;
    last.verdict.how = decision::ending::expired;
    return fate::ends;
  }
  // What to call it may be known from before only.
  if (next.resource.size == 0) next.resource = last.resource;
  if (!next.verdict.allows() && next.verdict.why != reason::locked &&
      who.at_least == decision::access::read_write) {
    next.narrower_left = less_is_left(table_path, who);
  }
  last = next;
  return next.verdict.allows() ? fate::stays : fate::ends;
}

wire::presence_cause cause_of(const answer& a) noexcept {
  using enum wire::presence_cause;
  if (a.narrower_left) return narrowed;
  switch (a.verdict.why) {
    case reason::locked:
      return locked;
    case reason::revoked:
      return revoked;
    case reason::ended:
      return a.verdict.how == decision::ending::revoked      ? revoked
             : a.verdict.how == decision::ending::given_back ? given_back
                                                             : expired;
    case reason::allowed:  // until the end that was known, which is here
      return expired;
    case reason::not_yet:
    case reason::no_window:
    case reason::table_bad:
      break;
  }
  return lost;
}

}  // namespace grantd::guest
