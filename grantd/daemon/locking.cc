// SPDX-License-Identifier: Apache-2.0
// Locks in the core: a lock goes table -> store -> anchor -> answer, its end store -> anchor -> table
// (PROTOCOL.md section 3, "A lock").
#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {
namespace {

std::string left_of(const lock_in_force& l, const timekeeper& time) {
  return std::string(
      base::print_duration(std::max<int64_t>(0, (l.is.mapped_end.ns - time.boot().ns) / base::ns_per_us))
          .view());
}

}  // namespace

bool core::load_locks() {
  return store_
      ->each_lock([&](store::lock&& l) {
        load_lock(std::move(l));
        return true;
      })
      .has_value();
}

void core::load_lock(store::lock&& l) {
  lock_in_force in{std::move(l), {}, true, true};
  if (in.is.mapped_boot != settings_.boot) {
    // While the clock is behind, no more than the time since the mark is known to have passed.
    in.mapped = !time_.behind();
    const decision::clock_pair now{in.mapped ? time_.utc() : time_.mark(), time_.boot()};
    in.is.mapped_end = decision::map_first({in.is.from, in.is.until}, now).end;
    if (in.mapped) lock_remaps_.push_back({in.is.number, in.is.mapped_end});
  }
  const int64_t began = in.is.mapped_end.ns - (in.is.until.us - in.is.from.us) * base::ns_per_us;
  in.start = {std::clamp<int64_t>(began, 0, time_.boot().ns)};
  locks_.add(std::move(in));
}

// Those that waited for the clock.
void core::bring_locks_into_force() {
  locks_.each([&](lock_in_force& l) {
    if (l.mapped) return;
    l.mapped = true;
    l.is.mapped_end = decision::map_first({l.is.from, l.is.until}, time_.now()).end;
    lock_remaps_.push_back({l.is.number, l.is.mapped_end});
  });
}

void core::expire_locks() {
  std::vector<uint64_t> over;
  for (const auto& [number, l] : locks_.all()) {
    // One that is not in the store yet is kept for it; its records are over all the same.
    if ((l.durable || l.refused) && l.is.mapped_end <= time_.boot()) over.push_back(number);
  }
  for (uint64_t number : over) {
    say(level::notice,
        fmt::format("{}: the lock of {} is over", lock_id_of(number), subject_of(locks_.find(number)->is)));
    std::erase_if(lock_remaps_, [&](const auto& r) { return r.number == number; });
    locks_over_.push_back({number, "clock", time_.utc()});
    locks_.remove(number);
    dirty_ = true;
  }
}

std::optional<reply> core::lock_refused() const {
  if (store_->locked() != store::lock_reason::none) {
    return refusal("Locked",
                   "the store is locked: nobody new gets in, but a lock cannot be kept, nor put out who is "
                   "inside, before it is unlocked: " +
                       store_->locked_text(),
                   "grantctl store unlock");
  }
  if (unread_) {
    return refusal("Busy", "the store cannot be read: nobody gets in, and locks cannot be changed",
                   "journalctl -u grantd");
  }
  return std::nullopt;
}

std::vector<core::waiting_lock> core::take_locks(std::vector<finished>& out) {
  std::vector<waiting_lock> made;
  for (const lock_request& r : std::exchange(asked_locks_, {})) {
    if (auto no = lock_refused()) {
      out.push_back({r.from, std::move(*no)});
      continue;
    }
    if (locks_.all().size() >= max_locks) {
      out.push_back({r.from, refusal("Busy", fmt::format("{} locks are in force already", max_locks),
                                     "grantctl unlock ID")});
      continue;
    }
    lock_in_force l;
    l.is.number = store_->next_lock();
    if (!locks_.all().empty()) l.is.number = std::max(l.is.number, locks_.all().rbegin()->first + 1);
    l.is.subject = r.subject;
    l.is.name = r.name;
    l.is.message = r.message;
    // A clock that is behind must not make it end before it began, as a later boot would see it.
    l.is.from = std::max(time_.utc(), time_.mark());
    l.is.until = {l.is.from.us + r.for_us};
    l.is.made_by = r.by;
    l.start = time_.boot();
    l.is.mapped_end = {time_.boot().ns + r.for_us * base::ns_per_us};
    l.is.mapped_boot = settings_.boot;
    say_recorded(level::notice,
                 fmt::format("{}: {} locked for {} by {}: {}", lock_id_of(l.is.number), subject_of(l.is),
                             base::print_duration(r.for_us).view(), r.by, r.message));
    made.push_back({r.from, l.is.number});
    locks_.add(std::move(l));
    dirty_ = true;
  }
  return made;
}

std::vector<core::waiting_lock_end> core::resolve_lock_ends(std::vector<finished>& out) {
  std::vector<waiting_lock_end> waiting;
  for (const lock_end_request& r : std::exchange(asked_lock_ends_, {})) {
    if (auto no = lock_refused()) {
      out.push_back({r.from, std::move(*no)});
      continue;
    }
    waiting_lock_end w{r.from};
    for (const auto& [number, l] : locks_.all()) {
      if (r.number != 0 ? number != r.number : l.is.subject != r.subject || l.is.name != r.name) continue;
      w.locks.push(describe(l, time_));
      unlocking_.push_back({number, r.by, time_.utc()});
    }
    if (w.locks.items()->empty()) {
      out.push_back({r.from, refusal("NoSuchLock", "it was unlocked a moment ago", "grantctl locks")});
      continue;
    }
    waiting.push_back(std::move(w));
  }
  return waiting;
}

void core::lift_locks() {
  for (const lock_ending& e : std::exchange(unlocking_, {})) {
    if (const lock_in_force* l = locks_.find(e.number)) {
      say_recorded(level::notice,
                   fmt::format("{}: {} unlocked by {}", lock_id_of(e.number), subject_of(l->is), e.by));
    }
    std::erase_if(lock_remaps_, [&](const auto& r) { return r.number == e.number; });
    locks_.remove(e.number);
    dirty_ = true;
  }
}

reply core::answer_lock(const waiting_lock& w) const {
  const lock_in_force& l = *locks_.find(w.number);
  const std::string id = lock_id_of(w.number);
  json::value object = describe(l, time_);
  int64_t covers = 0;
  for (const auto& [number, g] : windows_.open()) covers += locks_.touches(l, g) ? 1 : 0;
  object.set("covers", covers);
  if (publication_.stale()) {
    return refusal("NoTable", fmt::format("lock {} does NOT hold: {}", id, publication_.error()),
                   "rm " + publication_.path());
  }
  if (auto no = lock_refused()) return std::move(*no);
  if (!publication_.error().empty()) {
    return refusal("NoTable",
                   fmt::format("lock {} is made, but who is inside stays until their window ends, or until "
                               "the table is there again: {}",
                               id, publication_.error()),
                   "journalctl -u grantd");
  }
  reply r;
  if (!l.durable) {
    r = refusal("NotDurable", "in force, but not on disk yet: it is tried again every second",
                "grantctl status");
  }
  r.parameters.set("lock", std::move(object));
  if (l.durable) r.parameters.set("durable", true);
  return r;
}

reply core::answer_lock_end(waiting_lock_end& w) const {
  if (!publication_.error().empty()) {
    return refusal("NoTable", "unlocked, but the window table does not say so: " + publication_.error(),
                   "journalctl -u grantd");
  }
  reply r;
  r.parameters.set("locks", std::move(w.locks));
  r.parameters.set("durable", true);
  return r;
}

std::string core::lock_warning(const open_grant& g) const {
  const lock_in_force* last = nullptr;
  for (const auto& [number, l] : locks_.all()) {
    if (locks_.touches(l, g) && (last == nullptr || l.is.mapped_end > last->is.mapped_end)) last = &l;
  }
  if (last == nullptr) return {};
  return fmt::format("{} is locked for {} more ({}: {}): the grant lets nobody in until then",
                     subject_of(last->is), left_of(*last, time_), lock_id_of(last->is.number),
                     last->is.message);
}

std::string core::lock_warning(const store::request& r) {
  if (locks_.all().empty()) return {};  // the pool never forgets
  open_grant g;
  g.person = pool_.put(r.person);
  g.resource = pool_.put(r.resource);
  g.scopes = pool_.put(r.scopes);
  return lock_warning(g);
}

std::expected<void, store::error> core::write_locks() {
  std::expected<void, store::error> first;
  locks_.each([&](lock_in_force& l) {
    if (l.durable || l.refused || !first) return;
    auto done = store_->add_lock(l.is);
    // One the store's own rules refuse stays in force while grantd runs, and holds up nothing else.
    l.refused = !done && done.error() == store::error::invalid;
    if (!done && !l.refused) first = done;
  });
  if (!first) return first;
  if (auto done = write_lock_ends(locks_over_); !done) return done;
  if (lock_remaps_.empty()) return {};
  auto done = store_->remap_locks(lock_remaps_, settings_.boot, "boot", time_.utc());
  if (!done && !store::is_over(done.error())) return done;
  return {};
}

std::expected<void, store::error> core::write_lock_ends(const std::vector<lock_ending>& ends) {
  for (const lock_ending& e : ends) {
    auto done = store_->end_lock(e.number, e.by, e.at);
    if (!done && !store::is_over(done.error())) return done;
  }
  return {};
}

void core::locks_written() {
  locks_over_.clear();
  lock_remaps_.clear();
  locks_.each([](lock_in_force& l) { l.durable = !l.refused; });
}

}  // namespace grantd::daemon
