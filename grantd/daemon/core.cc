// SPDX-License-Identifier: Apache-2.0
// The daemon without its sockets: start, stop, policy, what root does at once. Batches are in batch.cc, the
// clock's part in remap.cc.
#include "daemon/core.h"

#include <fmt/core.h>

#include "daemon/answers.h"
#include "daemon/last_table.h"

namespace grantd::daemon {
namespace {

std::optional<timekeeper::known_mark> mark_of(store::store& truth, const base::boot_id& boot) {
  auto row = truth.high_water();
  if (!row) return std::nullopt;
  return timekeeper::known_mark{row->mark, row->at, row->boot == boot};
}

}  // namespace

core::core(settings s, clock_source& clock, std::unique_ptr<store::store> truth)
    : settings_(std::move(s)),
      store_(std::move(truth)),
      time_(clock, mark_of(*store_, settings_.boot)),
      publication_(settings_.table, settings_.group, settings_.boot, settings_.key),
      started_(time_.utc()) {}

void core::start() {
  if (store_->locked() != store::lock_reason::none)
    say(level::alert, "the store is LOCKED: " + store_->locked_text());
  note("start", {{"version", GRANTD_VERSION}});
  auto ended = endings_in(settings_.table);  // before it is replaced
  load();
  for (const auto& [number, how] : ended) {
    if (windows_.find(number) == nullptr) continue;
    say(level::alert, id_of(number) + " had ended when grantd stopped, though not on disk; it stays ended");
    (void)end_one(number, static_cast<store::state>(how), "table", "ended before the restart");
  }
  was_behind_ = time_.behind();
  if (was_behind_) {
    say(level::alert,
        "the clock is behind the last time that was known: nothing new opens until it is right, or "
        "a human vouches for it: grantctl clock accept");
  }
  end_those_without_policy();
  dirty_ = true;
  (void)turn();
}

void core::stop() {
  note("stop", {});
  retry_ = true;
  (void)turn();
}

void core::load() {
  windows_.clear();
  if (store_->locked() == store::lock_reason::none) {
    auto read = store_->each_open([&](store::grant&& g) {
      load_open(std::move(g));
      return true;
    });
    if (!read) say(level::alert, "the store cannot be read: nothing of it opens; grantctl store");
    load_ended();
  }
  // What was ended but never reached the disk stays ended, whatever was read from it.
  for (const ending& e : undurable_) {
    if (windows_.find(e.number) != nullptr)
      (void)windows_.end(e.number, e.how, e.at, time_.boot(), e.by, e.reason);
  }
}

void core::load_ended() {
  auto ended = store_->ended_since({time_.utc().us - ended_kept_ns / base::ns_per_us}, max_ended);
  if (!ended) return;
  for (auto g = ended->rbegin(); g != ended->rend(); ++g) {
    ended_grant e;
    e.was = {g->number,
             g->not_before,
             g->not_after,
             g->made,
             g->mapped,
             pool_.put(g->person),
             pool_.put(g->resource),
             pool_.put(g->made_by),
             pool_.put(g->scopes),
             true,
             g->reason};
    e.how = g->state;
    e.ended = g->ended;
    int64_t age_ns = std::max<int64_t>(0, time_.utc().us - g->ended.us) * base::ns_per_us;
    e.at = {std::max<int64_t>(0, time_.boot().ns - age_ns)};
    e.by = g->ended_by;
    e.reason = g->ended_reason;
    windows_.load_ended(std::move(e));
  }
}

void core::take_policy(std::shared_ptr<const policy::policy> p, uid_map uids) {
  std::string people = std::to_string(p->people.size());
  std::string resources = std::to_string(p->resources.size());
  say(level::notice, fmt::format("policy in force: {} people, {} resources", people, resources));
  for (std::string& c : roster_.take(std::move(p), std::move(uids))) say(level::warning, std::move(c));
  publication_.set_points(roster_.policy());
  note("policy", {{"people", people}, {"resources", resources}});
  end_those_without_policy();
  dirty_ = true;
}

void core::policy_failed(std::string why) {
  say(level::error, why + (roster_.policy() == nullptr ? "; nothing new opens until it is right: grantd -t"
                                                       : "; the old policy stays in force: grantd -t"));
  roster_.set_error(std::move(why));
}

// Only a valid policy that took a right away ends grants (I7).
void core::end_those_without_policy() {
  const policy::policy* p = roster_.policy();
  if (p == nullptr) return;
  for (const auto& [number, g] : windows_.open()) {
    std::string_view gone;
    if (p->people.find(pool_.text(g.person)) == p->people.end())
      gone = "the policy no longer knows this person";
    if (p->resources.find(pool_.text(g.resource)) == p->resources.end()) {
      gone = "the policy no longer knows this resource";
    }
    if (gone.empty()) continue;
    end_request r;
    r.number = number;
    r.reason = gone;
    r.by = "policy";
    submit(std::move(r));
  }
}

void core::note(std::string event, std::vector<std::pair<std::string, std::string>> fields) {
  if (notes_.size() >= max_notes) return;
  notes_.push_back({std::move(event), std::move(fields), time_.utc()});
}

bool core::troubled() const {
  return !undurable_.empty() || !publication_.error().empty() || !remaps_.empty() || was_behind_ ||
         (!notes_.empty() && store_->locked() == store::lock_reason::none);
}

reply core::unlock_store(const std::string& by) {
  if (store_->locked() == store::lock_reason::none) return {};
  time_.read();
  auto done = store_->unlock(by, time_.utc());
  if (!done) {
    return refusal("Locked", "the store stays locked: " + store_->locked_text());
  }
  say(level::alert, "the store was unlocked by " + by);
  load();
  end_those_without_policy();
  expire();
  publication_.at_least(store_->sequence());
  publish();
  next_end_ = windows_.next_end();
  dirty_ = true;  // what the policy no longer knows goes with the turn that follows
  return {};
}

bool core::check_slice() {
  if (check_ != store::store::check_state::more) return false;
  check_ = store_->check_slice();
  if (check_ == store::store::check_state::corrupt) {
    say(level::alert, "the store is corrupt, nobody gets in: " + store_->locked_text());
    dirty_ = true;
  }
  return check_ == store::store::check_state::more;
}

}  // namespace grantd::daemon
