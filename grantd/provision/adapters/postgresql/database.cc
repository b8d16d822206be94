// SPDX-License-Identifier: Apache-2.0
// One connection to a PostgreSQL server.
#include "provision/adapters/postgresql/database.h"

#include <utility>

namespace grantd::postgresql {
namespace {

struct clearer {
  void operator()(PGresult* r) const { PQclear(r); }
};

std::string first_line(const char* text) {
  std::string all = text == nullptr ? "" : text;
  return all.substr(0, all.find('\n'));
}

// libpq says a server's end of a connection in more than one line; those after the first are advice.
[[noreturn]] void fail(PGconn* c) { throw trouble{first_line(PQerrorMessage(c))}; }

// libpq would quote what it cannot read, and there may be a password in it.
void check(const std::string& connection) {
  struct freer {
    void operator()(PQconninfoOption* o) const { PQconninfoFree(o); }
  };
  char* why = nullptr;
  std::unique_ptr<PQconninfoOption, freer> options(PQconninfoParse(connection.c_str(), &why));
  PQfreemem(why);
  if (!options) throw trouble{"the setting `connection` is no connection string that libpq can read"};
}

}  // namespace

database::database(const std::string& connection) {
  check(connection);
  // What stands after `dbname` wins over the connection string, what stands before gives way to it.
  const char* keys[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding", nullptr};
  const char* values[] = {"5", "grantd-provision", connection.c_str(), "UTF8", nullptr};
  connection_.reset(PQconnectdbParams(keys, values, 1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) fail(connection_.get());
  // Notices ("is already a member") are no trouble, and stderr is for that.
  (void)PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
  run("SELECT set_config('search_path', 'pg_catalog', false), set_config('statement_timeout', '4s', false), "
      "set_config('lock_timeout', '3s', false)");
}

std::vector<database::row> database::run(const std::string& sql, std::initializer_list<std::string> values) {
  std::vector<const char*> given;
  for (const std::string& v : values) given.push_back(v.c_str());
  std::unique_ptr<PGresult, clearer> r(PQexecParams(connection_.get(), sql.c_str(),
                                                    static_cast<int>(given.size()), nullptr, given.data(),
                                                    nullptr, nullptr, 0));
  const ExecStatusType how = PQresultStatus(r.get());
  if (how != PGRES_TUPLES_OK && how != PGRES_COMMAND_OK) {
    const char* state = PQresultErrorField(r.get(), PG_DIAG_SQLSTATE);
    if (state != nullptr && (std::string(state) == "42P01" || std::string(state) == "3F000"))
      throw trouble{
          "this database does not have the schema grantd_provision: as a superuser, psql -f "
          "/usr/share/grantd/postgresql.sql"};
    const char* primary = PQresultErrorField(r.get(), PG_DIAG_MESSAGE_PRIMARY);
    // From PostgreSQL 16 on it says which right is missing.
    const char* detail = PQresultErrorField(r.get(), PG_DIAG_MESSAGE_DETAIL);
    if (primary != nullptr) throw trouble{primary + (detail != nullptr ? ": " + first_line(detail) : "")};
    fail(connection_.get());
  }
  std::vector<row> rows(static_cast<size_t>(PQntuples(r.get())));
  for (size_t i = 0; i < rows.size(); ++i) {
    for (int column = 0; column < PQnfields(r.get()); ++column)
      rows[i].emplace_back(PQgetvalue(r.get(), static_cast<int>(i), column));
  }
  return rows;
}

void database::roll_back() noexcept { PQclear(PQexec(connection_.get(), "ROLLBACK")); }

std::string database::quoted(const std::string& name) {
  struct freer {
    void operator()(char* p) const { PQfreemem(p); }
  };
  std::unique_ptr<char, freer> text(PQescapeIdentifier(connection_.get(), name.data(), name.size()));
  if (!text) fail(connection_.get());
  return text.get();
}

void transaction::commit() {
  over_ = true;
  in_.run("COMMIT");
}

}  // namespace grantd::postgresql
