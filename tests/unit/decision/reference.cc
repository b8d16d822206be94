// SPDX-License-Identifier: Apache-2.0
// The model the invariants are checked against. Must stay simpler than what it checks, not faster.
#include "unit/decision/reference.h"

#include <algorithm>
#include <optional>

namespace grantd::test {

using namespace decision;

namespace {

bool in(auto value, int least, int most) {
  return static_cast<int>(value) >= least && static_cast<int>(value) <= most;
}

bool same_point(const point_pattern& p, const login_point& at) {
  if (p.kind != at.kind) return false;
  if (p.replication != at.replication) return false;
  if (!p.any_place && p.place != at.place) return false;
  if (!p.any_database && p.database != at.database) return false;
  return true;
}

bool about(const record& r, const question& q) {
  return r.who.proved_by == q.who.proved_by && r.who.name == q.who.name && same_point(r.where, q.where);
}

bool good_for(const record& r, const question& q, access least) {
  return about(r, q) && r.role == q.role && in(r.access, 1, 2) &&
         static_cast<int>(r.access) >= static_cast<int>(least);
}

// The record to be shown: of those that match, the one with the most extreme time; then the lowest number.
std::optional<record> choose(const records& all, auto matches, auto time_of, bool earliest) {
  std::optional<record> best;
  for (const record& r : all) {
    if (!matches(r)) continue;
    if (!best) {
      best = r;
      continue;
    }
    int64_t mine = time_of(r), its = time_of(*best);
    if (mine == its ? r.grant < best->grant : (mine < its) == earliest) best = r;
  }
  return best;
}

}  // namespace

bool is_window_for(const record& r, const question& q, access least) {
  return r.kind == record_kind::window && r.start.ns < r.end.ns && good_for(r, q, least);
}

bool is_open(const records& all, const question& q, access least, int64_t tick) {
  return std::any_of(all.begin(), all.end(), [&](const record& r) {
    return is_window_for(r, q, least) && r.start.ns <= tick && tick < r.end.ns;
  });
}

verdict reference(const records& given, const question& q, int64_t tick) {
  if (!in(q.who.proved_by, 1, 4) || q.who.name.empty() || !in(q.where.kind, 1, 2) || !in(q.at_least, 1, 2))
    return {};
  records all = given;
  auto of_account = [&](const record& r) {
    return r.kind == record_kind::window && r.who.proved_by == q.who.proved_by && r.who.name == q.who.name;
  };
  if (std::count_if(all.begin(), all.end(), of_account) > 32) std::erase_if(all, of_account);

  auto start = [](const record& r) { return r.start.ns; };
  auto end = [](const record& r) { return r.end.ns; };
  auto verdict_of = [](const std::optional<record>& r, reason why, int64_t until, ending how) {
    verdict v{};
    v.why = why;
    v.until = {until};
    v.how = how;
    v.grant = r->grant;
    v.end_utc_s = r->end_utc_s;
    v.utc_offset_s = r->utc_offset_s;
    return v;
  };
  auto now_in = [&](const record& r) { return r.start.ns <= tick && tick < r.end.ns; };

  auto lock = choose(
      all, [&](const record& r) { return r.kind == record_kind::lock && about(r, q) && now_in(r); }, end,
      false);
  if (lock) {
    verdict v = verdict_of(lock, reason::locked, lock->end.ns, ending::expired);
    v.text = lock->text;
    return v;
  }

  if (is_open(all, q, q.at_least, tick)) {
    access level = q.at_least;
    if (!q.live && is_open(all, q, access::read_write, tick)) level = access::read_write;
    int64_t until = tick;
    while (is_open(all, q, level, until)) ++until;
    auto last = choose(
        all, [&](const record& r) { return is_window_for(r, q, level) && r.end.ns == until; }, end, false);
    verdict v = verdict_of(last, reason::allowed, until, ending::expired);
    v.given = level;
    return v;
  }

  auto waiting = choose(
      all, [&](const record& r) { return is_window_for(r, q, q.at_least) && tick < r.start.ns; }, start,
      true);
  if (waiting) {
    verdict v = verdict_of(waiting, reason::not_yet, waiting->start.ns, ending::expired);
    v.given = waiting->access;
    return v;
  }

  // What is over: windows at their end, ended records at their beginning while they are kept.
  auto over = [&](const record& r) {
    if (r.kind == record_kind::ended) return good_for(r, q, q.at_least) && now_in(r) && in(r.how, 1, 3);
    return is_window_for(r, q, q.at_least) && r.end.ns <= tick;
  };
  auto when = [](const record& r) { return r.kind == record_kind::ended ? r.start.ns : r.end.ns; };
  if (auto last = choose(all, over, when, false)) {
    ending how = last->kind == record_kind::ended ? last->how : ending::expired;
    verdict v = verdict_of(last, how == ending::revoked ? reason::revoked : reason::ended, when(*last), how);
    if (last->kind == record_kind::window) v.given = last->access;
    return v;
  }
  return {};
}

bool same(const verdict& a, const verdict& b) {
  return a.why == b.why && a.until == b.until && a.given == b.given && a.grant == b.grant && a.how == b.how &&
         a.end_utc_s == b.end_utc_s && a.utc_offset_s == b.utc_offset_s && a.text == b.text;
}

}  // namespace grantd::test
