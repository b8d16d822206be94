// SPDX-License-Identifier: Apache-2.0
// Handlers that show requests: Requests, ShowRequest, ApprovalText. They change nothing.
#include "daemon/request_listing.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "base/ident.h"
#include "daemon/answers.h"
#include "daemon/approval.h"
#include "daemon/troubles.h"

namespace grantd::daemon {
namespace {

constexpr int64_t most_listed = 1000;

// One's own, those one may approve or sign off, and all with the right to see.
bool may_look(const request& r, const store::request& q) {
  if (!r.by.concerns(q.person, q.resource)) return false;
  if (r.by.is_relay_itself()) return true;
  if (r.by.may_ask_about(q.person)) return true;
  const policy::rule* rule = rule_of(r.in.people().policy(), q);
  return rule != nullptr && (rule->approvers.contains(r.by.person) || rule->notify.contains(r.by.person));
}

reply unreadable(const request& r) {
  return refusal("Locked", "the store cannot be read: " + locked_trouble(r), "grantctl store");
}

reply no_request(const std::string& id) {
  return refusal("NoSuchRequest", "there is no request " + id + " that you may see",
                 "grantctl requests --all");
}

// By id: memory knows better than the store while one is pending.
std::expected<store::request, reply> look_up(request& r, const std::string& id) {
  auto number = base::parse_id('r', id);
  if (!number) return std::unexpected(no_request_id(id));
  if (const pending_request* w = r.in.pending().find(*number)) {
    if (may_look(r, w->is)) return w->is;
    return std::unexpected(no_request(id));
  }
  auto over = r.in.truth().find_request(*number);
  if (!over && over.error() != store::error::not_found) return std::unexpected(unreadable(r));
  if (!over || !may_look(r, *over)) return std::unexpected(no_request(id));
  return std::move(*over);
}

base::boot_time lapses(const request& r, const store::request& q) {
  const pending_request* w = r.in.pending().find(q.number);
  return w == nullptr ? r.in.time().boot() : w->lapses;
}

}  // namespace

json::value described(const request& r, const store::request& q) {
  json::value v =
      describe(q, r.in.time(), lapses(r, q), people_of(r.in.people(), r.in.locks(), q, r.in.time()));
  if (q.grant == 0) return v;
  if (auto how = r.in.how_ended(q.grant)) v.set("grant_ended", state_word(*how));
  return v;
}

std::optional<store::request> request_of(const request& r, uint64_t number) {
  if (const pending_request* w = r.in.pending().find(number)) return w->is;
  auto over = r.in.truth().find_request(number);
  return over ? std::optional(std::move(*over)) : std::nullopt;
}

bool waits_for(const request& r, const store::request& q) {
  return may_still_approve(r.in.people(), r.in.locks(), q, r.by.person, r.in.time());
}

namespace handlers {

answer requests(request& r) {
  auto person = r.given.text("person");
  auto resource = r.given.text("resource");
  bool all = r.given.flag("all");
  bool mine_to_approve = r.given.flag("mine_to_approve");
  auto limit = static_cast<size_t>(r.given.integer("limit", 1, most_listed).value_or(most_listed));
  if (auto bad = r.given.fault()) return bad;
  const policy::policy* p = r.in.people().policy();
  if (person && p != nullptr) {
    if (const policy::person* known = p->find_person(*person)) person = known->name;
  }
  r.in.refresh_clock();
  json::value list{json::value::array{}};
  size_t found = 0;
  auto take = [&](const store::request& q) {
    if (found >= limit || (person && q.person != *person) || (resource && q.resource != *resource)) return;
    if (!may_look(r, q) || (mine_to_approve && !waits_for(r, q))) return;
    list.push(described(r, q));
    ++found;
  };
  if (all) {
    // One's own first: other people's must not push them out of what is read.
    std::vector<store::request> rows;
    std::vector<std::string> whose = {person.value_or("")};
    if (!person && !r.by.may_see && !r.by.person.empty()) whose.insert(whose.begin(), r.by.person);
    for (const std::string& name : whose) {
      auto some = r.in.truth().requests(
          {.person = name, .resource = resource.value_or(""), .pending_only = false, .limit = most_listed});
      if (!some) return unreadable(r);
      for (store::request& q : *some) {
        if (name.empty() && whose.size() > 1 && q.person == r.by.person) continue;
        rows.push_back(std::move(q));
      }
    }
    std::ranges::stable_sort(rows, std::greater<>{}, &store::request::number);
    for (const store::request& q : rows) take(q);
  } else {
    const auto& pending = r.in.pending().all();
    for (auto at = pending.rbegin(); at != pending.rend(); ++at) take(at->second.is);
  }
  reply done;
  done.parameters.set("requests", std::move(list));
  return done;
}

answer show_request(request& r) {
  std::string id = r.given.required("id");
  if (auto bad = r.given.fault()) return bad;
  r.in.refresh_clock();
  auto q = look_up(r, id);
  if (!q) return std::move(q.error());
  json::value object = described(r, *q);
  json::value approvals{json::value::array{}};
  for (const store::approval& a : q->approvals) {
    json::value v;
    v.set("person", a.person);
    v.set("at_us", a.at.us);
    v.set("for_us", a.for_us);
    if (!a.signature.empty()) {
      v.set("key", a.key);
      v.set("signature", a.signature);
    }
    v.set("text", a.text);
    approvals.push(std::move(v));
  }
  object.set("approvals", std::move(approvals));
  reply done;
  done.parameters.set("request", std::move(object));
  return done;
}

answer approval_text(request& r) {
  std::string id = r.given.required("id");
  auto for_us = r.given.integer("for_us", base::us_per_s, int64_t{366} * 86400 * base::us_per_s);
  if (auto bad = r.given.fault()) return bad;
  auto q = look_up(r, id);
  if (!q) return std::move(q.error());
  if (q->is != store::request::state::pending) {
    return refusal("NotPending", fmt::format("request {} is {} already", id, state_word(q->is)),
                   "grantctl show " + id);
  }
  if (for_us && (*for_us > q->for_us || *for_us % base::us_per_s != 0))
    return invalid_parameter("for_us", "an approval may shorten what was asked for, in whole seconds");
  auto text = text_to_sign(*q, for_us.value_or(q->for_us), r.in.truth().uuid());
  if (!text) return refusal("BadSignature", "what " + id + " asks for cannot be signed");
  const policy::rule* rule = rule_of(r.in.people().policy(), *q);
  reply done;
  done.parameters.set("text", std::move(*text));
  done.parameters.set("signed", q->is_signed || rule == nullptr || rule->is_signed);
  json::value keys{json::value::array{}};
  if (!r.by.person.empty()) {
    for (const std::string& line : r.in.people().keys_of(r.by.person, r.in.time().utc())) keys.push(line);
  }
  done.parameters.set("keys", std::move(keys));
  if (rule != nullptr) {
    if (std::string no = objection_to_approver(*rule, r.by.person, *q); !no.empty())
      done.parameters.set("not_yours", std::move(no));
  }
  return done;
}

}  // namespace handlers
}  // namespace grantd::daemon
