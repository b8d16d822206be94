// SPDX-License-Identifier: Apache-2.0
// Names and scope sets kept once, so that an open window costs few bytes. Never forgets: what goes in is
// bounded by the people and resources that policies have named.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decision/decide.h"
#include "policy/policy.h"

namespace grantd::daemon {

using text_id = uint32_t;
using account_id = uint32_t;
using scopes_id = uint32_t;

struct scope_ref {
  account_id account;
  text_id place;
  text_id database;
  text_id role;
  text_id member_of;  // what the role is made a member of; the empty text: nothing
  decision::point_kind kind;
  bool any_database;
  bool replication;
  decision::access access;
  friend auto operator<=>(const scope_ref&, const scope_ref&) = default;
};

class pool {
 public:
  pool();
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  [[nodiscard]] text_id put(std::string_view text);
  [[nodiscard]] bool has(std::string_view text) const { return text_index_.contains(text); }
  [[nodiscard]] scopes_id put(const std::vector<policy::scope>& scopes);

  // Views and references live as long as the pool.
  [[nodiscard]] std::string_view text(text_id id) const { return texts_[id]; }
  [[nodiscard]] const std::vector<scope_ref>& scopes(scopes_id id) const { return sets_[id]; }

  // What is known of one account: who it is, and what counts for it now (kept by `windows`).
  struct account {
    decision::identity_class proved_by;
    text_id name;
    uint32_t windows = 0;          // records in the table, those reserved included
    std::vector<uint64_t> grants;  // numbers of open grants that name it
    std::vector<uint64_t> ended;   // orders of endings that name it, oldest first
  };
  [[nodiscard]] account& at(account_id id) { return accounts_[id]; }
  [[nodiscard]] const account& at(account_id id) const { return accounts_[id]; }
  [[nodiscard]] const account* find(const decision::account& who) const;
  [[nodiscard]] account_id id_of(const account& a) const;

  // The scope as a record's fields; times, grant and kind are the caller's.
  [[nodiscard]] decision::record as_record(const scope_ref& s) const;

 private:
  account_id put_account(uint8_t proved_by, std::string_view name);
  struct by_content {
    const std::deque<std::vector<scope_ref>>* sets;
    bool operator()(scopes_id a, scopes_id b) const { return (*sets)[a] < (*sets)[b]; }
  };

  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, text_id> text_index_;
  std::deque<account> accounts_;
  std::unordered_map<uint64_t, account_id> account_index_;
  std::deque<std::vector<scope_ref>> sets_;
  std::set<scopes_id, by_content> set_index_{by_content{&sets_}};
};

}  // namespace grantd::daemon
