// SPDX-License-Identifier: Apache-2.0
// The check in slices of a millisecond or so: schema, pages, every grant, lock and request and their index
// entries, the audit chain. Reads only.
#include "base/clock.h"
#include "store/check_requests.h"
#include "store/impl.h"
#include "store/schema.h"

namespace grantd::store {
namespace {

constexpr int64_t rows_a_slice = 64;
constexpr uint64_t records_a_slice = 128;
constexpr int64_t slice_ns = 1'000'000;
// quick_check cannot be cut; above this size it would hold up the loop, and the walk over all rows stands
// alone.
constexpr int64_t most_pages_at_once = 128;

// Every object of the schema and its text, in one string.
int schema_text(connection& db, std::string* out) {
  query q(db,
          "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema "
          "ORDER BY type, name");
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) out->append(q.text(0)).push_back('\n');
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

using phase = check_cursor::phase;

class checker {
 public:
  checker(connection& db, check_cursor& c, const std::function<bool()>& over)
      : db_(db), cursor_(c), over_(over) {}

  // SQLITE_OK and *wrong empty: this slice is sound.
  int schema(std::string* wrong) {
    connection model;
    int rc = model.open(":memory:", "");
    for (const char* step : schema_steps) {
      if (rc == SQLITE_OK) rc = model.run(step);
    }
    std::string want;
    std::string have;
    if (rc == SQLITE_OK) rc = schema_text(model, &want);
    if (rc == SQLITE_OK) rc = schema_text(db_, &have);
    if (rc == SQLITE_OK && want != have) *wrong = "its schema is not the one grantd made";
    cursor_.at = phase::pages;
    return rc;
  }

  int pages(std::string* wrong) {
    cursor_.at = phase::grants;
    {
      query size(db_, "PRAGMA page_count");
      int rc = size.step();
      if (rc != SQLITE_ROW) return rc;
      if (size.integer(0) > most_pages_at_once) return SQLITE_OK;
    }
    query q(db_, "PRAGMA quick_check(1)");
    int rc = q.step();
    if (rc != SQLITE_ROW) return rc;
    if (q.text(0) != "ok") *wrong = q.text(0);
    return SQLITE_OK;
  }

  // The rows after the cursor, each looked up in every index that must have it.
  int grants(std::string* wrong) {
    int64_t from = cursor_.number;
    int64_t open = 0;
    bool more = false;
    int64_t seen = 0;
    query q(db_, "SELECT " GRANT_COLUMNS " FROM grants NOT INDEXED WHERE number > ? ORDER BY number LIMIT ?");
    q.bind(from).bind(rows_a_slice);
    int rc = q.step();
    for (; rc == SQLITE_ROW; rc = q.step()) {
      auto g = read_grant(q);
      cursor_.number = q.integer(0);
      ++seen;
      if (!g) {
        *wrong = "grant " + std::to_string(cursor_.number) + " cannot be read";
        return SQLITE_OK;
      }
      bool is_open = g->state == state::open;
      if (is_open) ++open;
      bool found = false;
      int at = indexed(*g, is_open, &found);
      if (at != SQLITE_OK) return at;
      if (!found) {
        *wrong = "grant " + std::to_string(cursor_.number) + " is missing from an index";
        return SQLITE_OK;
      }
      if (seen == rows_a_slice || over_()) {
        more = true;
        break;
      }
    }
    const int64_t last = cursor_.number;
    if (!more && rc != SQLITE_DONE) return rc;
    cursor_.grants += static_cast<uint64_t>(seen);
    if (!more) {
      cursor_.at = phase::locks;
      cursor_.number = 0;
    }
    query count(
        db_,
        "SELECT count(*) FROM grants INDEXED BY grants_open WHERE state = 0 AND number > ? AND number <= ?");
    // After the last row nothing may follow in the index either.
    rc = count.bind(from).bind(more ? last : INT64_MAX).step();
    if (rc != SQLITE_ROW) return rc;
    if (count.integer(0) != open) *wrong = "the index of open grants does not agree with the grants";
    return SQLITE_OK;
  }

  // As grants(); the one index a lock may be in is that of the locks in force.
  int locks(std::string* wrong) {
    const int64_t from = cursor_.number;
    int64_t in_force = 0;
    int64_t seen = 0;
    bool more = false;
    query q(db_, "SELECT " LOCK_COLUMNS
                 ", ended_us IS NULL FROM locks NOT INDEXED WHERE number > ? ORDER BY number LIMIT ?");
    q.bind(from).bind(rows_a_slice);
    int rc = q.step();
    for (; rc == SQLITE_ROW; rc = q.step()) {
      auto l = read_lock(q);
      cursor_.number = q.integer(0);
      ++seen;
      if (!l) {
        *wrong = "lock " + std::to_string(cursor_.number) + " cannot be read";
        return SQLITE_OK;
      }
      if (q.integer(9) != 0) {
        ++in_force;
        query at(db_, "SELECT 1 FROM locks INDEXED BY locks_in_force WHERE ended_us IS NULL AND number = ?");
        rc = at.bind(cursor_.number).step();
        if (rc == SQLITE_DONE)
          *wrong = "lock " + std::to_string(cursor_.number) + " is missing from its index";
        if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
      }
      if (seen == rows_a_slice || over_()) {
        more = true;
        break;
      }
    }
    if (!more && rc != SQLITE_DONE) return rc;
    cursor_.locks += static_cast<uint64_t>(seen);
    query count(db_,
                "SELECT count(*) FROM locks INDEXED BY locks_in_force "
                "WHERE ended_us IS NULL AND number > ? AND number <= ?");
    rc = count.bind(from).bind(more ? cursor_.number : INT64_MAX).step();
    if (rc != SQLITE_ROW) return rc;
    if (count.integer(0) != in_force) *wrong = "the index of locks in force does not agree with the locks";
    if (!more) {
      cursor_.at = phase::requests;
      cursor_.number = 0;
    }
    return SQLITE_OK;
  }

  // The records after `from` that the walk has passed: each that has a name can be found by it.
  int named(uint64_t from, std::string* wrong) {
    query q(
        db_,
        "SELECT sequence FROM audit AS a NOT INDEXED WHERE sequence > ? AND sequence <= ? AND once IS NOT "
        "NULL AND NOT EXISTS(SELECT 1 FROM audit AS b INDEXED BY audit_once WHERE b.once = a.once AND "
        "b.sequence = a.sequence) LIMIT 1");
    const int rc = q.bind(static_cast<int64_t>(from)).bind(static_cast<int64_t>(cursor_.sequence)).step();
    if (rc == SQLITE_ROW)
      *wrong = "audit record " + std::to_string(q.integer(0)) + " is missing from its index";
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
  }

 private:
  int indexed(const grant& g, bool is_open, bool* found) {
    auto number = static_cast<int64_t>(g.number);
    query person(db_, "SELECT 1 FROM grants INDEXED BY grants_person WHERE person = ? AND number = ?");
    int rc = person.bind(g.person).bind(number).step();
    if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    query resource(db_, "SELECT 1 FROM grants INDEXED BY grants_resource WHERE resource = ? AND number = ?");
    rc = resource.bind(g.resource).bind(number).step();
    if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    if (!is_open) {
      query ended(
          db_,
          "SELECT 1 FROM grants INDEXED BY grants_ended WHERE state <> 0 AND ended_us = ? AND number = ?");
      rc = ended.bind(g.ended.us).bind(number).step();
      if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    } else {
      query open(db_,
                 "SELECT 1 FROM grants INDEXED BY grants_open_person WHERE state = 0 AND person = ? AND "
                 "resource = ? AND number = ?");
      rc = open.bind(g.person).bind(g.resource).bind(number).step();
      if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    }
    if (g.request != 0) {
      query of(db_, "SELECT 1 FROM grants INDEXED BY grants_request WHERE request = ? AND number = ?");
      rc = of.bind(static_cast<int64_t>(g.request)).bind(number).step();
      if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    }
    if (g.break_glass) {  // nor may it be missing among those to be signed off
      query review(db_, "SELECT 1 FROM reviews WHERE number = ?");
      rc = review.bind(number).step();
      if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_OK : rc;
    }
    *found = true;
    return SQLITE_OK;
  }

  connection& db_;
  check_cursor& cursor_;
  const std::function<bool()>& over_;
};

}  // namespace

store::check_state store::impl::check_slice() {
  if (locked == lock_reason::corrupt) return check_state::corrupt;
  // Between the statements of a batch the file is allowed to be half way; the next call comes after it.
  if (!readable || fatal || check.at == phase::done) return check_state::done;
  if (in_batch != batch::none) return check_state::more;
  std::string wrong;
  int rc = SQLITE_OK;
  const auto ticks = [this] { return opt.ticks ? opt.ticks() : base::boot_now().ns; };
  const std::function<bool()> over = [&, began = ticks()] { return ticks() - began >= slice_ns; };
  checker c(db, check, over);
  request_walk asked(db, check, over);
  switch (check.at) {
    case phase::schema:
      rc = c.schema(&wrong);
      break;
    case phase::pages:
      rc = c.pages(&wrong);
      break;
    case phase::grants:
      rc = c.grants(&wrong);
      // What is inserted meanwhile lies ahead of the walk, so at its end nothing may be missing.
      if (rc == SQLITE_OK && wrong.empty() && check.at == phase::locks && check.grants != grants())
        wrong =
            std::to_string(grants()) + " grants were made, " + std::to_string(check.grants) + " are there";
      break;
    case phase::locks:
      rc = c.locks(&wrong);
      if (rc == SQLITE_OK && wrong.empty() && check.at == phase::requests && check.locks != locks())
        wrong = std::to_string(locks()) + " locks were made, " + std::to_string(check.locks) + " are there";
      break;
    case phase::requests:
      rc = asked.requests(&wrong);
      if (rc == SQLITE_OK && wrong.empty() && check.at == phase::approvals && check.requests != requests())
        wrong = std::to_string(requests()) + " requests were made, " + std::to_string(check.requests) +
                " are there";
      break;
    case phase::approvals:
      rc = asked.approvals(&wrong);
      break;
    case phase::reviews:
      rc = asked.reviews(&wrong);
      break;
    case phase::audit: {
      bool ended = false;
      const uint64_t from = check.sequence;
      auto same = verify_chain(&check.sequence, &check.head, records_a_slice, over, &ended);
      if (!same) return locked == lock_reason::corrupt ? check_state::corrupt : check_state::more;
      if (!*same)
        wrong = "audit record " + std::to_string(check.sequence + 1) + " does not follow from the one before";
      if (wrong.empty()) rc = c.named(from, &wrong);
      if (wrong.empty() && ended) {
        if (check.sequence != now.sequence || check.head != now.head) wrong = "the audit ends too early";
        check.at = phase::done;
      }
      break;
    }
    case phase::done:
      break;
  }
  if (rc != SQLITE_OK) (void)fault(rc);
  if (!wrong.empty()) lock(lock_reason::corrupt, wrong);
  if (locked == lock_reason::corrupt) return check_state::corrupt;
  return check.at == phase::done ? check_state::done : check_state::more;
}

}  // namespace grantd::store
