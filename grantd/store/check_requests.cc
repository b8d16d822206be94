// SPDX-License-Identifier: Apache-2.0
// Every request, approval and review with its entry in each index that must have it. Reads only.
#include "store/check_requests.h"

namespace grantd::store {
namespace {

constexpr int64_t rows_a_slice = 64;

// Is there a row? SQLITE_OK in *rc when that could be told.
bool there(query& q, int* rc) {
  if (*rc != SQLITE_OK) return false;
  const int at = q.step();
  if (at != SQLITE_ROW && at != SQLITE_DONE) *rc = at;
  return at == SQLITE_ROW;
}

bool in_every_index(connection& db, const request& r, int* rc) {
  const auto number = static_cast<int64_t>(r.number);
  query person(db, "SELECT 1 FROM requests INDEXED BY requests_person WHERE person = ? AND number = ?");
  query resource(db, "SELECT 1 FROM requests INDEXED BY requests_resource WHERE resource = ? AND number = ?");
  if (!there(person.bind(r.person).bind(number), rc) || !there(resource.bind(r.resource).bind(number), rc))
    return false;
  if (r.is == request::state::pending) {
    query all(db, "SELECT 1 FROM requests INDEXED BY requests_pending WHERE state = 0 AND number = ?");
    query own(db,
              "SELECT 1 FROM requests INDEXED BY requests_pending_person WHERE state = 0 AND person = ? AND "
              "resource = ? AND number = ?");
    return there(all.bind(number), rc) && there(own.bind(r.person).bind(r.resource).bind(number), rc);
  }
  query all(
      db,
      "SELECT 1 FROM requests INDEXED BY requests_ended WHERE state <> 0 AND ended_us = ? AND number = ?");
  query own(db,
            "SELECT 1 FROM requests INDEXED BY requests_ended_person WHERE state <> 0 AND person = ? AND "
            "ended_us = ? AND number = ?");
  if (!there(all.bind(r.ended.us).bind(number), rc) ||
      !there(own.bind(r.person).bind(r.ended.us).bind(number), rc))
    return false;
  if (r.is != request::state::granted || r.needs != 0) return true;
  query self(db,
             "SELECT 1 FROM requests INDEXED BY requests_self_service WHERE state = 1 AND needs = 0 AND "
             "person = ? AND rule = ? AND made_us = ? AND number = ?");
  return there(self.bind(r.person).bind(r.rule).bind(r.made.us).bind(number), rc);
}

// The one grant that came of it is the one it names, and it was approved as it had to be.
bool agrees_with_grant(connection& db, const request& r, int* rc) {
  const auto number = static_cast<int64_t>(r.number);
  query grant(db, "SELECT number FROM grants INDEXED BY grants_request WHERE request = ?");
  const uint64_t opened =
      there(grant.bind(number), rc) ? static_cast<uint64_t>(grant.integer(0)) : uint64_t{0};
  if (opened != r.grant) return false;
  if (r.is != request::state::granted || r.needs == 0) return true;
  query count(db, "SELECT count(*) FROM approvals INDEXED BY approvals_once WHERE request = ?");
  return there(count.bind(number), rc) && count.integer(0) >= static_cast<int64_t>(r.needs);
}

}  // namespace

void request_walk::move_to(check_cursor::phase next) {
  cursor_.at = next;
  cursor_.number = 0;
}

int request_walk::walk(query& q, slice* s, std::string* wrong,
                       const std::function<std::string(const query&, int* rc)>& row) {
  s->from = cursor_.number;
  int rc = q.bind(s->from).bind(rows_a_slice).step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    cursor_.number = q.integer(0);
    ++s->rows;
    int at = SQLITE_OK;
    std::string found = row(q, &at);
    if (at != SQLITE_OK) return at;
    if (!found.empty()) {
      *wrong = std::move(found);
      return SQLITE_OK;
    }
    if (s->rows == rows_a_slice || over_()) {
      s->more = true;
      return SQLITE_OK;
    }
  }
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int request_walk::requests(std::string* wrong) {
  int64_t pending = 0;
  slice s;
  query q(db_,
          "SELECT " REQUEST_COLUMNS " FROM requests NOT INDEXED WHERE number > ? ORDER BY number LIMIT ?");
  int rc = walk(q, &s, wrong, [&](const query& row, int* at) -> std::string {
    const std::string name = "request " + std::to_string(row.integer(0));
    auto r = read_request(row);
    if (!r) return name + " cannot be read";
    if (r->is == request::state::pending) ++pending;
    if (!in_every_index(db_, *r, at)) return name + " is missing from an index";
    if (!agrees_with_grant(db_, *r, at)) return name + " does not agree with its grant and approvals";
    return {};
  });
  if (rc != SQLITE_OK || !wrong->empty()) return rc;
  cursor_.requests += static_cast<uint64_t>(s.rows);
  query count(db_,
              "SELECT count(*) FROM requests INDEXED BY requests_pending "
              "WHERE state = 0 AND number > ? AND number <= ?");
  // After the last row nothing may follow in the index either.
  rc = count.bind(s.from).bind(s.more ? cursor_.number : INT64_MAX).step();
  if (rc != SQLITE_ROW) return rc;
  if (count.integer(0) != pending) *wrong = "the index of pending requests does not agree with the requests";
  if (!s.more) move_to(check_cursor::phase::approvals);
  return SQLITE_OK;
}

int request_walk::approvals(std::string* wrong) {
  slice s;
  query q(db_,
          "SELECT " APPROVAL_COLUMNS " FROM approvals NOT INDEXED WHERE number > ? ORDER BY number LIMIT ?");
  int rc = walk(q, &s, wrong, [&](const query& row, int* at) -> std::string {
    const std::string name = "approval " + std::to_string(row.integer(0));
    auto a = read_approval(row);
    if (!a) return name + " cannot be read";
    query once(db_,
               "SELECT 1 FROM approvals INDEXED BY approvals_once WHERE request = ? AND person = ? AND "
               "number = ?");
    if (!there(once.bind(row.integer(1)).bind(a->person).bind(row.integer(0)), at))
      return name + " is missing from its index";
    query of(db_, "SELECT 1 FROM requests WHERE number = ? AND person <> ?");
    if (!there(of.bind(row.integer(1)).bind(a->person), at)) return name + " is of no request";
    return {};
  });
  if (rc != SQLITE_OK || !wrong->empty()) return rc;
  cursor_.approvals += static_cast<uint64_t>(s.rows);
  if (s.more) return SQLITE_OK;
  // Their numbers have no gap, so the last one given out is how many were made.
  query made(db_, "SELECT seq FROM sqlite_sequence WHERE name = 'approvals'");
  if (!there(made, &rc)) return rc;
  if (made.integer(0) != static_cast<int64_t>(cursor_.approvals))
    *wrong = std::to_string(made.integer(0)) + " approvals were made, " + std::to_string(cursor_.approvals) +
             " are there";
  move_to(check_cursor::phase::reviews);
  return SQLITE_OK;
}

int request_walk::reviews(std::string* wrong) {
  int64_t missing = 0;
  slice s;
  query q(db_, "SELECT number, person FROM reviews NOT INDEXED WHERE number > ? ORDER BY number LIMIT ?");
  int rc = walk(q, &s, wrong, [&](const query& row, int* at) -> std::string {
    if (row.null(1)) ++missing;
    query of(db_, "SELECT 1 FROM grants WHERE number = ? AND break_glass = 1");
    if (there(of.bind(row.integer(0)), at)) return {};
    return "the review of grant " + std::to_string(row.integer(0)) + " is of no break-glass grant";
  });
  if (rc != SQLITE_OK || !wrong->empty()) return rc;
  query count(db_,
              "SELECT count(*) FROM reviews INDEXED BY reviews_missing "
              "WHERE person IS NULL AND number > ? AND number <= ?");
  rc = count.bind(s.from).bind(s.more ? cursor_.number : INT64_MAX).step();
  if (rc != SQLITE_ROW) return rc;
  if (count.integer(0) != missing) *wrong = "the index of missing reviews does not agree with the reviews";
  if (!s.more) move_to(check_cursor::phase::audit);
  return SQLITE_OK;
}

}  // namespace grantd::store
