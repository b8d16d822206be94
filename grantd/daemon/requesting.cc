// SPDX-License-Identifier: Apache-2.0
// Requests in the core: asked, answered by the rules, granted, lapsed. A request, its approvals and its grant
// are one transaction; memory follows the store, never the other way.
#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "base/timestamp.h"
#include "daemon/answers.h"
#include "daemon/approval.h"
#include "daemon/asking_help.h"
#include "daemon/core.h"
#include "daemon/losses.h"
#include "daemon/quota.h"
#include "policy/rules.h"

namespace grantd::daemon {
namespace {

using state = store::request::state;

std::string word_of(const store::request& r) {
  return fmt::format("{}: {} on {}{} for {}", request_id_of(r.number), r.person, r.resource,
                     r.read_write ? " (read-write)" : "", base::print_duration(r.for_us).view());
}

}  // namespace

bool core::load_pending() {
  pending_.clear();
  look_again_ = true;
  return store_
      ->each_pending([&](store::request&& r) {
        pending_.put(std::move(r), time_.utc(), time_.boot());
        return true;
      })
      .has_value();
}

core::draft& core::draft_of(const store::request& r) {
  for (draft& d : drafts_) {
    if (!d.is_new && d.is.number == r.number) return d;
  }
  return drafts_.emplace_back(draft{.is = r, .known_approvals = r.approvals.size()});
}

void core::resolve_asks(std::vector<opening>& opens, std::vector<finished>& out) {
  for (const ask& a : std::exchange(asks_, {})) {
    if (auto done = consider(a, opens, out); !done) out.push_back({a.from, std::move(done.error())});
  }
}

// An extension is a request for what the grant opened, until so long after its end.
std::expected<void, reply> core::prolong(ask& a) const {
  const open_grant* g = windows_.find(a.extends);
  if (g == nullptr || pool_.text(g->person) != a.person) {
    return std::unexpected(no_open_grant_of_yours(id_of(a.extends)));
  }
  a.resource = pool_.text(g->resource);
  const auto& scopes = pool_.scopes(g->scopes);
  a.read_write = std::ranges::any_of(
      scopes, [](const scope_ref& s) { return s.access == decision::access::read_write; });
  a.break_glass = g->break_glass;
  if (a.reason.empty()) a.reason = g->reason;
  if (g->request != 0) {
    auto was = store_->find_request(g->request);
    if (!was) {
      return std::unexpected(
          refusal("Busy", "the store cannot be read: nothing opens", "journalctl -u grantd"));
    }
    a.role = was->role;
  }
  if (!a.for_us) return std::unexpected(invalid_parameter("for_us", "an extension says how long"));
  if (g->first_use_us != 0 && (g->mapped.end.ns - time_.boot().ns) / base::ns_per_us > g->first_use_us) {
    return std::unexpected(refusal(
        "NotPending", fmt::format("{} begins with its first login, which is to come", id_of(a.extends)),
        "grantctl status"));
  }
  const int64_t left = std::max<int64_t>(0, (g->mapped.end.ns - time_.boot().ns) / base::ns_per_us);
  a.for_us = left / base::us_per_s * base::us_per_s + *a.for_us;
  return {};
}

// An end is so many whole seconds from the start, the begun one too.
std::expected<void, reply> core::measure(ask& a, int64_t from) const {
  if (!a.until_us) return {};
  if (*a.until_us <= from) {
    return std::unexpected(refusal("NotInTheFuture",
                                   a.from_us ? "the end is not after the start"
                                             : fmt::format("it is {} for grantd, and that end is past",
                                                           base::print_timestamp(time_.utc()).view()),
                                   a.from_us ? asking_again(a) : "grantctl clock"));
  }
  a.for_us = whole_seconds(*a.until_us - from);
  return {};
}

std::expected<void, reply> core::consider(const ask& given, std::vector<opening>& opens,
                                          std::vector<finished>& out) {
  if (auto no = nothing_opens()) return std::unexpected(std::move(*no));
  ask a = given;
  if (a.extends != 0) {
    if (auto done = prolong(a); !done) return done;
  }
  if (auto no = refused_through_relay(a)) return std::unexpected(std::move(*no));
  const policy::policy& p = *roster_.policy();
  auto from = start_of(a.from_us, asking_again(given));
  if (!from) return std::unexpected(std::move(from.error()));
  if (auto done = measure(a, *from); !done) return done;
  if (answered_before(a, a.from_us ? from.value() : std::optional<int64_t>(), out)) return {};
  bool unknown = false;
  auto of_this_turn = [&](std::string_view rule) {
    std::vector<base::utc_time> begins;
    for (const draft& d : drafts_) {
      if (d.is_new && d.opens && d.is.needs == 0 && d.is.person == a.person && d.is.rule == rule)
        begins.push_back(d.is.start.value_or(d.is.made));
    }
    return begins;
  };
  auto used = [&](std::string_view rule) -> unsigned {
    auto before =
        store_->self_service_between(a.person, rule, {*from - policy::quota_us}, {*from + policy::quota_us});
    unknown = unknown || !before;
    return before.value_or(0) + static_cast<unsigned>(of_this_turn(rule).size());
  };
  auto judged = [&](bool read_write, bool break_glass) {
    return policy::judge(p,
                         {.person = a.person,
                          .resource = a.resource,
                          .role = a.role,
                          .reason = a.reason,
                          .for_us = a.for_us,
                          .read_write = read_write,
                          .break_glass = break_glass,
                          .start = {*from}},
                         used);
  };
  policy::judgement j = judged(a.read_write, a.break_glass);
  if (unknown) {
    return std::unexpected(
        refusal("Busy", "the store cannot be read: nothing opens", "journalctl -u grantd"));
  }
  if (j.what == policy::judgement::outcome::refused || j.by == nullptr) {
    if (j.by != nullptr) say_next_of_quota(j, *this, a.person, {*from}, of_this_turn(j.by->name));
    return std::unexpected(refusal_of(j, a, given, {*from}, judged));
  }

  draft d{.is_new = true};
  store::request& r = d.is;
  r.person = a.person;
  r.resource = a.resource;
  r.role = a.role;
  r.reason = a.reason;
  r.read_write = a.read_write;
  r.break_glass = a.break_glass;
  // What goes on has begun, and what has an end has no length to count.
  r.first_use = j.by->first_use && a.extends == 0 && !a.until_us;
  r.is_signed = j.by->is_signed;
  r.needs = j.what == policy::judgement::outcome::opens ? 0 : std::max(1U, j.by->approvals);
  r.for_us = j.for_us;
  if (a.from_us) r.start = base::utc_time{*from};
  if (a.until_us) r.until = base::utc_time{*a.until_us};
  r.extends = a.extends;
  r.rule = j.by->name;
  r.made_by = a.by;
  r.made = time_.utc();
  r.lapses = {time_.utc().us + settings_.pending_us};
  if (r.start) r.lapses = std::min(r.lapses, base::utc_time{r.start->us + r.for_us});
  if (r.extends != 0) r.until = base::utc_time{r.made.us + r.for_us};
  if (r.until) r.lapses = std::min(r.lapses, *r.until);
  const policy::person* person = p.find_person(r.person);
  const policy::resource* resource = p.find_resource(r.resource);
  if (person == nullptr || resource == nullptr)
    return std::unexpected(refusal_of(j, a, given, {*from}, judged));  // judge() knows them
  r.scopes = policy::scopes_of(*person, *resource, r.read_write, r.role);
  if (a.from != 0) d.waiting.push_back(a.from);
  d.events.emplace_back("request");

  if (r.needs == 0) {
    if (auto no = too_often(r.person)) return std::unexpected(std::move(*no));
    if (auto done = open_for(d, r.for_us, opens); !done) return done;
    drafts_.push_back(std::move(d));
    opens.back().of = drafts_.size() - 1;
    return {};
  }
  store::request numbered = r;
  numbered.number = 1;  // any: whether it can be signed at all
  if (!text_to_sign(numbered, r.for_us, store_->uuid())) {
    return std::unexpected(
        invalid_parameter("reason",
                          "nobody could sign this: a reason is one line of plain text, without a space at "
                          "either end or several in a row, without characters that do not show"));
  }
  if (const pending_request* same = pending_.same_as(r)) {
    reply again;
    again.parameters.set(
        "request", describe(same->is, time_, same->lapses, people_of(roster_, locks_, same->is, time_)));
    again.parameters.set("repeated", true);
    out.push_back({a.from, std::move(again)});
    return {};
  }
  size_t waiting = pending_.of_person(r.person);
  size_t in_all = pending_.all().size();
  for (draft& other : drafts_) {
    if (!other.is_new || other.is.is != state::pending) continue;
    ++in_all;
    if (other.is.person != r.person) continue;
    ++waiting;
    if (!asks_the_same(other.is, r)) continue;
    if (a.from != 0) other.waiting.push_back(a.from);
    return {};
  }
  if (in_all >= max_pending) {
    return std::unexpected(
        refusal("TooMany", fmt::format("{} requests wait already, of everybody", in_all), "try again later"));
  }
  if (waiting >= max_pending_of_person) {
    return std::unexpected(refusal("TooMany",
                                   fmt::format("{} requests of {} wait already", waiting, r.person),
                                   "grantctl requests; grantctl cancel ID"));
  }
  if (auto no = too_often(r.person)) return std::unexpected(std::move(*no));
  drafts_.push_back(std::move(d));
  return {};
}

// `d` need not be in drafts_ yet: the caller sets opening::of.
std::expected<void, reply> core::open_for(draft& d, int64_t length, std::vector<opening>& opens) {
  const store::request& r = d.is;
  store::grant g;
  g.person = r.person;
  g.resource = r.resource;
  g.made = time_.utc();
  g.made_by = r.made_by;
  g.reason = r.reason;
  g.request = r.number;
  g.break_glass = r.break_glass;
  g.not_before = r.start ? std::max(*r.start, time_.utc()) : time_.utc();
  g.not_after = {(r.start ? *r.start : time_.utc()).us + length};
  if (r.until) g.not_after = std::min(g.not_after, *r.until);
  if (r.first_use) {
    // The first login cuts it to its length; unused it ends when a request nobody answers would.
    g.first_use_us = length;
    g.not_after.us += settings_.pending_us;
  }
  if (g.not_after <= g.not_before) {
    return std::unexpected(refusal("NotInTheFuture",
                                   fmt::format("the window that {} asked for is over",
                                               r.number == 0 ? r.person : request_id_of(r.number)),
                                   "grantctl request " + r.resource));
  }
  g.scopes = r.scopes;
  auto one = reserve(std::move(g));
  if (!one) return std::unexpected(std::move(one.error()));
  opens.push_back(std::move(*one));
  d.opens = true;
  d.is.is = state::granted;
  d.is.ended = time_.utc();
  return {};
}

std::optional<reply> core::too_often(const std::string& person) {
  constexpr double a_minute = 1.0 / 60;
  auto [said, fresh] = said_.try_emplace(person, settings_.words_at_once, a_minute);
  if (said->second.take(time_.boot())) return std::nullopt;
  return refusal("TooMany",
                 fmt::format("{} said more about requests than one person may: one a minute, now", person),
                 "try again in a minute");
}

std::string core::taken_away_text(const store::request& r, store::state how) const {
  return fmt::format("what it extends, {}, was {}", id_of(r.extends),
                     how == store::state::given_back ? "given back" : "revoked");
}

void core::lapse_requests() {
  const bool again = std::exchange(look_again_, false);
  const policy::policy* p = again ? roster_.policy() : nullptr;
  for (const auto& [number, w] : pending_.all()) {
    const bool over = w.lapses <= time_.boot() || w.is.lapses <= time_.utc();
    const bool unasked = !over && p != nullptr && !still_asked(*p, w.is);
    // Only what is known to have ended ends it; an approval is refused for what is not known, too.
    const auto ended =
        again && !over && !unasked && w.is.extends != 0 ? how_ended(w.is.extends) : std::nullopt;
    const bool taken = ended && *ended != store::state::expired;
    if (!over && !unasked && !taken) continue;
    draft& d = draft_of(w.is);
    if (d.is.is != state::pending) continue;
    d.is.is = unasked ? state::denied : state::lapsed;
    d.is.ended = time_.utc();
    d.is.ended_by = over ? "clock" : unasked ? "policy" : "grantd";
    d.is.ended_reason = over      ? "nobody answered in time"
                        : unasked ? "the policy no longer lets this be asked for"
                                  : taken_away_text(w.is, *ended);
    d.events.emplace_back(unasked ? "deny" : "lapse");
  }
}

// A word that was refused, or said before, changes nothing and is not worth a write.
bool core::drafts_changed() const {
  return std::ranges::any_of(drafts_, [](const draft& d) { return !d.events.empty(); });
}

std::expected<void, store::error> core::write_drafts() {
  for (draft& d : drafts_) {
    if (d.is_new) {
      store::request fresh = d.is;
      fresh.is = state::pending;
      auto number = store_->add_request(fresh);
      d.invalid = !number && number.error() == store::error::invalid;
      if (!number && !d.invalid) return std::unexpected(number.error());
      if (d.invalid) continue;
      d.is.number = *number;
    }
    for (size_t i = d.known_approvals; i < d.is.approvals.size() && !d.invalid; ++i) {
      auto done = store_->add_approval(d.is.number, d.is.approvals[i]);
      d.invalid = !done && done.error() == store::error::invalid;
      if (!done && !d.invalid) return done;
    }
  }
  return {};
}

// After the grants: what is granted names its grant.
std::expected<void, store::error> core::end_drafts(const std::vector<opening>& opens) {
  for (const opening& o : opens) {
    if (o.of == no_draft) continue;
    draft& d = drafts_[o.of];
    if (d.invalid) continue;
    d.is.grant = o.record.number;
    d.is.ended_by = d.is.approvals.empty() ? "policy" : d.is.approvals.back().person;
    if (!o.invalid) continue;
    d.opens = false;
    d.is.is = state::denied;
    d.is.grant = 0;
    d.is.ended_by = "grantd";
    d.is.ended_reason = "the store's own rules refuse this grant";
  }
  for (draft& d : drafts_) {
    if (d.invalid || d.is.is == state::pending) continue;
    auto done =
        store_->end_request(d.is.number, d.is.is, d.is.ended_by, d.is.ended_reason, d.is.grant, time_.utc());
    if (!done && store::is_over(done.error())) {
      d.invalid = true;
    } else if (!done) {
      return done;
    }
  }
  return {};
}

void core::refuse_drafts(const reply& why, std::vector<finished>& out) {
  look_again_ = true;  // what it ends is ended in the next turn that can write
  for (const draft& d : drafts_) {
    for (ticket t : d.waiting) out.push_back({t, why});
  }
  drafts_.clear();
}

void core::forget_if_over(uint64_t number) {
  auto known = store_->find_request(number);
  if (known && known->is != state::pending) pending_.remove(number);
}

// The store has them.
void core::settle_drafts(const std::vector<opening>& opens, std::vector<finished>& out) {
  std::vector<uint64_t> granted(drafts_.size(), 0);
  for (const opening& o : opens) {
    if (o.of != no_draft && !o.invalid) granted[o.of] = o.record.number;
  }
  const policy::policy* p = roster_.policy();
  for (size_t i = 0; i < drafts_.size(); ++i) {
    draft& d = drafts_[i];
    if (d.invalid) {
      if (!d.is_new) forget_if_over(d.is.number);
      for (ticket t : d.waiting)
        out.push_back({t, invalid_parameter("id", "the store's own rules refuse this")});
      continue;
    }
    if (d.is.is == state::pending) {
      pending_.put(d.is, time_.utc(), time_.boot());
    } else {
      pending_.remove(d.is.number);
    }
    const pending_request* waits = pending_.find(d.is.number);
    const json::value object = describe(d.is, time_, waits != nullptr ? waits->lapses : time_.boot(),
                                        people_of(roster_, locks_, d.is, time_));
    const policy::rule* rule = rule_of(p, d.is);
    std::vector<std::string> also;
    if (rule != nullptr) also.assign(rule->approvers.begin(), rule->approvers.end());
    if (rule != nullptr && d.is.break_glass) also.assign(rule->notify.begin(), rule->notify.end());
    for (const std::string& name : d.events) {
      events_.push_back({.name = name, .person = d.is.person, .request = object, .also = also});
      say_recorded(level::notice, fmt::format("{}: {}{}{}", word_of(d.is), name,
                                              d.is.ended_reason.empty() ? "" : ", ", d.is.ended_reason));
    }
    reply answer;
    answer.parameters.set("request", object);
    if (std::string w = waits == nullptr ? std::string() : lock_warning(d.is); !w.empty())
      answer.parameters.set("warning", std::move(w));
    if (const open_grant* g = granted[i] == 0 ? nullptr : windows_.find(granted[i])) {
      json::value grant = describe(pool_, time_, *g);
      if (d.is.break_glass) {
        say(level::alert, fmt::format("BREAK-GLASS: {} opened {} by {}: {}", d.is.person, d.is.resource,
                                      id_of(granted[i]), d.is.reason));
      }
      events_.push_back(
          {.name = "granted", .person = d.is.person, .grant = grant, .request = object, .also = also});
      answer = opened(*g, std::move(grant), object);
    }
    for (ticket t : d.waiting) out.push_back({t, answer});
  }
  drafts_.clear();
}

}  // namespace grantd::daemon
