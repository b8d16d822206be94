// SPDX-License-Identifier: Apache-2.0
// Words about pending requests: approvals, denials, cancellations. An approval counts by who gave it, never
// by who carried it; whatever is unclear about it, it does not count.
#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "daemon/answers.h"
#include "daemon/approval.h"
#include "daemon/core.h"
#include "daemon/losses.h"
#include "policy/rules.h"
#include "proof/sshsig.h"

namespace grantd::daemon {
namespace {

using state = store::request::state;

reply no_request(uint64_t number) {
  return refusal("NoSuchRequest", fmt::format("there is no request {}", request_id_of(number)),
                 "grantctl requests");
}

reply not_approver(std::string message) {
  return refusal("NotApprover", std::move(message), "grantctl requests");
}

reply bad_signature(std::string message, uint64_t number) {
  return refusal("BadSignature", std::move(message), "grantctl approve " + request_id_of(number));
}

}  // namespace

void core::resolve_words(std::vector<opening>& opens, std::vector<finished>& out) {
  for (const word& w : std::exchange(words_, {})) {
    auto done = take_word(w, opens);
    if (done) continue;
    const reply& why = done.error();
    // Somebody may be trying keys: it is seen, though not at any length.
    if ((why.error.ends_with("BadSignature") || why.error.ends_with("NotApprover")) &&
        tried_.take(time_.boot())) {
      say(level::warning,
          fmt::format("{}: an approval brought by {} was refused: {}", request_id_of(w.request),
                      w.person.empty() ? "root" : w.person, *why.parameters.find("message")->text()));
    }
    out.push_back({w.from, std::move(done.error())});
  }
}

std::expected<void, reply> core::take_word(const word& w, std::vector<opening>& opens) {
  if (store_->locked() != store::lock_reason::none || unread_) {
    return std::unexpected(
        refusal("Locked", "the store is locked: requests cannot be changed", "grantctl store"));
  }
  const pending_request* known = pending_.find(w.request);
  // Who may not see it learns nothing of it; who carries a signature is told what is wrong with that.
  auto concerns = [&](const store::request& r) {
    const policy::rule* rule = rule_of(roster_.policy(), r);
    return w.may_see || w.person == r.person || (rule != nullptr && rule->approvers.contains(w.person));
  };
  if (known == nullptr) {
    auto over = store_->find_request(w.request);
    if (!over || (w.signature.empty() && !concerns(*over))) return std::unexpected(no_request(w.request));
    const bool sees = concerns(*over);  // else: carries a signature, and no more
    reply r = refusal("NotPending",
                      fmt::format("request {} is {} already", request_id_of(w.request), state_word(over->is)),
                      sees ? "grantctl show " + request_id_of(w.request) : "grantctl requests");
    if (sees) r.parameters.set("request", describe(*over, time_, time_.boot(), {}));
    return std::unexpected(std::move(r));
  }
  if (w.signature.empty() && !concerns(known->is)) return std::unexpected(no_request(w.request));
  draft& d = draft_of(known->is);
  if (d.is.is != state::pending) {  // somebody was first, in this very turn
    const policy::rule* by = rule_of(roster_.policy(), d.is);
    if (w.what == word::kind::approve && d.opens && by != nullptr) {
      if (auto good = approval_of(w, d.is, *by); !good) return std::unexpected(std::move(good.error()));
      if (w.from != 0) d.waiting.push_back(w.from);
      return {};
    }
    return std::unexpected(refusal(
        "NotPending", fmt::format("request {} is {} already", request_id_of(w.request), state_word(d.is.is)),
        "grantctl show " + request_id_of(w.request)));
  }
  const policy::rule* rule = rule_of(roster_.policy(), d.is);
  switch (w.what) {
    case word::kind::approve:
      return approve(w, d, opens);
    case word::kind::deny:
      if (!w.may_grant && (rule == nullptr || !policy::may_approve(*rule, w.person, d.is.person))) {
        return std::unexpected(
            not_approver(fmt::format("request {} is not yours to deny", request_id_of(w.request))));
      }
      d.is.is = state::denied;
      d.events.emplace_back("deny");
      break;
    case word::kind::cancel:
      if (w.person.empty() || w.person != d.is.person) {
        const std::string id = request_id_of(w.request);
        const bool denies =
            w.may_grant || (rule != nullptr && policy::may_approve(*rule, w.person, d.is.person));
        return std::unexpected(refusal("NotAllowed",
                                       fmt::format("{} is {}'s: nobody else cancels it", id, d.is.person),
                                       (denies ? "grantctl deny " : "grantctl show ") + id));
      }
      d.is.is = state::cancelled;
      d.events.emplace_back("cancel");
      break;
  }
  d.is.ended = time_.utc();
  d.is.ended_by = w.relayed ? w.by : w.person.empty() ? "root" : w.person;
  d.is.ended_reason = w.reason;
  if (w.from != 0) d.waiting.push_back(w.from);
  return {};
}

std::string core::help_with_key(const std::string& approver, const std::string& id) const {
  if (approver.empty()) return "grantctl approve " + id;
  if (!roster_.keys_of(approver, time_.utc()).empty())
    return fmt::format("grantctl approve {} --key FILE", id);
  return fmt::format("add it to keys under [person.{}] in {}, then: grantctl policy reload", approver,
                     settings_.policy_file);
}

std::expected<store::approval, reply> core::approval_of(const word& w, const store::request& r,
                                                        const policy::rule& rule) const {
  const std::string id = request_id_of(r.number);
  store::approval a;
  a.at = time_.utc();
  a.for_us = w.for_us.value_or(r.for_us);
  if (a.for_us < base::us_per_s || a.for_us > r.for_us) {
    reply no = refusal("TooLong",
                       fmt::format("{} was asked for {}: an approval may shorten that, never lengthen it", id,
                                   base::print_duration(r.for_us).view()),
                       "grantctl approve " + id);
    no.parameters.set("max_us", r.for_us);
    return std::unexpected(std::move(no));
  }
  auto text = text_to_sign(r, a.for_us, store_->uuid());
  if (!text) return std::unexpected(bad_signature("what " + id + " asks for cannot be signed", r.number));
  a.text = std::move(*text);
  a.person = w.person;
  a.by = w.by;
  if (!w.signature.empty()) {
    auto by = proof::verify_sshsig(w.signature, proof::approval_namespace, a.text);
    if (!by) {
      std::string why = by.error() == proof::signature_fault::mismatch
                            ? fmt::format("is not one over what {} asks for, for that long, on this host", id)
                            : std::string(proof::words(by.error()));
      return std::unexpected(bad_signature("the signature " + why, r.number));
    }
    a.person = roster_.owner_of_key(by->blob, time_.utc());
    if (a.person.empty()) {
      const std::string approver = policy::may_approve(rule, w.person, r.person) ? w.person : std::string();
      return std::unexpected(refusal("BadSignature",
                                     objection_to_key(roster_, by->blob, approver, time_.utc()),
                                     help_with_key(approver, id)));
    }
    a.key = roster_.line_of_key(by->blob);
    a.signature = w.signature;
  } else if (r.is_signed || rule.is_signed) {
    return std::unexpected(
        bad_signature(fmt::format("{} is approved by a signature of one's own ssh key", id), r.number));
  }
  if (std::string no = objection_to_approver(rule, a.person, r); !no.empty())
    return std::unexpected(not_approver(std::move(no)));
  if (locks_.of_person(a.person, time_.boot())) {
    return std::unexpected(not_approver(fmt::format("{} is locked, and approves nothing", a.person)));
  }
  return a;
}

// Hours and deny rules hold for the beginning of the window, which an approval makes now; and what is
// extended must not have been taken away meanwhile.
std::expected<void, reply> core::may_begin(const store::request& r, const policy::rule& rule) const {
  const std::string id = request_id_of(r.number);
  const base::utc_time start = r.start ? std::max(*r.start, time_.utc()) : time_.utc();
  switch (policy::objection_to_start(*roster_.policy(), rule, r.person, r.resource, r.read_write, start)) {
    case policy::objection::denied:
      return std::unexpected(
          refusal("Denied", fmt::format("a deny rule forbids what {} asks for", id), "grantctl show " + id));
    case policy::objection::none:
      break;
    default:
      return std::unexpected(refusal("OutsideHours",
                                     fmt::format("rule {} lets no window begin now", rule.name),
                                     fmt::format("grantctl approve {}, within its hours", id)));
  }
  const auto how = taken_away(r);
  if (!how) return {};
  return std::unexpected(refusal("NoRule", fmt::format("{}: {}", id, taken_away_text(r, *how)),
                                 fmt::format("grantctl deny {}", id)));
}

std::optional<store::state> core::how_ended(uint64_t grant) const {
  if (windows_.find(grant) != nullptr) return {};
  if (const ended_grant* ended = windows_.find_ended(grant)) return ended->how;
  auto stored = store_->find(grant);
  return stored && stored->state != store::state::open ? std::optional(stored->state) : std::nullopt;
}

std::optional<store::state> core::taken_away(const store::request& r) const {
  if (r.extends == 0 || windows_.find(r.extends) != nullptr) return {};
  const store::state how = how_ended(r.extends).value_or(store::state::revoked);
  return how == store::state::expired ? std::nullopt : std::optional(how);
}

std::expected<void, reply> core::approve(const word& w, draft& d, std::vector<opening>& opens) {
  if (auto no = nothing_opens()) return std::unexpected(std::move(*no));
  const policy::policy& p = *roster_.policy();
  const std::string id = request_id_of(d.is.number);
  const policy::rule* rule = rule_of(&p, d.is);
  auto no_longer = [&](std::string_view what) {
    return std::unexpected(refusal("NoRule",
                                   fmt::format("the policy no longer {} what {} asks for", what, id),
                                   "grantctl request " + d.is.resource));
  };
  if (rule == nullptr ||
      !policy::rule_gives(p, *rule, d.is.person, d.is.resource, d.is.read_write, d.is.break_glass))
    return no_longer("has the rule for");
  auto a = approval_of(w, d.is, *rule);
  if (!a) return std::unexpected(std::move(a.error()));
  auto before = std::ranges::find(d.is.approvals, a->person, &store::approval::person);
  const bool again = before != d.is.approvals.end();  // no second one, but enough may count by now
  if (again) {
    const auto counting = that_count(d.is, *rule, roster_, time_.utc());
    if (before->for_us != a->for_us || std::ranges::find(counting, &*before) == counting.end()) {
      return std::unexpected(refusal(
          "AlreadyApproved",
          fmt::format(
              "{} has approved {} already, otherwise than now; an approval is not taken back or changed",
              a->person, id),
          fmt::format("grantctl deny {} --reason 'ask again'", id)));
    }
  } else {
    d.is.approvals.push_back(std::move(*a));
  }
  auto counted = that_count(d.is, *rule, roster_, locks_, time_);
  if (counted.size() >= needs_of(d.is, *rule)) {
    const policy::person* person = p.find_person(d.is.person);
    const policy::resource* resource = p.find_resource(d.is.resource);
    bool still =
        person != nullptr && resource != nullptr &&
        gives_all(pool_, pool_.put(policy::scopes_of(*person, *resource, d.is.read_write, d.is.role)),
                  pool_.put(d.is.scopes));
    int64_t length = d.is.for_us;
    for (const store::approval* one : counted) length = std::min(length, one->for_us);
    length = std::min(
        {length, rule->max_us == 0 ? length : rule->max_us, resource == nullptr ? length : resource->max_us});
    auto opened = still ? may_begin(d.is, *rule) : no_longer("gives");
    if (opened) opened = open_for(d, length, opens);
    if (!opened) {
      if (!again) d.is.approvals.pop_back();
      return opened;
    }
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (&drafts_[i] == &d) opens.back().of = i;
    }
  }
  if (!again) d.events.emplace_back("approve");
  if (w.from != 0) d.waiting.push_back(w.from);
  return {};
}

}  // namespace grantd::daemon
