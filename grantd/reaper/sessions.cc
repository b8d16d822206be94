// SPDX-License-Identifier: Apache-2.0
// Sessions that are inside: asked again when the table changes, warned, repeated to grantd. Ends are in
// ender.cc, beginnings in register.cc.
#include "reaper/sessions.h"

#include <algorithm>

#include "guest/words.h"
#include "reaper/terminal.h"
#include "service/log.h"

namespace grantd::reaper {
namespace {

using service::level;
using service::log;

// How long before the end the person is told.
constexpr int64_t warnings_ns[] = {900 * base::ns_per_s, 300 * base::ns_per_s, 60 * base::ns_per_s};

int64_t left(const session& s, base::boot_time now) {
  int64_t ns = 0;
  return __builtin_sub_overflow(s.last.verdict.until.ns, now.ns, &ns) ? INT64_MAX : ns;
}

}  // namespace

unsigned due_warnings(const session& s, base::boot_time now) {
  unsigned bits = 0;
  for (size_t i = 0; i < std::size(warnings_ns); ++i) {
    if (left(s, now) <= warnings_ns[i]) bits |= 1U << i;
  }
  return bits;
}

sessions::sessions(surroundings around) : around_(std::move(around)), users_(for_users()) {}

user_surroundings sessions::for_users() {
  const auto as_session = [](const std::string& user, const std::string& service) {
    session s;
    s.user = user;
    s.service = service;
    return s;
  };
  return {.services = around_.services,
          .kept = around_.kept,
          .told = around_.told,
          .look_up = [this, as_session](
                         const std::string& user,
                         const std::string& service) { return around_.look_up(as_session(user, service)); },
          .ask_again =
              [this, as_session](const std::string& user, const std::string& service, guest::answer& last) {
                session s = as_session(user, service);
                return around_.ask_again(s, last);  // `given` is read-only: any window will do
              },
          .registered =
              [this](uint64_t scope) {
                return std::ranges::any_of(sessions_,
                                           [&](const auto& s) { return s.second.group.id() == scope; });
              },
          .has_sessions =
              [this](uid_t owner) {
                return std::ranges::any_of(sessions_, [&](const auto& s) { return s.second.owner == owner; });
              },
          .next_number = [this] { return next_number(); }};
}

bool sessions::save(const session& s) {
  const int error = around_.kept.save(file_of(s), to_fields(s));
  if (error != 0)
    log(level::error, "the state of session " + std::to_string(s.number) + " cannot be written");
  return error == 0;
}

void sessions::ask(session& s, base::boot_time now) {
  const base::boot_time until = s.last.verdict.until;
  const uint64_t grant = s.last.verdict.grant;
  if (around_.ask_again(s, s.last) == guest::fate::ends) return begin_end(s, cause_of(s.last), now);
  if (s.last.verdict.until == until && s.last.verdict.grant == grant) return;
  s.warned &= due_warnings(s, now);  // after an extension they are said again
  (void)save(s);
}

void sessions::look(base::boot_time now) {
  for (auto& [number, s] : sessions_) {
    if (s.at == stage::inside) ask(s, now);
  }
  users_.look(now);
  changed_ = true;
}

void sessions::warn(session& s, base::boot_time now) {
  const unsigned fresh = due_warnings(s, now) & ~s.warned;
  if (fresh == 0) return;
  s.warned |= fresh;
  (void)save(s);
  char text[256];
  guest::answer a = s.last;
  a.now = now;
  guest::say_warning(a, text);
  (void)tell_terminals(s.group, std::string("grantd: ") + text);
}

void sessions::act(base::boot_time now) {
  bool look_at_users = false;
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    session& s = at->second;
    ++at;  // finish_if_empty() may take it out
    if (s.at == stage::inside) {
      if (s.last.verdict.until <= now) {
        ask(s, now);
        look_at_users = true;
      } else {
        warn(s, now);
      }
    }
    if (s.at == stage::ending && !finish_if_empty(s, now) && s.next_try <= now) put_out(s, now);
  }
  if (look_at_users || (users_.next() && *users_.next() <= now)) users_.look(now);
  users_.chase(now);
  around_.told.flush(now);
  const bool repeat = now.ns - said_.ns >= wire::presence_every_s * base::ns_per_s;
  if (!repeat && !(changed_ && now.ns - said_changed_.ns >= presence_sooner_ns)) return;
  for (const auto& [number, s] : sessions_) s.left_over ? around_.told.left_over(s) : around_.told.live(s);
  if (repeat) {
    around_.told.repeat_ended(now);
    said_ = now;
  }
  said_changed_ = now;
  changed_ = false;
}

base::boot_time sessions::next_of(const session& s) const {
  if (s.at == stage::ending) return s.next_try;
  base::boot_time at = s.last.verdict.until;
  for (size_t i = 0; i < std::size(warnings_ns); ++i) {
    if ((s.warned & 1U << i) == 0)
      at = std::min(at, base::boot_time{s.last.verdict.until.ns - warnings_ns[i]});
  }
  return at;
}

base::boot_time sessions::next() const {
  base::boot_time first{said_.ns + wire::presence_every_s * base::ns_per_s};
  if (changed_) first = std::min(first, base::boot_time{said_changed_.ns + presence_sooner_ns});
  for (const auto& [number, s] : sessions_) first = std::min(first, next_of(s));
  if (auto at = users_.next()) first = std::min(first, *at);
  if (auto at = around_.told.next()) first = std::min(first, *at);
  return first;
}

}  // namespace grantd::reaper
