// SPDX-License-Identifier: Apache-2.0
// Break-glass grants signed off: by somebody the rule names, or with the right "grant"; never by who broke
// the glass.
#include <fmt/core.h>

#include "daemon/answers.h"
#include "daemon/approval.h"
#include "daemon/core.h"

namespace grantd::daemon {
namespace {

reply already_reviewed(const store::grant& g) {
  return refusal("NotPending", fmt::format("{} was signed off by {} already", id_of(g.number), g.reviewed_by),
                 "grantctl show " + id_of(g.number));
}

}  // namespace

std::vector<core::waiting_review> core::resolve_reviews(std::vector<finished>& out) {
  std::vector<waiting_review> waiting;
  for (review_request& r : std::exchange(reviews_, {})) {
    auto no = [&](reply why) { out.push_back({r.from, std::move(why)}); };
    auto g = store_->find(r.grant);
    if (!g && g.error() != store::error::not_found) {
      no(refusal("Locked", "the store cannot be read: nothing can be signed off", "grantctl store"));
      continue;
    }
    // Before anything else is told: whose is it to sign off?
    auto asked = g ? store_->find_request(g->request) : std::unexpected(store::error::not_found);
    if (g && g->break_glass && r.by == g->person) {
      no(refusal("NotApprover", "nobody signs off their own break-glass", "grantctl list"));
      continue;
    }
    if (!g || !may_review(roster_.policy(), *g, asked ? &*asked : nullptr, r.by)) {
      no(refusal("NoSuchGrant",
                 fmt::format("{} is no break-glass grant that is yours to sign off", id_of(r.grant)),
                 "grantctl list --all"));
      continue;
    }
    if (locks_.of_person(r.by, time_.boot())) {
      no(refusal("NotApprover", fmt::format("{} is locked, and signs nothing off", r.by), "grantctl locks"));
      continue;
    }
    if (!g->reviewed_by.empty()) {
      no(already_reviewed(*g));
      continue;
    }
    bool twice = false;
    for (const review_request& other : reviewing_) twice = twice || other.grant == r.grant;
    waiting.push_back({r.from, r.grant});
    if (!twice) reviewing_.push_back(std::move(r));
  }
  return waiting;
}

std::expected<void, store::error> core::write_reviews() {
  for (const review_request& r : reviewing_) {
    auto done = store_->review(r.grant, r.by, r.note, time_.utc());
    if (!done && done.error() != store::error::invalid && !store::is_over(done.error())) return done;
  }
  return {};
}

void core::settle_reviews(const std::vector<waiting_review>& waiting, std::vector<finished>& out) {
  for (const review_request& r : std::exchange(reviewing_, {})) {
    const text_id by = pool_.put(r.by);
    windows_.each_open([&](open_grant& g) {
      if (g.number == r.grant) g.reviewed_by = by, g.reviewed_us = time_.utc().us;
    });
    say(level::notice, fmt::format("{}: break-glass signed off by {}{}{}", id_of(r.grant), r.by,
                                   r.note.empty() ? "" : ": ", r.note));
    if (auto g = store_->find(r.grant)) {
      events_.push_back(
          {.name = "review", .person = g->person, .grant = describe(*g, time_), .also = {r.by}});
    }
  }
  for (const waiting_review& w : waiting) {
    auto g = store_->find(w.grant);
    reply done;
    if (g && !g->reviewed_by.empty()) {
      done.parameters.set("grant", describe(*g, time_));
    } else {
      done = refusal("Busy", "the store's own rules refuse this review", "grantctl show " + id_of(w.grant));
    }
    out.push_back({w.to, std::move(done)});
  }
}

}  // namespace grantd::daemon
