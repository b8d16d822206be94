// SPDX-License-Identifier: Apache-2.0
// A store of the test's own: where it lies, a chain without cryptography, grants to put into it.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"
#include "support/temp_dir.h"
#include "support/unity.h"

namespace grantd::test {

// Chained over canonical bytes, as proof/ does, with SipHash in BLAKE2b's place.
[[nodiscard]] store::digest chain(const store::digest& previous, std::span<const uint8_t> record);
[[nodiscard]] std::vector<uint8_t> canonical(uint64_t sequence, base::utc_time at, std::string_view event,
                                             std::span<const store::field> fields);

[[nodiscard]] store::options options_in(const std::string& root, const std::string& vfs = "");
// Fails the test when it cannot be opened.
[[nodiscard]] std::unique_ptr<store::store> open_in(const std::string& root, const std::string& vfs = "");
// What opening says when it refuses; fails the test when it does not.
[[nodiscard]] std::string refusal_in(const std::string& root);
inline std::string file_in(const std::string& root) { return root + "/store/grantd.db"; }

[[nodiscard]] store::grant a_grant(const std::string& person = "alice", int64_t made_us = 1'000'000);
// One batch each; fail the test when refused.
uint64_t add(store::store& s, const store::grant& g = a_grant());
void end(store::store& s, uint64_t number, store::state how = store::state::revoked);
// Alice asks for an hour of orders-db; two signatures are needed.
[[nodiscard]] store::request a_request(const std::string& person = "alice", int64_t made_us = 1'000'000);
[[nodiscard]] store::approval an_approval(const std::string& person = "bob");  // signed, for a minute
uint64_t ask(store::store& s, const store::request& r = a_request());          // in a batch of its own
// One change in a batch of its own; what it said.
template <class change>
auto in_batch(store::store& s, change what) {
  TEST_ASSERT_TRUE(s.begin().has_value());
  auto r = what();
  TEST_ASSERT_TRUE(s.commit(false).has_value());
  return r;
}
[[nodiscard]] std::vector<uint64_t> open_numbers(store::store& s);
// The audit from its first record to the last chains and has no gap.
void check_audit(store::store& s);
// check_slice until it is through.
[[nodiscard]] store::store::check_state check_all(store::store& s);

// Runs `body` in a child whose own mount namespace has a tmpfs at `where`; skips the test without root.
void in_private_tmpfs(const std::string& where, const std::string& mount_options,
                      const std::function<void()>& body);

// Runs SQL on the file with a connection of its own (the store must be closed); SQLite's message, "" when
// fine.
[[nodiscard]] std::string raw_sql(const std::string& root, const std::string& sql);

}  // namespace grantd::test
