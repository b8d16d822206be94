// SPDX-License-Identifier: Apache-2.0
// Handlers that change requests: Request, Approve, Deny, Cancel, Review. They read what was given, then hand
// over to the batch, which decides.
#include <limits>

#include "base/ident.h"
#include "base/names.h"
#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/request_listing.h"
#include "proof/sshsig.h"

namespace grantd::daemon::handlers {
namespace {

constexpr size_t max_reason = 500;
constexpr int64_t most_us = int64_t{366} * 86400 * base::us_per_s;

// A relay carries words about what it may ask for, and about nothing else.
bool within_reach(request& r, uint64_t number) {
  if (r.by.relay == nullptr) return true;
  auto q = request_of(r, number);
  return q && r.by.concerns(q->person, q->resource);
}

// What all words about a request have in common. Nothing, and `bad` set, when the parameters are wrong.
std::optional<word> read_word(request& r, word::kind what, std::optional<reply>& bad) {
  word w{.what = what, .from = r.to};
  std::string id = r.given.required("id");
  if (what == word::kind::approve) {
    w.for_us = r.given.integer("for_us", base::us_per_s, most_us);
    w.signature = r.given.lines("signature", proof::max_armour).value_or("");
  }
  if (what == word::kind::deny) w.reason = r.given.text("reason", max_reason).value_or("");
  bad = r.given.fault();
  if (bad) return std::nullopt;
  auto number = base::parse_id('r', id);
  if (!number) {
    bad = no_request_id(id);
    return std::nullopt;
  }
  if (!within_reach(r, *number)) {
    bad = refusal("NoSuchRequest", "there is no request " + id + " that you may see", "grantctl requests");
    return std::nullopt;
  }
  w.request = *number;
  w.person = r.by.person;
  w.by = r.by.carrier();
  w.relayed = r.by.relay != nullptr;
  w.may_see = r.by.may_see;
  w.may_grant = r.by.may_grant;
  return w;
}

answer submit_word(request& r, word::kind what) {
  std::optional<reply> bad;
  auto w = read_word(r, what, bad);
  if (!w) return bad;
  r.in.submit(std::move(*w));
  return std::nullopt;
}

}  // namespace

answer request_window(request& r) {
  ask a;
  a.from = r.to;
  auto resource = r.given.text("resource");
  auto extends = r.given.text("extends");
  a.for_us = r.given.integer("for_us", base::us_per_s, most_us);
  a.from_us = r.given.integer("from_us", 0, std::numeric_limits<int64_t>::max() / 4);
  a.until_us = r.given.integer("until_us", 0, std::numeric_limits<int64_t>::max() / 4);
  a.reason = r.given.text("reason", max_reason).value_or("");
  a.role = r.given.text("role", base::max_name).value_or("");
  a.read_write = r.given.flag("read_write");
  a.break_glass = r.given.flag("break_glass");
  if (auto bad = r.given.fault()) return bad;
  if (a.for_us && *a.for_us % base::us_per_s != 0)
    return invalid_parameter("for_us", "\"for_us\" is not a whole number of seconds");
  if (a.for_us && a.until_us) return invalid_parameter("until_us", "give one of for_us and until_us");
  if (resource.has_value() == extends.has_value())
    return invalid_parameter("resource", "give exactly one of resource and extends");
  if (r.by.person.empty()) {
    return refusal("NotAllowed", "grantctl request is for people of the policy, and you are none",
                   "grantctl people");
  }
  if (extends) {
    auto number = base::parse_id('g', *extends);
    if (!number) return no_grant_id("extends", *extends);
    if (a.from_us || a.until_us || a.read_write || a.break_glass || !a.role.empty())
      return invalid_parameter("extends",
                               "an extension asks for what the grant opened: only how long and why");
    // A relay learns nothing of a grant that is not its to carry.
    const open_grant* g = r.in.grants().find(*number);
    if (r.by.relay != nullptr &&
        (g == nullptr || !r.by.concerns(r.in.names().text(g->person), r.in.names().text(g->resource))))
      return no_open_grant_of_yours(id_of(*number));
    a.extends = *number;
  } else {
    a.resource = *resource;
  }
  a.person = r.by.person;
  a.by = r.by.by();
  if (r.by.relay != nullptr) a.relay = r.by.relay->name;
  r.in.submit(std::move(a));
  return std::nullopt;
}

answer approve(request& r) { return submit_word(r, word::kind::approve); }
answer deny(request& r) { return submit_word(r, word::kind::deny); }

answer cancel(request& r) { return submit_word(r, word::kind::cancel); }

answer review(request& r) {
  std::string id = r.given.required("id");
  review_request v{.from = r.to, .note = r.given.text("note", max_reason).value_or("")};
  if (auto bad = r.given.fault()) return bad;
  auto number = base::parse_id('g', id);
  if (!number) return no_grant_id("id", id);
  v.grant = *number;
  v.by = r.by.name();
  r.in.submit(std::move(v));
  return std::nullopt;
}

}  // namespace grantd::daemon::handlers
