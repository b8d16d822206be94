// SPDX-License-Identifier: Apache-2.0
// The store's part of the core when it is LOCKED or cannot be read: nothing opens, and what the last table
// knows as ended stays ended.
#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {
namespace {

std::string_view reserve_word(store::reserve_state state) {
  switch (state) {
    case store::reserve_state::held:
      return "held";
    case store::reserve_state::none:
      return "none";
    case store::reserve_state::not_yet:
      return "not-yet";
    case store::reserve_state::no_room:
      break;
  }
  return "no-room";
}

}  // namespace

// Kept, published with every table and ended again as soon as the store can be believed.
void core::remember(const last_table& last) {
  auto keep = [this](uint64_t number, store::grant g, const last_table::ending& e) {
    ended_grant was;
    was.was = in_memory(g);
    was.was.number = number;
    if (g.scopes.empty()) was.was.scopes = pool_.put(e.scopes);
    was.how = static_cast<store::state>(e.how);
    was.at = e.at;
    was.ended = {e.end_utc_s * base::us_per_s};
    was.by = "table";
    was.reason = "it had ended, by the last window table";
    windows_.load_ended(std::move(was), true);
    ended_before_.emplace(number, static_cast<store::state>(e.how));
  };
  for (const auto& [number, e] : last.ended) {
    auto known = store_->find(number);
    keep(number, known ? std::move(*known) : store::grant{}, e);
  }
  // An old copy: what it calls open was open in the newer table, or has ended since.
  if (store_->locked() == store::lock_reason::none || last.whole_at < store_->sequence() ||
      last.whole_at == 0)
    return;
  std::vector<store::grant> gone;
  (void)store_->each_open([&](store::grant&& g) {
    if (!last.open.contains(g.number) && !ended_before_.contains(g.number)) gone.push_back(std::move(g));
    return true;
  });
  for (store::grant& g : gone) {
    const uint64_t number = g.number;
    keep(number, std::move(g),
         {decision::ending::revoked, time_.boot(), time_.utc().us / base::us_per_s, {}});
  }
}

void core::end_again(const std::string& by) {
  for (const auto& [number, how] : std::exchange(ended_before_, {})) {
    if (windows_.find(number) == nullptr) continue;
    say(level::alert,
        id_of(number) + " had ended by the last table, though not in the store; it stays ended");
    (void)end_one(number, by == "unlock" ? store::state::revoked : how, by,
                  "it had ended, by the last window table");
  }
}

// Only the store's own part; the turn it belongs to ends what must end, publishes and answers.
std::optional<reply> core::unlock_now(const std::string& by) {
  if (store_->locked() == store::lock_reason::none) return std::nullopt;
  auto done = store_->unlock(by, time_.utc());
  if (!done) {
    if (done.error() == store::error::fatal) must_exit_ = true;
    return refusal("Locked", "the store stays locked: " + store_->locked_text());
  }
  say(level::alert, "the store was unlocked by " + by);
  take_from_store("unlock");
  return std::nullopt;
}

void core::take_from_store(const std::string& why) {
  load();
  if (unread_) return;
  end_again(why);
  end_those_without_policy();
  dirty_ = true;
}

json::value core::store_state() {
  json::value v;
  auto sum = store_->summarise();
  v.set("schema", sum ? sum->schema : 0);
  v.set("grants", sum ? sum->grants : 0);
  v.set("open", sum ? sum->open : 0);
  v.set("records", sum ? sum->records : 0);
  v.set("sequence", store_->sequence());
  v.set("file_bytes", sum ? sum->file_bytes : 0);
  v.set("reserve", std::string(reserve_word(store_->reserve())));
  if (store_->locked() != store::lock_reason::none) v.set("locked", store_->locked_text());
  switch (check_) {
    case store::store::check_state::more:
      v.set("check", "running");
      break;
    case store::store::check_state::done:
      v.set("check", "done");
      break;
    case store::store::check_state::corrupt:
      v.set("check", "corrupt");
      break;
  }
  return v;
}

}  // namespace grantd::daemon
