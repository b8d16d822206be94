// SPDX-License-Identifier: Apache-2.0
// Requests and their approvals, read. Every listing goes by an index: none costs more with more history.
#include <algorithm>
#include <functional>

#include "store/blob.h"
#include "store/impl.h"

namespace grantd::store {

std::optional<request> read_request(const query& row) {
  auto scopes = decode_scopes(row.bytes(18));
  const int64_t how = row.integer(1);
  const int64_t needs = row.integer(10);
  // An index may claim `pending` for a row that has ended; the end itself stands only in the row.
  if ((how == 0) != row.null(19) || (how == 1) == row.null(22)) return std::nullopt;
  if (!scopes || how < 0 || how > 4 || needs < 0 || needs > UINT32_MAX) return std::nullopt;
  request r;
  r.number = static_cast<uint64_t>(row.integer(0));
  r.is = static_cast<request::state>(how);
  r.person = row.text(2);
  r.resource = row.text(3);
  r.role = row.text(4);
  r.reason = row.text(5);
  r.read_write = row.integer(6) != 0;
  r.break_glass = row.integer(7) != 0;
  r.first_use = row.integer(8) != 0;
  r.is_signed = row.integer(9) != 0;
  r.needs = static_cast<unsigned>(needs);
  r.for_us = row.integer(11);
  if (!row.null(12)) r.start = base::utc_time{row.integer(12)};
  r.extends = static_cast<uint64_t>(row.integer(13));
  r.rule = row.text(14);
  r.made_by = row.text(15);
  r.made.us = row.integer(16);
  r.lapses.us = row.integer(17);
  r.scopes = std::move(*scopes);
  r.ended.us = row.integer(19);
  r.ended_by = row.text(20);
  r.ended_reason = row.text(21);
  r.grant = static_cast<uint64_t>(row.integer(22));
  if (!row.null(23)) r.until = base::utc_time{row.integer(23)};
  return r;
}

std::optional<approval> read_approval(const query& row) {
  approval a;
  a.person = row.text(2);
  a.at.us = row.integer(3);
  a.for_us = row.integer(4);
  a.key = row.text(5);
  a.signature = row.text(6);
  a.text = row.text(7);
  if (a.person.empty() || a.for_us <= 0 || a.key.empty() != a.signature.empty()) return std::nullopt;
  return a;
}

store::impl::result store::impl::read_approvals(request* r) {
  query q(db, "SELECT " APPROVAL_COLUMNS
              " FROM approvals INDEXED BY approvals_once WHERE request = ? ORDER BY number");
  q.bind(static_cast<int64_t>(r->number));
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    auto a = read_approval(q);
    if (!a) return std::unexpected(fault(SQLITE_CORRUPT));
    r->approvals.push_back(std::move(*a));
  }
  if (rc != SQLITE_DONE) return std::unexpected(fault(rc));
  return {};
}

store::impl::result store::impl::request_rows(query& q, const std::function<bool(request&&)>& each) {
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    auto r = read_request(q);
    if (!r) return std::unexpected(fault(SQLITE_CORRUPT));
    if (auto with = read_approvals(&*r); !with) return with;
    if (!each(std::move(*r))) return {};
  }
  if (rc != SQLITE_DONE) return std::unexpected(fault(rc));
  return {};
}

std::expected<void, error> store::each_pending(const std::function<bool(request&&)>& each) {
  if (auto r = impl_->may_read(); !r) return r;
  query q(impl_->db, "SELECT " REQUEST_COLUMNS
                     " FROM requests INDEXED BY requests_pending WHERE state = 0 ORDER BY number");
  return impl_->request_rows(q, each);
}

std::expected<request, error> store::find_request(uint64_t number) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  if (number > INT64_MAX) return std::unexpected(error::not_found);
  query q(impl_->db, "SELECT " REQUEST_COLUMNS " FROM requests WHERE number = ?");
  q.bind(static_cast<int64_t>(number));
  std::optional<request> out;
  auto r = impl_->request_rows(q, [&](request&& found) {
    out = std::move(found);
    return false;
  });
  if (!r) return std::unexpected(r.error());
  if (!out) return std::unexpected(error::not_found);
  return std::move(*out);
}

namespace {

// One statement for each index that answers without a look at every request there ever was.
const char* pending_by(const store::request_filter& f) {
  if (f.person.empty())
    return "SELECT " REQUEST_COLUMNS
           " FROM requests INDEXED BY requests_pending WHERE state = 0 AND ?1 = '' "
           "AND (?2 = '' OR resource = ?2) ORDER BY number DESC LIMIT ?3";
  if (f.resource.empty())
    return "SELECT " REQUEST_COLUMNS
           " FROM requests INDEXED BY requests_pending_person WHERE state = 0 AND person = ?1 AND ?2 = '' "
           "ORDER BY number DESC LIMIT ?3";
  return "SELECT " REQUEST_COLUMNS
         " FROM requests INDEXED BY requests_pending_person WHERE state = 0 AND person = ?1 AND "
         "resource = ?2 ORDER BY number DESC LIMIT ?3";
}

const char* all_by(const store::request_filter& f) {
  if (!f.person.empty())
    return "SELECT " REQUEST_COLUMNS
           " FROM requests INDEXED BY requests_person WHERE person = ?1 AND (?2 = '' OR resource = ?2) "
           "ORDER BY number DESC LIMIT ?3";
  if (!f.resource.empty())
    return "SELECT " REQUEST_COLUMNS
           " FROM requests INDEXED BY requests_resource WHERE ?1 = '' AND resource = ?2 "
           "ORDER BY number DESC LIMIT ?3";
  return "SELECT " REQUEST_COLUMNS " FROM requests WHERE ?1 = '' AND ?2 = '' ORDER BY number DESC LIMIT ?3";
}

// What ended before `?4` is left out by the index, not looked at and passed over.
const char* recent_by(const store::request_filter& f) {
  if (f.person.empty())
    return "SELECT " REQUEST_COLUMNS
           " FROM requests INDEXED BY requests_ended WHERE state <> 0 AND ended_us >= ?4 AND ?1 = '' "
           "AND (?2 = '' OR resource = ?2) ORDER BY number DESC LIMIT ?3";
  return "SELECT " REQUEST_COLUMNS
         " FROM requests INDEXED BY requests_ended_person WHERE state <> 0 AND person = ?1 AND "
         "ended_us >= ?4 AND (?2 = '' OR resource = ?2) ORDER BY number DESC LIMIT ?3";
}

}  // namespace

std::expected<std::vector<request>, error> store::requests(const request_filter& f) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  std::vector<request> out;
  const auto keep = [&](request&& r) {
    out.push_back(std::move(r));
    return true;
  };
  const auto limit = static_cast<int64_t>(std::min<size_t>(f.limit, INT64_MAX));
  const bool recent = !f.pending_only && f.ended_since.us > 0;
  {
    query q(impl_->db, f.pending_only || recent ? pending_by(f) : all_by(f));
    q.bind(f.person).bind(f.resource).bind(limit);
    if (auto r = impl_->request_rows(q, keep); !r) return std::unexpected(r.error());
  }
  if (recent) {
    query q(impl_->db, recent_by(f));
    q.bind(f.person).bind(f.resource).bind(limit).bind(f.ended_since.us);
    if (auto r = impl_->request_rows(q, keep); !r) return std::unexpected(r.error());
    std::ranges::sort(out, std::ranges::greater{}, &request::number);
    if (out.size() > f.limit) out.resize(f.limit);
  }
  return out;
}

std::expected<unsigned, error> store::carried_since(std::string_view suffix, base::utc_time since,
                                                    unsigned most) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  // By number, not by time: no index is needed, and reading stops with the first that is older.
  query q(impl_->db, "SELECT made_us, made_by FROM requests ORDER BY number DESC");
  unsigned count = 0;
  int rc = q.step();
  for (; rc == SQLITE_ROW && count < most && q.integer(0) >= since.us; rc = q.step())
    count += std::string_view(q.text(1)).ends_with(suffix) ? 1 : 0;
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return std::unexpected(impl_->fault(rc));
  return count;
}

namespace {

// Nothing is asked for more than a year ahead: what was made before that need not be looked at.
constexpr int64_t ahead_us = int64_t{367} * 86400 * base::us_per_s;

}  // namespace

std::expected<unsigned, error> store::self_service_between(std::string_view person, std::string_view rule,
                                                           base::utc_time after, base::utc_time before) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  query q(impl_->db,
          "SELECT count(*) FROM requests INDEXED BY requests_self_service "
          "WHERE state = 1 AND needs = 0 AND person = ? AND rule = ? AND made_us >= ? "
          "AND coalesce(start_us, made_us) > ? AND coalesce(start_us, made_us) < ?");
  int rc = q.bind(person).bind(rule).bind(after.us - ahead_us).bind(after.us).bind(before.us).step();
  if (rc != SQLITE_ROW) return std::unexpected(impl_->fault(rc));
  return static_cast<unsigned>(std::min<int64_t>(q.integer(0), UINT32_MAX));
}

std::expected<std::vector<base::utc_time>, error> store::self_service_begins(std::string_view person,
                                                                             std::string_view rule,
                                                                             base::utc_time after) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  query q(impl_->db,
          "SELECT coalesce(start_us, made_us) FROM requests INDEXED BY requests_self_service "
          "WHERE state = 1 AND needs = 0 AND person = ? AND rule = ? AND made_us >= ? "
          "AND coalesce(start_us, made_us) > ? LIMIT 10000");
  q.bind(person).bind(rule).bind(after.us - ahead_us).bind(after.us);
  std::vector<base::utc_time> out;
  int rc = SQLITE_ROW;
  while ((rc = q.step()) == SQLITE_ROW) out.push_back({q.integer(0)});
  if (rc != SQLITE_DONE) return std::unexpected(impl_->fault(rc));
  return out;
}

}  // namespace grantd::store
