// SPDX-License-Identifier: Apache-2.0
// The daemon without its sockets: start, stop, policy, what root does at once. Batches are in batch.cc, the
// clock's part in remap.cc.
#include "daemon/core.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "daemon/answers.h"

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
  keep_note("start", {{"version", GRANTD_VERSION}});
  last_table last = read_last_table(settings_.table);  // before it is replaced
  load();
  if (nothing_loaded()) {
    remember(last);
  } else {
    for (const auto& [number, e] : last.ended)
      ended_before_.emplace(number, static_cast<store::state>(e.how));
    end_again("table");
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
  keep_note("stop", {});
  retry_ = true;
  (void)turn();
}

void core::load() {
  windows_.clear();
  pending_.clear();
  memberships_.clear();
  remaps_.clear();
  locks_.forget_durable();
  lock_remaps_.clear();
  locks_over_.clear();
  unread_ = false;
  if (store_->locked() == store::lock_reason::none) {
    auto read = store_->each_open([&](store::grant&& g) {
      load_open(std::move(g));
      return true;
    });
    if (read && load_locks() && load_pending() && load_memberships()) {
      load_ended();
    } else {  // half of the truth is none
      windows_.clear();
      pending_.clear();
      memberships_.clear();
      remaps_.clear();
      locks_.forget_durable();
      lock_remaps_.clear();
      unread_ = store_->locked() == store::lock_reason::none;
      say(level::alert, "the store cannot be read: nothing of it opens, it is tried again; grantctl store");
    }
  }
  // What was ended but never reached the disk stays ended, whatever was read from it.
  for (const ending& e : undurable_) {
    if (windows_.find(e.number) != nullptr)
      (void)windows_.end(e.number, e.how, e.at, time_.boot(), e.by, e.reason);
  }
  settle_memberships(true);
}

open_grant core::in_memory(store::grant& g) {
  const bool needs_role =
      std::ranges::any_of(g.scopes, [](const policy::scope& s) { return !s.member_of.empty(); });
  any_needs_role_ = any_needs_role_ || needs_role;
  return {g.number,
          g.not_before,
          g.not_after,
          g.made,
          g.mapped,
          pool_.put(g.person),
          pool_.put(g.resource),
          pool_.put(g.made_by),
          pool_.put(g.scopes),
          true,
          std::move(g.reason),
          g.request,
          g.first_use_us.value_or(0),
          g.reviewed.us,
          pool_.put(g.reviewed_by),
          g.break_glass,
          needs_role,
          !needs_role};
}

void core::load_ended() {
  auto ended = store_->ended_since({time_.utc().us - ended_kept_ns / base::ns_per_us}, max_ended);
  if (!ended) return;
  for (auto g = ended->rbegin(); g != ended->rend(); ++g) {
    ended_grant e;
    e.was = in_memory(*g);
    e.how = g->state;
    e.ended = g->ended;
    int64_t age_ns = std::max<int64_t>(0, time_.utc().us - g->ended.us) * base::ns_per_us;
    e.at = {std::max<int64_t>(0, time_.boot().ns - age_ns)};
    e.by = g->ended_by;
    e.reason = g->ended_reason;
    windows_.load_ended(std::move(e));
  }
}

void core::take_policy(loaded_policy fresh) {
  ++readings_;
  std::string people = std::to_string(fresh.policy->people.size());
  std::string resources = std::to_string(fresh.policy->resources.size());
  say(level::notice, fmt::format("policy in force: {} people, {} resources, {} rules", people, resources,
                                 fresh.policy->rules.size()));
  for (const std::string& w : fresh.policy->warnings) say(level::warning, w);
  for (std::string& c : roster_.take(std::move(fresh.policy), std::move(fresh.uids), fresh.signers))
    say(level::warning, std::move(c));
  publication_.set_points(roster_.policy());
  locks_.take_policy(roster_.policy());
  look_again_ = true;
  keep_note("policy", {{"people", people}, {"resources", resources}});
  end_those_without_policy();
  dirty_ = true;
}

void core::policy_failed(std::string why) {
  ++readings_;
  say(level::error, why + (roster_.policy() == nullptr ? "; nothing new opens until it is right: grantd -t"
                                                       : "; the old policy stays in force: grantd -t"));
  roster_.set_error(std::move(why));
}

bool core::note(std::string event, std::vector<std::pair<std::string, std::string>> fields,
                std::string once) {
  if (notes_.size() >= max_notes) return false;
  time_.read();  // the last turn may be half a minute ago
  notes_.push_back({std::move(event), std::move(fields), time_.utc(), true, std::move(once)});
  return true;
}

// grantd's own: what guests saw leaves room for it.
void core::keep_note(std::string event, std::vector<std::pair<std::string, std::string>> fields) {
  if (notes_.size() >= 2 * max_notes) return;
  time_.read();
  notes_.push_back({std::move(event), std::move(fields), time_.utc(), false});
}

bool core::not_durable(uint64_t number) const {
  return std::ranges::any_of(undurable_, [&](const ending& e) { return e.number == number; });
}

bool core::troubled() const {
  return not_durable() != 0 || !locks_over_.empty() || !lock_remaps_.empty() ||
         !publication_.error().empty() || !remaps_.empty() || !shortened_.empty() ||
         memberships_.has_unsaved() || pending_.any_due(time_.boot()) || was_behind_ || unread_ ||
         (!notes_.empty() && store_->locked() == store::lock_reason::none);
}

bool core::check_slice() {
  if (check_ != store::store::check_state::more) return false;
  check_ = store_->check_slice();
  return check_ == store::store::check_state::more;
}

}  // namespace grantd::daemon
