// SPDX-License-Identifier: Apache-2.0
// The decision. Reads its arguments and nothing else; whatever it does not understand opens nothing.
#include "decision/decide.h"

namespace grantd::decision {
namespace {

constexpr bool known(access a) noexcept { return a == access::read_only || a == access::read_write; }
constexpr bool known(ending e) noexcept { return e >= ending::expired && e <= ending::given_back; }
constexpr bool known(identity_class c) noexcept {
  return c >= identity_class::os && c <= identity_class::krb;
}
constexpr bool known(point_kind k) noexcept { return k == point_kind::pam || k == point_kind::postgres; }

// A question out of range would be answered by a record that is out of range in the same way.
constexpr bool sensible(const question& q) noexcept {
  return known(q.who.proved_by) && !q.who.name.empty() && known(q.where.kind) && known(q.at_least);
}

constexpr bool concerns(const record& r, const question& q) noexcept {
  return r.who == q.who && contains(r.where, q.where);
}

// Is or was the grant behind this record good for what is asked?
constexpr bool serves(const record& r, const question& q, access least) noexcept {
  return concerns(r, q) && r.role == q.role && known(r.access) && r.access >= least;
}

constexpr bool is_window(const record& r, const question& q, access least) noexcept {
  return r.kind == record_kind::window && r.start < r.end && serves(r, q, least);
}

constexpr bool lasts(const record& r, base::boot_time now) noexcept { return r.start <= now && now < r.end; }

// What one record alone would answer. A window that is open is `allowed` until its own end.
verdict look(const record& r, const question& q, base::boot_time now) noexcept {
  verdict v{.grant = r.grant, .end_utc_s = r.end_utc_s, .utc_offset_s = r.utc_offset_s};
  if (r.kind == record_kind::lock && lasts(r, now) && concerns(r, q)) {
    v.why = reason::locked;
    v.until = r.end;
    v.text = r.text;
  } else if (r.kind == record_kind::ended && lasts(r, now) && known(r.how) && serves(r, q, q.at_least)) {
    v.why = r.how == ending::revoked ? reason::revoked : reason::ended;
    v.until = r.start;
    v.how = r.how;
  } else if (is_window(r, q, q.at_least)) {
    v.why = now < r.start ? reason::not_yet : now < r.end ? reason::allowed : reason::ended;
    v.until = now < r.start ? r.start : r.end;
    v.given = r.access;
  }
  return v;
}

constexpr bool over(reason r) noexcept { return r == reason::revoked || r == reason::ended; }

// Which of two answers stands. Of two ends the later: it is the one the person remembers. Among equals the
// earliest start, the latest end; then the older grant, so that the order of records shows nowhere.
bool stronger(const verdict& a, const verdict& b) noexcept {
  if (a.why != b.why && !(over(a.why) && over(b.why))) {
    if (a.why == reason::locked || b.why == reason::locked) return a.why == reason::locked;
    return a.why < b.why;
  }
  if (a.why == reason::allowed && a.given != b.given) return a.given > b.given;
  if (a.until != b.until) return a.why == reason::not_yet ? a.until < b.until : a.until > b.until;
  return a.grant != b.grant ? a.grant < b.grant : a.why < b.why;
}

// From open to end and, where another window has begun by then, on to that one's end.
verdict follow(std::span<const record> records, const question& q, access given,
               base::boot_time now) noexcept {
  base::boot_time until = now;
  for (bool grew = true; grew;) {
    grew = false;
    for (const record& r : records) {
      if (r.end <= until || r.start > until || !is_window(r, q, given)) continue;
      until = r.end;
      grew = true;
    }
  }
  verdict last{};
  for (const record& r : records) {
    if (r.end != until || !is_window(r, q, given)) continue;
    verdict v{.why = reason::allowed, .until = until, .given = given, .grant = r.grant};
    v.end_utc_s = r.end_utc_s;
    v.utc_offset_s = r.utc_offset_s;
    if (stronger(v, last)) last = v;
  }
  return last;
}

}  // namespace

verdict decide(std::span<const record> records, const question& asked, base::boot_time now) noexcept {
  verdict best{};
  if (!sensible(asked)) return best;
  unsigned windows = 0;
  for (const record& r : records) {
    if (r.kind == record_kind::window && r.who == asked.who) ++windows;
  }
  for (const record& r : records) {
    if (r.kind == record_kind::window && windows > max_windows_per_account) continue;
    verdict v = look(r, asked, now);
    if (v.why != reason::no_window && stronger(v, best)) best = v;
  }
  if (!best.allows()) return best;
  return follow(records, asked, asked.live ? asked.at_least : best.given, now);
}

}  // namespace grantd::decision
