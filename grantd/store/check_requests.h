// SPDX-License-Identifier: Apache-2.0
// The part of the check in slices that walks requests, approvals and reviews.
#pragma once

#include "store/impl.h"

namespace grantd::store {

// Each takes the rows after the cursor, as many as a slice may, and after the last one moves to the next
// phase. SQLITE_OK and *wrong empty: these rows are sound.
class request_walk {
 public:
  request_walk(connection& db, check_cursor& c, const std::function<bool()>& over)
      : db_(db), cursor_(c), over_(over) {}
  [[nodiscard]] int requests(std::string* wrong);
  [[nodiscard]] int approvals(std::string* wrong);
  [[nodiscard]] int reviews(std::string* wrong);

 private:
  struct slice {
    int64_t from = 0;
    int64_t rows = 0;
    bool more = false;
  };
  // `row` says what is wrong with one, "" for nothing, or sets *rc.
  [[nodiscard]] int walk(query& q, slice* s, std::string* wrong,
                         const std::function<std::string(const query&, int* rc)>& row);
  void move_to(check_cursor::phase next);

  connection& db_;
  check_cursor& cursor_;
  const std::function<bool()>& over_;
};

}  // namespace grantd::store
