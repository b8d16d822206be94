// SPDX-License-Identifier: Apache-2.0
// News: what was recorded since a relay last looked, as far as it may ask for it. It shows no record of
// anything else, and changes nothing.
#include <algorithm>
#include <charconv>
#include <limits>

#include "daemon/answers.h"
#include "daemon/dispatch.h"
#include "daemon/request_listing.h"

namespace grantd::daemon::handlers {
namespace {

constexpr int64_t most_records = 200;
constexpr std::string_view told[] = {"grant",   "revoke",  "give-back", "expire", "review",
                                     "request", "approve", "deny",      "cancel", "lapse"};

std::string_view field_of(const store::audit_row& row, std::string_view key) {
  auto at = std::ranges::find(row.fields, key, [](const auto& f) { return std::string_view(f.first); });
  return at == row.fields.end() ? std::string_view{} : std::string_view(at->second);
}

uint64_t number_of(const store::audit_row& row, std::string_view key) {
  std::string_view text = field_of(row, key);
  uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string text_of(const json::value& object, std::string_view key) {
  const json::value* v = object.members() == nullptr ? nullptr : object.find(key);
  return v == nullptr || v->text() == nullptr ? std::string() : *v->text();
}

// Null: the relay may not hear of it, or there is nothing to tell.
json::value told_of(const request& r, const store::audit_row& row) {
  if (std::ranges::find(told, row.event) == std::end(told)) return {};
  json::value grant;
  json::value asked;
  if (uint64_t number = number_of(row, "grant"); number != 0) grant = described_grant(r, number);
  if (uint64_t number = number_of(row, "request"); number != 0) {
    auto q = request_of(r, number);
    if (q && (row.event != "request" || q->needs != 0)) asked = described(r, *q);
  }
  if (row.event == "request" && asked.members() == nullptr) return {};  // it opened at once: a grant tells it
  const json::value& of = grant.members() != nullptr ? grant : asked;
  const std::string person = text_of(of, "person");
  const std::string resource = text_of(of, "resource");
  if (person.empty() || !r.by.concerns(person, resource)) return {};
  json::value v;
  v.set("sequence", row.sequence);
  v.set("at_us", row.at.us);
  v.set("event", row.event);
  v.set("person", person);
  v.set("resource", resource);
  const std::string_view by = row.event == "approve" ? field_of(row, "person") : field_of(row, "by");
  if (!by.empty()) v.set("by", by);
  if (std::string_view reason = field_of(row, "reason"); !reason.empty()) v.set("reason", reason);
  if (const policy::person* p = r.in.people().policy()->find_person(person);
      p != nullptr && !p->email.empty())
    v.set("email", p->email);
  if (grant.members() != nullptr) v.set("grant", std::move(grant));
  if (asked.members() != nullptr) v.set("request", std::move(asked));
  return v;
}

}  // namespace

answer news(request& r) {
  auto after = r.given.integer("after", 0, std::numeric_limits<int64_t>::max());
  auto limit = static_cast<size_t>(r.given.integer("limit", 1, most_records).value_or(most_records));
  if (auto bad = r.given.fault()) return bad;
  const uint64_t newest = r.in.truth().sequence();
  json::value events{json::value::array{}};
  // Without a position, or with one of another store, it begins with what comes.
  uint64_t last = newest;
  if (after && static_cast<uint64_t>(*after) <= newest) {
    last = static_cast<uint64_t>(*after);
    r.in.refresh_clock();
    auto rows = r.in.truth().audit(last, limit);
    if (!rows) return refusal("Locked", "the audit cannot be read", "grantctl store");
    for (const store::audit_row& row : *rows) {
      json::value one = told_of(r, row);
      if (one.members() != nullptr) events.push(std::move(one));
      last = row.sequence;
    }
  }
  reply done;
  done.parameters.set("events", std::move(events));
  done.parameters.set("last", last);
  done.parameters.set("newest", newest);
  return done;
}

}  // namespace grantd::daemon::handlers
