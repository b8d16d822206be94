// SPDX-License-Identifier: Apache-2.0
// One turn: everything that was asked since the last one becomes true together. A revocation goes table ->
// store -> anchor -> answer; a grant store -> anchor -> table -> answer (DESIGN section 6).
#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "base/timestamp.h"
#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {

namespace {

reply grants_reply(json::value&& grants) {
  reply r;
  r.parameters.set("grants", std::move(grants));
  r.parameters.set("durable", true);
  return r;
}

reply not_durable_yet() {
  return refusal("NotDurable", "in force, but not on disk yet: it is tried again every second",
                 "grantctl status");
}

reply store_refusal(store::error why, store::store& truth, std::string_view so = "so nothing opens") {
  switch (why) {
    case store::error::full:
      return refusal("NoSpace",
                     fmt::format("the store's file system is full: nothing new can be recorded, {}", so),
                     "df -h; then try again");
    case store::error::locked:
      return refusal("Locked", "the store is locked: " + truth.locked_text(), "grantctl store");
    default:
      return refusal("Busy", fmt::format("the store cannot be written: nothing new can be recorded, {}", so),
                     "journalctl -u grantd");
  }
}

}  // namespace

std::vector<finished> core::turn() {
  std::vector<finished> out;
  provision_changed_ = false;
  if (must_exit_) return out;  // what failed to reach the disk is neither published nor acknowledged
  bool retrying = std::exchange(retry_, false);
  time_.read();
  windows_.forget_ended(time_.boot());
  if (unread_ && retrying) take_from_store("table");
  std::vector<waiting_unlock> unlocked;
  for (const unlock_request& r : std::exchange(unlocks_, {})) unlocked.push_back({r.from, unlock_now(r.by)});
  if (int64_t step = time_.stepped_us(); step != 0) {
    auto trust = step > 0 && time_.synchronised() ? decision::trust::synchronised : decision::trust::none;
    say(level::notice, fmt::format("the wall clock stepped by {} ms: windows are mapped again", step / 1000));
    map_again(trust, "step");
  }
  if (bool behind = time_.behind(); behind != was_behind_) {
    was_behind_ = behind;
    if (!behind) bring_into_force();
    say(level::alert,
        behind ? "the clock is behind the last time that was known: nothing new opens; grantctl clock"
               : "the clock is right again");
  }
  expire();
  expire_locks();
  std::vector<waiting_lock_end> unlocking = resolve_lock_ends(out);
  size_t ended_before = undurable_.size();
  std::vector<waiting_end> waiting;
  resolve_ends(waiting);
  std::vector<waiting_lock> locked_now = take_locks(out);
  want_memberships();  // taking back begins with the end, whatever the disk says
  bool shut = undurable_.size() > ended_before || !locked_now.empty();
  if (shut) publish();  // before the store: from here on no lookup that starts allows them
  std::vector<opening> opening_now = prepare_opens(out);
  lapse_requests();
  resolve_asks(opening_now, out);
  resolve_words(opening_now, out);
  std::vector<waiting_review> reviewed = resolve_reviews(out);

  bool durable = true;
  if (!opening_now.empty() || !unlocking_.empty() || drafts_changed() || !reviewing_.empty()) {
    auto written = write(&opening_now);
    if (!written) {
      refuse(opening_now, written.error(), out);
      opening_now.clear();
      refuse_drafts(store_refusal(written.error(), *store_), out);
      for (const waiting_review& w : std::exchange(reviewed, {}))
        out.push_back({w.to, store_refusal(written.error(), *store_, "so it stays unreviewed")});
      reviewing_.clear();
      for (const waiting_lock_end& w : std::exchange(unlocking, {}))
        out.push_back({w.to, store_refusal(written.error(), *store_, "so the lock stays")});
      unlocking_.clear();
    } else {
      lift_locks();
    }
    refuse_invalid(opening_now, out);
  }
  bool due = time_.boot().ns - high_water_written_.ns >= high_water_every_ns;
  if (not_durable() != 0 || !locks_over_.empty() || !lock_remaps_.empty() || !remaps_.empty() ||
      !shortened_.empty() || !notes_.empty() || memberships_.has_unsaved() || due) {
    durable = write(nullptr).has_value();
  }
  for (const opening& o : opening_now) {
    store::grant g = o.record;
    windows_.add(in_memory(g));
    dirty_ = true;
  }
  want_memberships();
  // Of the windows that were just made or unlocked: nobody is asked to give what the store does not know of.
  if ((!opening_now.empty() || !unlocking.empty()) && memberships_.has_unsaved()) (void)write(nullptr);
  settle_memberships(false);
  publication_.at_least(store_->sequence());
  if (store_->locked() != published_lock_) dirty_ = true;
  if (dirty_ || (retrying && !publication_.error().empty())) publish();

  settle_drafts(opening_now, out);
  settle_reviews(reviewed, out);
  next_end_ = earliest_end();  // of what is pending from now on, too
  for (const opening& o : opening_now) {
    const open_grant* g = windows_.find(o.record.number);
    json::value object = describe(pool_, time_, *g);
    events_.push_back({.name = "grant", .person = o.record.person, .grant = object});
    say_recorded(level::notice, fmt::format("{}: {} may use {} until {}{}, {} by {}", id_of(o.record.number),
                                            o.record.person, o.record.resource,
                                            base::print_timestamp(o.record.not_after).view(),
                                            g->needs_role && !g->ready ? ", once the role is given" : "",
                                            o.asked == nullptr ? "asked for" : "granted", o.record.made_by));
    if (o.asked == nullptr) continue;
    out.push_back({o.asked->from, opened(*g, std::move(object))});
  }
  for (waiting_end& w : waiting) out.push_back({w.to, answer_end(w, durable)});
  for (const waiting_lock& w : locked_now) out.push_back({w.to, answer_lock(w)});
  for (waiting_lock_end& w : unlocking) out.push_back({w.to, answer_lock_end(w)});
  for (reload_answer& r : std::exchange(reloads_, {})) out.push_back({r.to, answer_reload(r, durable)});
  for (waiting_unlock& u : unlocked) {
    reply r;
    if (u.refused) {
      r = std::move(*u.refused);
    } else if (publication_.stale()) {
      r = refusal("NoTable", publication_.error(), "rm " + publication_.path());
    } else if (!durable) {
      r = refusal("NotDurable", "unlocked, but what ended with it is not on disk yet: it is tried again",
                  "grantctl status");
    } else {
      r.parameters = store_state();
    }
    out.push_back({u.to, std::move(r)});
  }
  opens_.clear();
  ends_.clear();
  return out;
}

reply core::answer_end(waiting_end& w, bool durable) {
  if (publication_.stale()) {
    return refusal("NoTable", "the end does NOT hold: " + publication_.error(), "rm " + publication_.path());
  }
  if (!durable) {
    reply r = not_durable_yet();
    r.parameters.set("grants", std::move(w.grants));
    return r;
  }
  if (w.already != 0) {
    return refusal("AlreadyEnded", "grant " + id_of(w.already) + " has ended already",
                   "grantctl show " + id_of(w.already));
  }
  return grants_reply(std::move(w.grants));
}

reply core::answer_reload(reload_answer& r, bool durable) const {
  if (publication_.stale()) {
    return refusal("NoTable", "the policy is in force, but what it ended is NOT out: " + publication_.error(),
                   "rm " + publication_.path());
  }
  if (durable) return std::move(r.done);
  reply late = not_durable_yet();
  late.parameters.set("ends", *r.done.parameters.find("ends"));
  return late;
}

json::value core::end_one(uint64_t number, store::state how, const std::string& by,
                          const std::string& reason) {
  const ended_grant& e = windows_.end(number, how, time_.utc(), time_.boot(), by, reason);
  undurable_.push_back({number, how, by, reason, time_.utc()});
  if (how != store::state::expired) look_again_ = true;  // what would extend it is over, too
  std::string person(pool_.text(e.was.person));
  say_recorded(level::notice,
               fmt::format("{}: {} on {} {} by {}{}{}", id_of(number), person, pool_.text(e.was.resource),
                           state_word(how), by, reason.empty() ? "" : ": ", reason));
  json::value object = describe(pool_, e);
  events_.push_back({.name = std::string(event_word(how)), .person = std::move(person), .grant = object});
  dirty_ = true;
  return object;
}

void core::expire() {
  std::vector<uint64_t> over;
  for (const auto& [number, g] : windows_.open()) {
    bool reached =
        g.in_force ? decision::end_reached(g.utc(), g.mapped, time_.now()) : g.not_after <= time_.mark();
    if (reached) over.push_back(number);
  }
  for (uint64_t number : over) (void)end_one(number, store::state::expired, "clock", "");
}

std::optional<base::boot_time> core::earliest_end() const {
  std::optional<base::boot_time> first;
  for (auto end : {windows_.next_end(), locks_.next_end(), pending_.next_end(time_.boot()), next_start(),
                   memberships_.next_overdue()}) {
    if (end) first = std::min(first.value_or(*end), *end);
  }
  return first;
}

void core::resolve_ends(std::vector<waiting_end>& waiting) {
  for (const end_request& r : ends_) {
    std::vector<uint64_t> numbers;
    if (r.number != 0) {
      if (windows_.find(r.number) != nullptr) numbers.push_back(r.number);
    } else {
      for (const auto& [number, g] : windows_.open()) {
        if ((r.person.empty() || pool_.text(g.person) == r.person) &&
            (r.resource.empty() || pool_.text(g.resource) == r.resource)) {
          numbers.push_back(number);
        }
      }
    }
    waiting_end w{r.from};
    for (uint64_t number : numbers) w.grants.push(end_one(number, r.how, r.by, r.reason));
    if (r.from == 0) continue;
    if (r.number != 0 && numbers.empty()) {  // somebody else was first: just now, or not on disk yet
      w.already = r.number;
      if (const ended_grant* e = windows_.find_ended(r.number)) w.grants.push(describe(pool_, *e));
    }
    waiting.push_back(std::move(w));
  }
}

std::expected<void, store::error> core::write(std::vector<opening>* opens) {
  if (must_exit_) return std::unexpected(store::error::fatal);
  auto done = write_once(opens, false);
  // Neither what opens nor what guests saw may eat the reserve that revocations need.
  if (!done && done.error() == store::error::full && opens == nullptr && not_durable() != 0)
    done = write_once(nullptr, true);
  if (!done) {
    if (done.error() == store::error::fatal) {
      must_exit_ = true;
      say(level::alert, "the store's file failed: grantd stops, to start again from what is on disk");
    } else if (done.error() != store::error::locked && !std::exchange(store_failed_, true)) {
      say(level::alert, done.error() == store::error::full ? "the store's file system is full"
                                                           : "the store cannot be written");
    }
    return done;
  }
  if (std::exchange(store_failed_, false)) say(level::notice, "the store can be written again");
  high_water_written_ = time_.boot();
  store_->restore_reserve();
  return {};
}

std::expected<void, store::error> core::write_once(std::vector<opening>* opens, bool urgent) {
  auto done = store_->begin();
  if (!done) return done;
  done = write_all(opens, urgent);
  if (!done) {
    store_->rollback();
    return done;
  }
  undurable_.clear();
  windows_.settled();
  remaps_.clear();
  shortened_.clear();
  memberships_.saved();
  locks_written();
  std::erase_if(notes_, [&](const pending_note& n) { return !urgent || !n.of_guests; });
  return {};
}

std::expected<void, store::error> core::write_all(std::vector<opening>* opens, bool urgent) {
  // First: what was shortened may have ended by it in this very turn.
  if (auto done = write_shortenings(); !done) return done;
  for (const ending& e : undurable_) {
    auto done = store_->end_grant(e.number, e.how, e.by, e.reason, e.at);
    if (!done && !store::is_over(done.error())) return done;
  }
  if (auto done = write_locks(); !done) return done;
  if (auto done = write_memberships(); !done) return done;
  if (auto done = write_remaps(); !done) return done;
  for (const pending_note& n : notes_) {
    if (urgent && n.of_guests) continue;
    std::vector<store::field> fields(n.fields.begin(), n.fields.end());
    auto done = store_->note(n.event, fields, n.at, n.once);
    // One that cannot be kept holds up nobody, nor does one that is there already.
    if (!done && done.error() != store::error::invalid) return done;
  }
  if (opens != nullptr) {
    if (auto done = write_lock_ends(unlocking_); !done) return done;
    if (auto done = write_drafts(); !done) return done;
    for (opening& o : *opens) {
      if (o.of != no_draft) {
        o.record.request = drafts_[o.of].is.number;
        o.invalid = drafts_[o.of].invalid;
        if (o.invalid) continue;
      }
      auto number = store_->add_grant(o.record);
      o.invalid = !number && number.error() == store::error::invalid;
      if (!number && !o.invalid) return std::unexpected(number.error());
      if (number) o.record.number = *number;
    }
    if (auto done = end_drafts(*opens); !done) return done;
    if (auto done = write_reviews(); !done) return done;
  }
  // At least once: what cannot be told now is told later, and some lines are written twice after a crash.
  if (exported_ > store_->exported()) (void)store_->set_exported(exported_);
  if (auto done = store_->set_high_water(time_.mark(), time_.boot(), settings_.boot); !done) return done;
  return store_->commit(urgent);
}

std::expected<void, store::error> core::write_remaps() {
  std::erase_if(remaps_, [&](const auto& r) { return windows_.find(r.number) == nullptr; });
  if (remaps_.empty()) return {};
  auto done = store_->remap(remaps_, settings_.boot, remap_why_, time_.utc());
  if (done || !store::is_over(done.error())) return done;
  // The store refuses all for one that is not open there: the others are written without it.
  std::erase_if(remaps_, [&](const auto& r) {
    auto known = store_->find(r.number);
    return known ? known->state != store::state::open : known.error() == store::error::not_found;
  });
  if (remaps_.empty()) return {};
  return store_->remap(remaps_, settings_.boot, remap_why_, time_.utc());
}

reply core::opened(const open_grant& g, json::value described, std::optional<json::value> request) const {
  if (!publication_.error().empty()) {
    return refusal("NoTable", fmt::format("grant {} is made, but {}", id_of(g.number), publication_.error()),
                   "journalctl -u grantd");
  }
  reply r;
  if (request) r.parameters.set("request", std::move(*request));
  r.parameters.set("grant", std::move(described));
  if (std::string w = lock_warning(g); !w.empty()) r.parameters.set("warning", std::move(w));
  return r;
}

void core::refuse_invalid(std::vector<opening>& opens, std::vector<finished>& out) {
  for (const opening& o : opens) {
    if (!o.invalid) continue;
    windows_.give_up(o.scopes);
    if (o.asked != nullptr)
      out.push_back({o.asked->from, invalid_parameter("for_us", "the store's own rules refuse this grant")});
  }
  std::erase_if(opens, [](const opening& o) { return o.invalid; });
}

void core::refuse(std::vector<opening>& opens, store::error why, std::vector<finished>& out) {
  for (opening& o : opens) {
    windows_.give_up(o.scopes);
    if (o.asked != nullptr) out.push_back({o.asked->from, store_refusal(why, *store_)});
  }
}

void core::publish() {
  dirty_ = false;
  bool was_bad = !publication_.error().empty();
  time_.read();  // `written` must not lie before what the batch recorded
  bool locked = store_->locked() != store::lock_reason::none;
  if (store_->locked() != std::exchange(published_lock_, store_->locked()) && locked)
    say(level::alert, "the store is LOCKED, nobody gets in: " + store_->locked_text());
  if (publication_.publish(windows_, locked, time_.boot(), settings_.utc_offset_s)) {
    if (was_bad) say(level::notice, "the window table is published again");
  } else if (!was_bad) {
    say(level::alert, publication_.error());
  }
}

}  // namespace grantd::daemon
