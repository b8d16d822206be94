// SPDX-License-Identifier: Apache-2.0
// Grants: made, mapped, ended once, read. Each change writes its audit record beside it.
#include "store/blob.h"
#include "store/impl.h"

namespace grantd::store {
namespace {

constexpr std::string_view event_of(state how) {
  switch (how) {
    case state::expired:
      return "expire";
    case state::revoked:
      return "revoke";
    case state::given_back:
      return "give-back";
    case state::open:
      break;
  }
  return {};
}

}  // namespace

std::optional<grant> read_grant(const query& row) {
  auto scopes = decode_scopes(row.bytes(12));
  auto boot = row.bytes(11);
  grant g;
  int64_t how = row.integer(1);
  // An index may claim `open` for a row that has ended; the end itself stands only in the row.
  if ((how == 0) != row.null(13)) return std::nullopt;
  if (!scopes || boot.size() != g.mapped_boot.size() || how < 0 || how > 3) return std::nullopt;
  g.number = static_cast<uint64_t>(row.integer(0));
  g.state = static_cast<state>(how);
  g.person = row.text(2);
  g.resource = row.text(3);
  g.not_before.us = row.integer(4);
  g.not_after.us = row.integer(5);
  g.made.us = row.integer(6);
  g.made_by = row.text(7);
  g.reason = row.text(8);
  g.mapped.start.ns = row.integer(9);
  g.mapped.end.ns = row.integer(10);
  std::copy(boot.begin(), boot.end(), g.mapped_boot.begin());
  g.scopes = std::move(*scopes);
  g.ended.us = row.integer(13);
  g.ended_by = row.text(14);
  g.ended_reason = row.text(15);
  g.request = static_cast<uint64_t>(row.integer(16));
  g.break_glass = row.integer(17) != 0;
  if (!row.null(18)) g.first_use_us = row.integer(18);
  g.reviewed_by = row.text(19);
  g.reviewed.us = row.integer(20);
  return g;
}

store::impl::result store::impl::insert(const grant& g, uint64_t* number) {
  auto scopes = encode_scopes(g.scopes);
  if (!scopes || g.state != state::open || g.request > INT64_MAX) return std::unexpected(error::invalid);
  int rc =
      query(db,
            "INSERT INTO grants(person, resource, not_before_us, not_after_us, made_us, made_by, reason, "
            "mapped_start_ns, mapped_end_ns, mapped_boot, scopes, request, break_glass, first_use_us) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(g.person)
          .bind(g.resource)
          .bind(g.not_before.us)
          .bind(g.not_after.us)
          .bind(g.made.us)
          .bind(g.made_by)
          .bind(g.reason)
          .bind(g.mapped.start.ns)
          .bind(g.mapped.end.ns)
          .bind(std::span<const uint8_t>(g.mapped_boot))
          .bind(std::span<const uint8_t>(*scopes))
          .bind(g.request == 0 ? std::nullopt : std::optional(static_cast<int64_t>(g.request)))
          .bind(static_cast<int64_t>(g.break_glass))
          .bind(g.first_use_us)
          .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  *number = static_cast<uint64_t>(sqlite3_last_insert_rowid(db.raw()));
  std::string id = std::to_string(*number);
  std::string not_before = std::to_string(g.not_before.us);
  std::string not_after = std::to_string(g.not_after.us);
  std::string request = std::to_string(g.request);
  std::vector<std::string> printed;
  printed.reserve(g.scopes.size());
  std::vector<field> fields = {{"grant", id},
                               {"person", g.person},
                               {"resource", g.resource},
                               {"not_before_us", not_before},
                               {"not_after_us", not_after},
                               {"by", g.made_by},
                               {"reason", g.reason}};
  if (g.request != 0) fields.emplace_back("request", request);
  if (g.break_glass) fields.emplace_back("break_glass", "yes");
  const std::string first_use = std::to_string(g.first_use_us.value_or(0));
  if (g.first_use_us) fields.emplace_back("first_use_us", first_use);
  for (const policy::scope& s : g.scopes) fields.emplace_back("scope", printed.emplace_back(print_scope(s)));
  result r = record(g.made, "grant", fields);
  if (r) {
    now.highest_number = *number;
    ++now.open;
  }
  return r;
}

std::expected<uint64_t, error> store::add_grant(const grant& g) {
  auto number = std::make_shared<uint64_t>(0);
  auto r = impl_->change([i = impl_.get(), g, number] { return i->insert(g, number.get()); });
  if (!r) return std::unexpected(r.error());
  return *number;
}

store::impl::result store::impl::end(uint64_t number, state how, std::string_view by, std::string_view reason,
                                     base::utc_time at) {
  std::string person;
  std::string resource;
  {
    query q(db,
            "UPDATE grants SET state = ?, ended_us = ?, ended_by = ?, ended_reason = ? "
            "WHERE number = ? AND state = 0 RETURNING person, resource");
    q.bind(static_cast<int64_t>(how)).bind(at.us).bind(by).bind(reason).bind(static_cast<int64_t>(number));
    int rc = q.step();
    if (rc == SQLITE_ROW) {
      person = q.text(0);
      resource = q.text(1);
      rc = q.step();
    } else if (rc == SQLITE_DONE) {
      return std::unexpected(exists(number));
    }
    if (rc != SQLITE_DONE) return std::unexpected(fault(rc));
  }
  std::string id = std::to_string(number);
  const field fields[] = {
      {"grant", id}, {"person", person}, {"resource", resource}, {"by", by}, {"reason", reason}};
  result r = record(at, event_of(how), fields);
  if (r) --now.open;
  return r;
}

// Why a grant could not be changed as an open one.
error store::impl::exists(uint64_t number) {
  query q(db, "SELECT 1 FROM grants WHERE number = ?");
  int rc = q.bind(static_cast<int64_t>(number)).step();
  if (rc == SQLITE_DONE) return error::not_found;
  return rc == SQLITE_ROW ? error::not_open : fault(rc);
}

std::expected<void, error> store::end_grant(uint64_t number, state how, std::string_view by,
                                            std::string_view reason, base::utc_time now) {
  if (event_of(how).empty()) return std::unexpected(error::invalid);
  return impl_->change([i = impl_.get(), number, how, by = std::string(by), reason = std::string(reason),
                        now] { return i->end(number, how, by, reason, now); });
}

store::impl::result store::impl::shorten(uint64_t number, base::utc_time not_after,
                                         base::boot_time mapped_end, std::string_view because,
                                         base::utc_time at) {
  {
    query q(db, "SELECT state, not_after_us, mapped_end_ns FROM grants WHERE number = ?");
    int rc = q.bind(static_cast<int64_t>(number)).step();
    if (rc == SQLITE_DONE) return std::unexpected(error::not_found);
    if (rc != SQLITE_ROW) return std::unexpected(fault(rc));
    if (q.integer(0) != 0) return std::unexpected(error::not_open);
    const int64_t until = q.integer(1);
    const int64_t mapped = q.integer(2);
    if (not_after.us > until || mapped_end.ns > mapped) return std::unexpected(error::invalid);
    if (not_after.us == until && mapped_end.ns == mapped) return {};
  }
  int rc = query(db, "UPDATE grants SET not_after_us = ?, mapped_end_ns = ? WHERE number = ? AND state = 0")
               .bind(not_after.us)
               .bind(mapped_end.ns)
               .bind(static_cast<int64_t>(number))
               .run();
  if (rc != SQLITE_OK) return std::unexpected(fault(rc));
  std::string id = std::to_string(number);
  std::string until = std::to_string(not_after.us);
  const field fields[] = {{"grant", id}, {"not_after_us", until}, {"why", because}};
  return record(at, "shorten", fields);
}

std::expected<void, error> store::shorten(uint64_t grant, base::utc_time not_after,
                                          base::boot_time mapped_end, std::string_view why,
                                          base::utc_time now) {
  return impl_->change([i = impl_.get(), grant, not_after, mapped_end, why = std::string(why), now] {
    return i->shorten(grant, not_after, mapped_end, why, now);
  });
}

std::expected<void, error> store::remap(std::span<const remapped> grants, const base::boot_id& boot,
                                        std::string_view why, base::utc_time now) {
  std::vector<remapped> kept(grants.begin(), grants.end());
  if (auto r = impl_->may_read(); !r) return r;
  // All of them are looked at before the first is touched: nothing is left to refuse half way.
  for (const remapped& g : kept) {
    query q(impl_->db, "SELECT state FROM grants WHERE number = ?");
    int rc = q.bind(static_cast<int64_t>(g.number)).step();
    if (rc == SQLITE_DONE) return std::unexpected(error::not_found);
    if (rc != SQLITE_ROW) return std::unexpected(impl_->fault(rc));
    if (q.integer(0) != 0) return std::unexpected(error::not_open);
  }
  return impl_->change(
      [i = impl_.get(), kept = std::move(kept), boot, why = std::string(why), now]() -> impl::result {
        // Every window may lie on a page of its own: the log takes them before COMMIT, not memory.
        int rc = i->db.run("PRAGMA cache_spill = ON");
        if (rc != SQLITE_OK) return std::unexpected(i->fault(rc));
        for (const remapped& g : kept) {
          rc = query(i->db,
                     "UPDATE grants SET mapped_start_ns = ?, mapped_end_ns = ?, mapped_boot = ? "
                     "WHERE number = ? AND state = 0")
                   .bind(g.mapped.start.ns)
                   .bind(g.mapped.end.ns)
                   .bind(std::span<const uint8_t>(boot))
                   .bind(static_cast<int64_t>(g.number))
                   .run();
          if (rc != SQLITE_OK) return std::unexpected(i->fault(rc));
          if (sqlite3_changes(i->db.raw()) != 1) return std::unexpected(i->exists(g.number));
        }
        rc = i->db.run("PRAGMA cache_spill = OFF");
        if (rc != SQLITE_OK) return std::unexpected(i->fault(rc));
        std::string count = std::to_string(kept.size());
        const field fields[] = {{"grants", count}, {"why", why}};
        return i->record(now, "remap", fields);
      },
      impl::guard::bare);
}

std::expected<void, error> store::impl::rows(query& q, const std::function<bool(grant&&)>& each) {
  int rc = q.step();
  for (; rc == SQLITE_ROW; rc = q.step()) {
    auto g = read_grant(q);
    if (!g) return std::unexpected(fault(SQLITE_CORRUPT));
    if (!each(std::move(*g))) return {};
  }
  if (rc != SQLITE_DONE) return std::unexpected(fault(rc));
  return {};
}

std::expected<void, error> store::each_open(const std::function<bool(grant&&)>& each) {
  if (auto r = impl_->may_read(); !r) return r;
  query q(impl_->db,
          "SELECT " GRANT_COLUMNS " FROM grants INDEXED BY grants_open WHERE state = 0 ORDER BY number");
  return impl_->rows(q, each);
}

std::expected<std::vector<grant>, error> store::ended_since(base::utc_time since, size_t limit) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  query q(impl_->db, "SELECT " GRANT_COLUMNS
                     " FROM grants INDEXED BY grants_ended WHERE state <> 0 AND ended_us >= ? "
                     "ORDER BY ended_us DESC, number DESC LIMIT ?");
  q.bind(since.us).bind(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  std::vector<grant> out;
  auto r = impl_->rows(q, [&](grant&& g) {
    out.push_back(std::move(g));
    return true;
  });
  if (!r) return std::unexpected(r.error());
  return out;
}

std::expected<grant, error> store::find(uint64_t number) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  if (number > INT64_MAX) return std::unexpected(error::not_found);
  query q(impl_->db, "SELECT " GRANT_COLUMNS " FROM grants WHERE number = ?");
  q.bind(static_cast<int64_t>(number));
  std::optional<grant> out;
  auto r = impl_->rows(q, [&](grant&& g) {
    out = std::move(g);
    return false;
  });
  if (!r) return std::unexpected(r.error());
  if (!out) return std::unexpected(error::not_found);
  return std::move(*out);
}

std::expected<std::vector<grant>, error> store::list(const filter& f) {
  if (auto r = impl_->may_read(); !r) return std::unexpected(r.error());
  // One statement for each index that answers without a look at every grant there ever was.
  const char* sql =
      "SELECT " GRANT_COLUMNS " FROM grants WHERE ?1 = '' AND ?2 = '' ORDER BY number DESC LIMIT ?3";
  if (f.open_only) {
    sql = "SELECT " GRANT_COLUMNS
          " FROM grants INDEXED BY grants_open WHERE state = 0 AND ?1 = '' "
          "AND (?2 = '' OR resource = ?2) ORDER BY number DESC LIMIT ?3";
    if (!f.person.empty())
      sql = "SELECT " GRANT_COLUMNS
            " FROM grants INDEXED BY grants_open_person WHERE state = 0 AND person = ?1 "
            "AND (?2 = '' OR resource = ?2) ORDER BY number DESC LIMIT ?3";
    if (!f.person.empty() && !f.resource.empty())
      sql = "SELECT " GRANT_COLUMNS
            " FROM grants INDEXED BY grants_open_person WHERE state = 0 AND person = ?1 AND resource = ?2 "
            "ORDER BY number DESC LIMIT ?3";
  } else if (!f.person.empty()) {
    sql = "SELECT " GRANT_COLUMNS
          " FROM grants INDEXED BY grants_person WHERE person = ?1 AND (?2 = '' OR resource = ?2) "
          "ORDER BY number DESC LIMIT ?3";
  } else if (!f.resource.empty()) {
    sql = "SELECT " GRANT_COLUMNS
          " FROM grants INDEXED BY grants_resource WHERE ?1 = '' AND resource = ?2 "
          "ORDER BY number DESC LIMIT ?3";
  }
  query q(impl_->db, sql);
  q.bind(f.person).bind(f.resource).bind(static_cast<int64_t>(std::min<size_t>(f.limit, INT64_MAX)));
  std::vector<grant> out;
  auto r = impl_->rows(q, [&](grant&& g) {
    out.push_back(std::move(g));
    return true;
  });
  if (!r) return std::unexpected(r.error());
  return out;
}

}  // namespace grantd::store
