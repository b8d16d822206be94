// SPDX-License-Identifier: Apache-2.0
// Looks the proved identities up in one snapshot and decides. What goes wrong is a denial.
#include "guest/check.h"

#include <algorithm>

#include "base/clock.h"
#include "base/names.h"
#include "guest/line.h"

namespace grantd::guest {
namespace {

using decision::reason;

// decide() speaks of a window's end; a person who is early wants to read its start.
void tell_the_start(decision::verdict& v, std::span<const decision::record> records) noexcept {
  for (const decision::record& r : records) {
    if (r.kind != decision::record_kind::window || r.grant != v.grant || r.start != v.until) continue;
    int64_t length_s = (r.end.ns - r.start.ns) / base::ns_per_s;
    if (__builtin_sub_overflow(r.end_utc_s, length_s, &v.end_utc_s)) v.end_utc_s = r.end_utc_s;
    v.utc_offset_s = r.utc_offset_s;
    return;
  }
}

// What opens later is no reason why somebody who is inside has to leave, and would hide the reason. Nothing
// is open to a question answered not_yet, so that leaving these windows out lets nobody in.
std::span<const decision::record> begun(table::found& records, base::boot_time now) noexcept {
  const auto all = std::span{records.records}.first(records.count);
  const auto rest = std::ranges::remove_if(all, [now](const decision::record& r) {
    return r.kind == decision::record_kind::window && r.start > now;
  });
  return all.first(all.size() - rest.size());
}

// A lock on any of the identities beats a window of another; then the first that is let in counts; then the
// reason that says most.
bool says_more(const decision::verdict& next, const decision::verdict& before) noexcept {
  if (before.why == reason::locked) return false;
  if (next.why == reason::locked) return true;
  return next.why < before.why;
}

void take(answer& a, const decision::verdict& v, unsigned identity) noexcept {
  a.verdict = v;
  a.identity = identity;
  line{a.lock_text}.add(base::is_printable_utf8(v.text) ? v.text : std::string_view{});
  a.verdict.text = {};  // its bytes die with the lookup
}

table::fault ask_each(const table::snapshot& table, const login& who, answer& a) noexcept {
  for (unsigned i = 0; i < who.proved.size(); ++i) {
    // 24 KiB of which a lookup fills little: zeroing them would touch six fresh pages of a new process.
    __attribute__((uninitialized)) table::found records;
    if (table::fault f = table.find(who.proved[i], records); f != table::fault::none) return f;
    const decision::question asked{.who = who.proved[i],
                                   .where = who.where,
                                   .role = who.role,
                                   .at_least = who.at_least,
                                   .live = who.live};
    decision::verdict v = decide(records.all(), asked, a.now);
    if (v.why == reason::not_yet && who.live) v = decide(begun(records, a.now), asked, a.now);
    if (v.why == reason::not_yet) tell_the_start(v, records.all());
    if (i == 0 || says_more(v, a.verdict)) take(a, v, i);
  }
  return table::fault::none;
}

table::fault look(const char* table_path, const login& who, answer& a) noexcept {
  table::snapshot table;
  if (table::fault f = table.open(table_path); f != table::fault::none) return f;
  // After open(): a revocation published before this instant is in what was opened.
  a.now = base::boot_now();
  if (table::fault f = table.not_from_future(a.now); f != table::fault::none) return f;
  if (table::fault f = ask_each(table, who, a); f != table::fault::none) return f;
  if (table.locked()) {
    a.table_locked = true;
    if (a.verdict.why != reason::locked) a.verdict = {.why = reason::locked};
  }
  // Only a name for the hint: a table that cannot give it has denied or allowed already.
  if (!a.verdict.allows() || who.name_resource) {
    if (table.find_resource(who.where, a.resource) != table::fault::none) a.resource.size = 0;
  }
  return table::fault::none;
}

}  // namespace

answer check(const char* table_path, const login& who) noexcept {
  answer a{};
  a.table = look(table_path, who, a);
  if (a.table != table::fault::none) {
    a.verdict = {.why = reason::table_bad};
    a.identity = 0;
    a.lock_text[0] = '\0';
    a.table_locked = false;
  }
  if (a.now.ns == 0) a.now = base::boot_now();
  return a;
}

}  // namespace grantd::guest
