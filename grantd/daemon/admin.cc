// SPDX-License-Identifier: Apache-2.0
// Handlers about grantd itself: Clock, AcceptClock, Store, UnlockStore, Audit, Seen.
#include <fmt/core.h>

#include <limits>

#include "daemon/dispatch.h"
#include "daemon/seen_log.h"
#include "daemon/troubles.h"

namespace grantd::daemon::handlers {
namespace {

reply clock_state(request& r) {
  r.in.refresh_clock();
  const timekeeper& t = r.in.time();
  reply done;
  done.parameters.set("utc_us", t.utc().us);
  done.parameters.set("high_water_us", t.mark().us);
  done.parameters.set("synchronised", t.synchronised());
  done.parameters.set("behind", t.behind());
  done.parameters.set("offset_us", t.offset_us());
  return done;
}

// A key that stands more than once (a scope each) becomes one text.
json::value fields_object(const std::vector<std::pair<std::string, std::string>>& all) {
  std::vector<std::pair<std::string, std::string>> merged;
  for (const auto& [key, text] : all) {
    if (!merged.empty() && merged.back().first == key) {
      merged.back().second += "; " + text;
    } else {
      merged.emplace_back(key, text);
    }
  }
  json::value fields{json::value::object{}};
  for (auto& [key, text] : merged) {
    if (fields.find(key) == nullptr) fields.set(key, std::move(text));
  }
  return fields;
}

reply store_now(request& r) {
  reply done;
  json::value now = r.in.store_state();
  for (const auto& [key, v] : *now.members()) {
    done.parameters.set(key, key == "locked" ? json::value(locked_trouble(r)) : v);
  }
  return done;
}

}  // namespace

answer clock(request& r) {
  if (auto bad = r.given.fault()) return bad;
  return clock_state(r);
}

answer accept_clock(request& r) {
  if (auto bad = r.given.fault()) return bad;
  reply done = r.in.accept_clock(r.by.name());
  return done.ok() ? clock_state(r) : done;
}

answer store_state(request& r) {
  if (auto bad = r.given.fault()) return bad;
  return store_now(r);
}

answer unlock_store(request& r) {
  if (auto bad = r.given.fault()) return bad;
  r.in.submit(unlock_request{r.to, r.by.name()});
  return std::nullopt;
}

answer audit(request& r) {
  auto after = r.given.integer("after", 0, std::numeric_limits<int64_t>::max()).value_or(0);
  auto limit = r.given.integer("limit", 1, 1000).value_or(1000);
  if (auto bad = r.given.fault()) return bad;
  auto rows = r.in.truth().audit(static_cast<uint64_t>(after), static_cast<size_t>(limit));
  if (!rows)
    return refusal("Locked", "the store cannot be read: " + r.in.truth().locked_text(), "grantctl store");
  json::value records{json::value::array{}};
  for (const store::audit_row& row : *rows) {
    json::value v;
    v.set("sequence", row.sequence);
    v.set("at_us", row.at.us);
    v.set("event", row.event);
    v.set("fields", fields_object(row.fields));
    std::string hex;
    for (uint8_t b : row.chained) hex += fmt::format("{:02x}", b);
    v.set("chained", std::move(hex));
    records.push(std::move(v));
  }
  reply done;
  done.parameters.set("records", std::move(records));
  return done;
}

answer seen(request& r) {
  auto limit = r.given.integer("limit", 1, static_cast<int64_t>(max_seen)).value_or(max_seen);
  if (auto bad = r.given.fault()) return bad;
  reply done;
  done.parameters.set("events", r.seen.newest(static_cast<size_t>(limit)));
  done.parameters.set("dropped", r.seen.dropped());
  return done;
}

}  // namespace grantd::daemon::handlers
