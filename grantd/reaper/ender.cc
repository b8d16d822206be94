// SPDX-License-Identifier: Apache-2.0
// The end of a session: told, asked to go, killed by cgroup, seen to be gone. What does not go is said to be
// left over, and killed again.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/ident.h"
#include "guest/words.h"
#include "reaper/sessions.h"
#include "reaper/terminal.h"
#include "service/log.h"

namespace grantd::reaper {
namespace {

using service::level;
using service::log;

std::string name_of(const session& s) {
  return "session " + std::to_string(s.number) + " of " + s.user + " (" + s.service + ")";
}

std::string late(const session& s, base::boot_time now) {
  return std::to_string((now.ns - s.ended.ns) / 1'000'000) + " ms";
}

}  // namespace

void sessions::begin_end(session& s, wire::presence_cause cause, base::boot_time now) {
  // What was due at a known time began then, however late it was noticed.
  const bool expired = cause == wire::presence_cause::expired;
  s.at = stage::ending;
  s.cause = cause;
  s.begun = now;
  s.ended = expired && s.last.verdict.until.ns > 0 && s.last.verdict.until < now ? s.last.verdict.until : now;
  char why[256];
  guest::say_ended(s.last, s.where(), why);
  const unsigned told = tell_terminals(s.group, std::string("grantd: ") + why + "; this session is ended");
  s.next_try = {now.ns + (told == 0 ? 0 : reading_ns)};
  log(level::notice, name_of(s) + " is ended: " + why);
  (void)save(s);
}

void sessions::put_out(session& s, base::boot_time now) {
  if (s.cause == wire::presence_cause::expired && !s.asked_to_go) {
    s.asked_to_go = true;
    (void)s.group.signal(SIGHUP);
    (void)s.group.signal(SIGTERM);
    (void)s.group.signal(SIGCONT);  // a stopped process takes no signal before it goes on
    s.next_try = {now.ns + grace_ns};
    return;
  }
  if (int error = s.group.kill(); error != 0) {
    log(level::error, s.group.path() + " cannot be killed: " + std::strerror(error));
  }
  const bool late_by_now = now.ns - s.begun.ns >= alarm_ns;
  // Soon again while it should be done within the second, then each second.
  s.next_try = late_by_now ? base::boot_time{now.ns + again_ns}
                           : base::boot_time{std::min(now.ns + grace_ns, s.begun.ns + alarm_ns)};
  if (!late_by_now || !s.group.populated()) return;
  if (!s.left_over) {
    s.left_over = true;
    log(level::alert, "left over: " + name_of(s) + " still has processes in " + s.group.path() + ", " +
                          late(s, now) + " after its end; it is killed again every second");
    (void)save(s);
  }
  around_.told.left_over(s);
}

bool sessions::finish_if_empty(session& s, base::boot_time now) {
  if (s.group.populated()) return false;
  log(level::info,
      name_of(s) + (s.at == stage::ending ? " is gone, " + late(s, now) + " after its end" : " is over"));
  around_.told.ended(s, now);
  if (s.own) s.group.remove(around_.groups);
  around_.kept.forget(file_of(s));
  sessions_.erase(s.number);
  return true;
}

void sessions::check(uint64_t number, base::boot_time now) {
  auto at = sessions_.find(number);
  if (at != sessions_.end()) (void)finish_if_empty(at->second, now);
}

}  // namespace grantd::reaper
