// SPDX-License-Identifier: Apache-2.0
// Requests: made, approved, ended once. Each change writes its audit record beside it.
#include "store/blob.h"
#include "store/impl.h"
#include "store/schema.h"

namespace grantd::store {
namespace {

std::optional<int64_t> or_null(uint64_t number) {
  return number == 0 ? std::nullopt : std::optional(static_cast<int64_t>(number));
}

constexpr std::string_view event_of(request::state how) {
  switch (how) {
    case request::state::granted:
      return "granted";
    case request::state::denied:
      return "deny";
    case request::state::cancelled:
      return "cancel";
    case request::state::lapsed:
      return "lapse";
    case request::state::pending:
      break;
  }
  return {};
}

constexpr std::string_view yes_or_no(bool is) { return is ? "yes" : "no"; }

}  // namespace

uint64_t store::impl::requests() const {
  return now.highest_request - static_cast<uint64_t>(first_request_number - 1) - now.requests_skipped;
}

int store::impl::skip_requests(uint64_t count) {
  if (count == 0) return SQLITE_OK;
  int rc = query(db, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'requests'")
               .bind(static_cast<int64_t>(now.highest_request + count))
               .run();
  if (rc == SQLITE_OK)
    rc = query(db, "UPDATE meta SET requests_skipped = ?")
             .bind(static_cast<int64_t>(now.requests_skipped + count))
             .run();
  if (rc != SQLITE_OK) return rc;
  now.highest_request += count;
  now.requests_skipped += count;
  return SQLITE_OK;
}

store::impl::result store::impl::insert(const request& r, uint64_t* number) {
  auto scopes = encode_scopes(r.scopes);
  if (!scopes || r.is != request::state::pending || !r.approvals.empty() || r.extends > INT64_MAX)
    return std::unexpected(error::invalid);
  *number = now.highest_request + 1;
  int rc = query(db,
                 "INSERT INTO requests(number, person, resource, role, reason, read_write, break_glass, "
                 "first_use, is_signed, needs, for_us, start_us, extends, rule, made_by, made_us, lapses_us, "
                 "scopes, until_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
               .bind(static_cast<int64_t>(*number))
               .bind(r.person)
               .bind(r.resource)
               .bind(r.role)
               .bind(r.reason)
               .bind(static_cast<int64_t>(r.read_write))
               .bind(static_cast<int64_t>(r.break_glass))
               .bind(static_cast<int64_t>(r.first_use))
               .bind(static_cast<int64_t>(r.is_signed))
               .bind(static_cast<int64_t>(r.needs))
               .bind(r.for_us)
               .bind(r.start ? std::optional(r.start->us) : std::nullopt)
               .bind(or_null(r.extends))
               .bind(r.rule)
               .bind(r.made_by)
               .bind(r.made.us)
               .bind(r.lapses.us)
               .bind(std::span<const uint8_t>(*scopes))
               .bind(r.until ? std::optional(r.until->us) : std::nullopt)
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  std::string id = std::to_string(*number);
  std::string length = std::to_string(r.for_us);
  std::string start = r.start ? std::to_string(r.start->us) : "";
  std::string until = r.until ? std::to_string(r.until->us) : "";
  std::string extends = std::to_string(r.extends);
  std::string needs = std::to_string(r.needs);
  std::string lapses = std::to_string(r.lapses.us);
  std::vector<std::string> printed;
  printed.reserve(r.scopes.size());
  std::vector<field> fields = {{"request", id}, {"person", r.person}, {"resource", r.resource}};
  if (!r.role.empty()) fields.emplace_back("role", r.role);
  fields.emplace_back("access", r.read_write ? "read-write" : "read-only");
  if (r.break_glass) fields.emplace_back("break_glass", "yes");
  fields.emplace_back("for_us", length);
  if (r.start) fields.emplace_back("start_us", start);
  if (r.until) fields.emplace_back("until_us", until);
  if (r.first_use) fields.emplace_back("first_use", "yes");
  if (r.extends != 0) fields.emplace_back("extends", extends);
  fields.insert(fields.end(), {{"rule", r.rule},
                               {"needs", needs},
                               {"signed", yes_or_no(r.is_signed)},
                               {"lapses_us", lapses},
                               {"by", r.made_by},
                               {"reason", r.reason}});
  for (const policy::scope& s : r.scopes) fields.emplace_back("scope", printed.emplace_back(print_scope(s)));
  result done = record(r.made, "request", fields);
  if (done) now.highest_request = *number;
  return done;
}

// Why a request could not be changed as a pending one.
error store::impl::request_exists(uint64_t number) {
  query q(db, "SELECT 1 FROM requests WHERE number = ?");
  int rc = q.bind(static_cast<int64_t>(number)).step();
  if (rc == SQLITE_DONE) return error::not_found;
  return rc == SQLITE_ROW ? error::not_open : fault(rc);
}

store::impl::result store::impl::approve(uint64_t number, const approval& a) {
  {
    query q(db, "SELECT state FROM requests WHERE number = ?");
    int rc = q.bind(static_cast<int64_t>(number)).step();
    if (rc == SQLITE_DONE) return std::unexpected(error::not_found);
    if (rc != SQLITE_ROW) return std::unexpected(fault(rc));
    if (q.integer(0) != 0) return std::unexpected(error::not_open);
  }
  int rc = query(db,
                 "INSERT INTO approvals(request, person, at_us, for_us, public_key, signature, signed_text) "
                 "VALUES(?, ?, ?, ?, ?, ?, ?)")
               .bind(static_cast<int64_t>(number))
               .bind(a.person)
               .bind(a.at.us)
               .bind(a.for_us)
               .bind(a.key)
               .bind(a.signature)
               .bind(a.text)
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  std::string id = std::to_string(number);
  std::string length = std::to_string(a.for_us);
  std::vector<field> fields = {{"request", id}, {"person", a.person}, {"for_us", length}, {"text", a.text}};
  if (!a.by.empty()) fields.emplace_back("by", a.by);
  if (!a.key.empty()) fields.emplace_back("key", a.key);
  if (!a.signature.empty()) fields.emplace_back("signature", a.signature);
  return record(a.at, "approve", fields);
}

store::impl::result store::impl::end_request(uint64_t number, request::state how, std::string_view by,
                                             std::string_view reason, uint64_t grant, base::utc_time at) {
  std::string person;
  std::string resource;
  {
    query q(db,
            "UPDATE requests SET state = ?, ended_us = ?, ended_by = ?, ended_reason = ?, granted = ? "
            "WHERE number = ? AND state = 0 RETURNING person, resource");
    q.bind(static_cast<int64_t>(how))
        .bind(at.us)
        .bind(by)
        .bind(reason)
        .bind(or_null(grant))
        .bind(static_cast<int64_t>(number));
    int rc = q.step();
    if (rc == SQLITE_ROW) {
      person = q.text(0);
      resource = q.text(1);
      rc = q.step();
    } else if (rc == SQLITE_DONE) {
      return std::unexpected(request_exists(number));
    }
    if (rc != SQLITE_DONE) return std::unexpected(fault(rc));
  }
  std::string id = std::to_string(number);
  if (how == request::state::granted) {
    std::string opened = std::to_string(grant);
    const field fields[] = {{"request", id}, {"grant", opened}, {"by", by}};
    return record(at, event_of(how), fields);
  }
  const field fields[] = {
      {"request", id}, {"person", person}, {"resource", resource}, {"by", by}, {"reason", reason}};
  return record(at, event_of(how), fields);
}

std::expected<uint64_t, error> store::add_request(const request& r) {
  auto number = std::make_shared<uint64_t>(0);
  auto done = impl_->change([i = impl_.get(), r, number] { return i->insert(r, number.get()); });
  if (!done) return std::unexpected(done.error());
  return *number;
}

std::expected<void, error> store::add_approval(uint64_t request, const approval& a) {
  return impl_->change([i = impl_.get(), request, a] { return i->approve(request, a); });
}

std::expected<void, error> store::end_request(uint64_t number, request::state how, std::string_view by,
                                              std::string_view reason, uint64_t grant, base::utc_time now) {
  if (event_of(how).empty() || (how == request::state::granted) != (grant != 0))
    return std::unexpected(error::invalid);
  return impl_->change([i = impl_.get(), number, how, by = std::string(by), reason = std::string(reason),
                        grant, now] { return i->end_request(number, how, by, reason, grant, now); });
}

}  // namespace grantd::store
