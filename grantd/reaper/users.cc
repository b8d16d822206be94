// SPDX-License-Identifier: Apache-2.0
// Follows the windows of users, and ends what they left with systemd.
#include "reaper/users.h"

#include <algorithm>

#include "service/log.h"

namespace grantd::reaper {
namespace {

using service::level;
using service::log;

constexpr int64_t retry_ns = base::ns_per_s;

std::string file_of(uid_t uid) { return "user-" + std::to_string(uid); }

remains remains_of(const user& u) {
  return {.number = u.left_over,
          .user = u.name,
          .service = u.services.front(),
          .what = u.dying.empty() ? std::string() : u.dying.front().path(),
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
  u.due = true;
  u.ended = now;
  u.next_try = {now.ns + sessions_first_ns};
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
    if (changed && u.covered.empty() && !u.due) {
      u.due = true;
      u.ended = now;
      u.next_try = {now.ns + sessions_first_ns};
    }
    if (u.covered.empty() && u.kept_linger) {
      for (const std::string& s : u.services) {
        const guest::answer open = around_.look_up(u.name, s);
        if (!open.verdict.allows() || !around_.services.restore(u.name)) continue;
        u.covered[s] = open;
        u.kept_linger = false;
        changed = true;
        log(level::notice, u.name + " lingers again");
        break;
      }
    }
    if (changed) save(u);
  }
}

void users::end(user& u) {
  u.due = false;
  auto done = around_.services.end(u.uid, u.name, u.beside, around_.registered);
  for (const std::string& trouble : done.troubles) log(level::error, trouble);
  u.kept_linger = u.kept_linger || done.lingered;
  for (cgroup& c : done.killed) {
    log(level::notice, u.name + ": no window is left, " + c.path() + " is ended");
    u.dying.push_back(std::move(c));
  }
  save(u);
}

void users::say_left_over(user& u) {
  if (u.left_over == 0) {
    u.left_over = around_.next_number();
    save(u);
    log(level::alert, "left over: " + u.dying.front().path() + " of " + u.name + " does not end");
  }
  around_.told.left_over(remains_of(u));
}

void users::chase(base::boot_time now) {
  for (auto at = users_.begin(); at != users_.end();) {
    user& u = at->second;
    if (u.due && !u.covered.empty()) u.due = false;  // a new window, and a session in it
    if (u.due && (u.next_try <= now || !around_.has_sessions(u.uid))) {
      end(u);
      u.next_try = {now.ns + retry_ns};
    }
    if (std::erase_if(u.dying, [](const cgroup& c) { return !c.populated(); }) != 0) save(u);
    if (u.dying.empty() && !u.due && u.left_over != 0) {
      log(level::notice, "what was left over of " + u.name + " is gone");
      around_.told.ended(remains_of(u), now);
      u.left_over = 0;
      save(u);
    }
    if (!u.dying.empty() && u.next_try <= now) {
      u.next_try = {now.ns + retry_ns};
      for (const cgroup& c : u.dying) (void)c.kill();
      say_left_over(u);
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
