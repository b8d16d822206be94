// SPDX-License-Identifier: Apache-2.0
// One connection to a PostgreSQL server. Values go as parameters, names are quoted by libpq; a statement that
// fails throws `trouble`, which main() turns into an answer.
#pragma once

#include <libpq-fe.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace grantd::postgresql {

struct trouble {
  std::string sentence;
};

class database {
 public:
  using row = std::vector<std::string>;  // NULL is empty

  // A libpq connection string; what it does not say is bounded: 5 s to connect, 4 s a statement.
  explicit database(const std::string& connection);

  std::vector<row> run(const std::string& sql, std::initializer_list<std::string> values = {});
  void roll_back() noexcept;  // where the connection is gone, the transaction is, too
  [[nodiscard]] std::string quoted(const std::string& name);  // an identifier
  [[nodiscard]] int version() { return PQserverVersion(connection_.get()); }

 private:
  struct closer {
    void operator()(PGconn* c) const { PQfinish(c); }
  };
  std::unique_ptr<PGconn, closer> connection_;
};

// Rolls back unless committed.
class transaction {
 public:
  explicit transaction(database& d) : in_(d) { in_.run("BEGIN"); }
  ~transaction() {
    if (!over_) in_.roll_back();
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  void commit();

 private:
  database& in_;
  bool over_ = false;
};

}  // namespace grantd::postgresql
