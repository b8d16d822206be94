// SPDX-License-Identifier: Apache-2.0
// Follows the windows of users, and ends what they left with systemd.
#include "reaper/users.h"

#include <algorithm>

#include "service/log.h"

namespace grantd::reaper {
namespace {

using service::level;
using service::log;

// Soon again, so that what begins after the end is not taken for what had to end; after a second it is late.
constexpr int64_t soon_ns = 100'000'000;
constexpr int64_t retry_ns = base::ns_per_s;

std::string file_of(uid_t uid) { return "user-" + std::to_string(uid); }

// Why it is left over.
std::string what_of(const user& u) {
  if (!u.dying.empty()) return u.dying.front().path();
  return u.troubles.empty() ? std::string() : u.troubles.front();
}

void make_due(user& u, base::boot_time now) {
  u.due = true;
  u.first_try.reset();
  u.ended = now;
  u.next_try = {now.ns + sessions_first_ns};
}

remains remains_of(const user& u) {
  return {.number = u.left_over,
          .user = u.name,
          .service = u.services.front(),
          .what = what_of(u),
          .since = u.ended};
}

}  // namespace

void users::save(const user& u) const {
  fields f;
  f["uid"] = std::to_string(u.uid);
  f["name"] = u.name;
  f["beside"] = u.beside;
  f["linger"] = u.kept_linger ? "1" : "0";
  // What is dying is found again by ending it again.
  f["due"] = u.due || !u.dying.empty() ? "1" : "0";
  f["ended"] = std::to_string(u.ended.ns);
  f["left-over"] = std::to_string(u.left_over);
  // A name may hold spaces: it is no key.
  for (size_t i = 0; i < u.services.size(); ++i) {
    auto at = u.covered.find(u.services[i]);
    const int64_t until = at == u.covered.end() ? -1 : at->second.verdict.until.ns;
    f["service-" + std::to_string(i)] = u.services[i];
    f["until-" + std::to_string(i)] = std::to_string(until);
  }
  if (around_.kept.save(file_of(u.uid), f) != 0) {
    log(level::error, "the state of user " + u.name + " cannot be written");
  }
}

void users::recall() {
  for (const state::entry& e : around_.kept.all("user-")) {
    const auto uid = e.what ? number_in(*e.what, "uid") : std::nullopt;
    if (!uid || *uid <= 0 || !e.what->contains("name") || !e.what->contains("beside") ||
        !e.what->contains("service-0")) {
      log(level::alert,
          "the state " + e.name + " cannot be read: what systemd runs for that user is not watched");
      continue;
    }
    user u;
    u.uid = static_cast<uid_t>(*uid);
    u.name = e.what->at("name");
    u.beside = e.what->at("beside");
    u.kept_linger = number_in(*e.what, "linger").value_or(0) == 1;
    u.due = number_in(*e.what, "due").value_or(0) == 1;
    u.ended.ns = number_in(*e.what, "ended").value_or(0);
    u.left_over = static_cast<uint64_t>(std::max<int64_t>(number_in(*e.what, "left-over").value_or(0), 0));
    for (size_t i = 0;; ++i) {
      const auto service = e.what->find("service-" + std::to_string(i));
      if (service == e.what->end()) break;
      u.services.push_back(service->second);
      const int64_t until = number_in(*e.what, "until-" + std::to_string(i)).value_or(-1);
      if (until < 0) continue;
      guest::answer known{};
      known.verdict.why = decision::reason::allowed;
      known.verdict.until.ns = until;
      u.covered[service->second] = known;
    }
    users_[u.uid] = std::move(u);
  }
}

user& users::note(const session& s) {
  user& u = users_[*s.owner];
  u.uid = *s.owner;
  u.name = s.user;
  u.beside = s.group.path();
  if (std::ranges::find(u.services, s.service) == u.services.end()) u.services.push_back(s.service);
  return u;
}

void users::add(const session& s) {
  if (!s.owner) return;
  user& u = note(s);
  u.covered[s.service] = s.last;
  if (around_.services.restore(u.name)) log(level::notice, u.name + " lingers again");
  u.kept_linger = false;
  save(u);
}

void users::refuse(const session& s, base::boot_time now) {
  if (!s.owner) return;
  user& u = note(s);
  if (!u.covered.empty() || u.due) return;
  make_due(u, now);
  save(u);
}

void users::look(base::boot_time now) {
  for (auto& [uid, u] : users_) {
    bool changed = false;
    for (auto at = u.covered.begin(); at != u.covered.end();) {
      const base::boot_time before = at->second.verdict.until;
      const bool stays = around_.ask_again(u.name, at->first, at->second) == guest::fate::stays;
      changed = changed || !stays || at->second.verdict.until != before;
      at = stays ? std::next(at) : u.covered.erase(at);
    }
    if (changed && u.covered.empty() && !u.due) make_due(u, now);
    if (u.covered.empty() && (u.kept_linger || u.due)) changed = cover_again(u) || changed;
    if (changed) save(u);
  }
}

bool users::cover_again(user& u) {
  for (const std::string& s : u.services) {
    const guest::answer open = around_.look_up(u.name, s);
    if (!open.verdict.allows()) continue;
    const bool lingers = u.kept_linger && around_.services.restore(u.name);
    if (!lingers && !u.due) continue;
    u.covered[s] = open;
    u.kept_linger = u.kept_linger && !lingers;
    if (lingers) log(level::notice, u.name + " lingers again");
    return true;
  }
  return false;
}

void users::end(user& u) {
  auto done = around_.services.end(u.uid, u.name, u.beside, around_.registered);
  // Until a look finds nothing: before it was killed it may have asked to linger again, or been started anew.
  u.due = !done.killed.empty() || !done.troubles.empty();
  if (done.troubles != u.troubles) {
    for (const std::string& trouble : done.troubles) log(level::error, trouble);
  }
  u.troubles = std::move(done.troubles);
  u.kept_linger = u.kept_linger || done.lingered;
  for (cgroup& c : done.killed) {
    if (std::ranges::find(u.dying, c.id(), &cgroup::id) != u.dying.end()) continue;
    log(level::notice, u.name + ": no window is left, " + c.path() + " is ended");
    u.dying.push_back(std::move(c));
  }
  save(u);
}

void users::say_left_over(user& u) {
  if (u.left_over == 0) {
    u.left_over = around_.next_number();
    save(u);
    log(level::alert, "left over of " + u.name + ", and tried again every second: " + what_of(u));
  }
  around_.told.left_over(remains_of(u));
}

bool users::is_time(const user& u, base::boot_time now) const {
  if (!u.due && u.dying.empty()) return false;
  return u.next_try <= now || (!u.first_try && !around_.has_sessions(u.uid));
}

void users::try_to_end(user& u, base::boot_time now) {
  if (!u.first_try) u.first_try = now;
  const base::boot_time alarm{u.first_try->ns + retry_ns};
  const bool late = now >= alarm;
  u.next_try.ns = late ? now.ns + retry_ns : std::min(now.ns + soon_ns, alarm.ns);
  // What is dying, too, unless a window is open or a strange session has come into the slice.
  if (u.due) end(u);
  if (late && (!u.dying.empty() || !u.troubles.empty())) say_left_over(u);
}

void users::chase(base::boot_time now) {
  for (auto at = users_.begin(); at != users_.end();) {
    user& u = at->second;
    if (!u.covered.empty()) {  // a new window
      u.due = false;
      u.troubles.clear();
    }
    if (std::erase_if(u.dying, [](const cgroup& c) { return !c.populated(); }) != 0) save(u);
    if (is_time(u, now)) try_to_end(u, now);
    if (u.dying.empty() && !u.due && u.left_over != 0) {
      log(level::notice, "nothing of " + u.name + " is left over any more");
      around_.told.ended(remains_of(u), now);
      u.left_over = 0;
      save(u);
    }
    const bool over = u.covered.empty() && !u.due && !u.kept_linger && u.dying.empty();
    if (over) around_.kept.forget(file_of(u.uid));
    at = over ? users_.erase(at) : std::next(at);
  }
}

std::optional<base::boot_time> users::next() const {
  std::optional<base::boot_time> first;
  const auto take = [&](base::boot_time t) {
    if (!first || t < *first) first = t;
  };
  for (const auto& [uid, u] : users_) {
    for (const auto& [name, known] : u.covered) take(known.verdict.until);
    if (u.due || !u.dying.empty()) take(u.next_try);
  }
  return first;
}

}  // namespace grantd::reaper
