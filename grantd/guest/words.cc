// SPDX-License-Identifier: Apache-2.0
// The only place that turns a verdict into words. No clock, no locale, no time zone: what is shown comes from
// the table.
#include "guest/words.h"

#include "base/duration.h"
#include "base/ident.h"
#include "base/timestamp.h"
#include "guest/line.h"

namespace grantd::guest {
namespace {

using decision::reason;

std::string_view resource(const answer& a) noexcept { return {a.resource.text, a.resource.size}; }

int64_t left_us(const answer& a) noexcept {
  int64_t ns = 0;
  if (__builtin_sub_overflow(a.verdict.until.ns, a.now.ns, &ns)) return 0;
  return ns / base::ns_per_us;
}

// The table's own time for `until`; and for "now" the same, so much earlier: a wall clock that stepped since
// must not make the sentence contradict itself.
base::timestamp_text when(const answer& a) noexcept {
  base::utc_time until{}, now{};
  if (__builtin_mul_overflow(a.verdict.end_utc_s, base::us_per_s, &until.us) ||
      __builtin_sub_overflow(until.us, left_us(a), &now.us)) {
    now = until = {};
  }
  return base::print_local(until, a.verdict.utc_offset_s, now);
}

// "orders-db", or the login point when the table does not name it.
void add_thing(line& l, const answer& a, const decision::login_point& where) noexcept {
  if (a.resource.size > 0) {
    l.add(resource(a));
  } else if (where.kind == decision::point_kind::pam) {
    l.add("the service ").add(where.place);
  } else if (where.replication) {
    l.add("replication of the cluster ").add(where.place);
  } else {
    l.add("the database \"").add(where.database).add("\"");
  }
}

void add_grant(line& l, const answer& a, const decision::login_point& where) noexcept {
  l.add("grant ");
  if (a.verdict.grant != 0) l.add(base::print_id('g', a.verdict.grant).view()).add(" ");
  l.add("for ");
  add_thing(l, a, where);
}

std::string_view ended_how(const decision::verdict& v) noexcept {
  if (v.why == reason::revoked || v.how == decision::ending::revoked) return " was revoked at ";
  if (v.how == decision::ending::given_back) return " was given back at ";
  return " ended at ";
}

}  // namespace

void say_denied(const answer& a, const decision::login_point& where, std::span<char> out) noexcept {
  line l{out};
  switch (a.verdict.why) {
    case reason::locked:
      l.add("locked");
      if (a.lock_text[0] != '\0') {
        l.add(": ").add(a.lock_text);
      } else if (a.table_locked) {
        l.add(": grantd does not trust its store, nobody is let in");
      }
      return;
    case reason::not_yet:
      add_grant(l.add("the "), a, where);
      l.add(" opens at ").add(when(a).view());
      return;
    case reason::revoked:
    case reason::ended:
      add_grant(l.add("the "), a, where);
      l.add(ended_how(a.verdict)).add(when(a).view());
      return;
    case reason::table_bad:
      l.add("the window table cannot be trusted: ").add(table::describe(a.table));
      return;
    case reason::allowed:  // our own bug: a sentence of denial all the same
    case reason::no_window:
      break;
  }
  l.add("no open grant for ");
  add_thing(l, a, where);
}

void say_help(const answer& a, std::span<char> out) noexcept {
  line l{out};
  if (a.verdict.why == reason::table_bad || a.table_locked) {
    l.add("tell the administrator: grantctl status");
  } else if (a.narrower_left || a.verdict.why == reason::locked || a.verdict.why == reason::not_yet) {
    l.add("see: grantctl status");
  } else if (a.resource.size > 0) {
    l.add("ask for one: grantctl request ").add(resource(a)).add(" --for 1h --reason \"...\"");
  } else {
    l.add("see: grantctl resources");
  }
}

void say_help_to_write(const answer& a, std::span<char> out) noexcept {
  line l{out};
  const bool known = a.resource.size > 0;
  l.add("ask for writing, if a rule gives it: grantctl request ")
      .add(known ? resource(a) : "RESOURCE")
      .add(" --read-write --reason \"...\"");
  l.add(known ? "" : " (see: grantctl resources)");
}

void say_allowed(const answer& a, std::span<char> out) noexcept {
  line l{out};
  l.add("access");
  if (a.resource.size > 0) l.add(" to ").add(resource(a));
  l.add(" until ").add(when(a).view());
  l.add(" (").add(base::print_duration(left_us(a)).view()).add(" left)");
}

void say_ended(const answer& a, const decision::login_point& where, std::span<char> out) noexcept {
  line l{out};
  if (a.narrower_left) {
    add_thing(l.add("only read-only access to "), a, where);
    l.add(" is left: log in again");
  } else if (a.verdict.why == reason::ended || a.verdict.why == reason::revoked) {
    add_grant(l, a, where);
    l.add(ended_how(a.verdict)).add(when(a).view());
  } else {
    say_denied(a, where, out);
  }
}

void say_warning(const answer& a, std::span<char> out) noexcept {
  line l{out};
  l.add("access");
  if (a.resource.size > 0) l.add(" to ").add(resource(a));
  l.add(" ends in ").add(base::print_duration(left_us(a)).view()).add(", at ").add(when(a).view());
}

}  // namespace grantd::guest
