// SPDX-License-Identifier: Apache-2.0
// Names and scope sets kept once.
#include "daemon/pool.h"

namespace grantd::daemon {

namespace {
uint64_t account_key(uint8_t proved_by, text_id name) { return (uint64_t{proved_by} << 32) | name; }
}  // namespace

pool::pool() { (void)put(std::string_view{}); }

text_id pool::put(std::string_view text) {
  auto known = text_index_.find(text);
  if (known != text_index_.end()) return known->second;
  auto id = static_cast<text_id>(texts_.size());
  texts_.emplace_back(text);
  text_index_.emplace(texts_.back(), id);
  return id;
}

account_id pool::put_account(uint8_t proved_by, std::string_view name) {
  text_id text = put(name);
  auto [at, fresh] =
      account_index_.emplace(account_key(proved_by, text), static_cast<account_id>(accounts_.size()));
  if (fresh) accounts_.push_back({static_cast<decision::identity_class>(proved_by), text, 0, {}, {}});
  return at->second;
}

scopes_id pool::put(const std::vector<policy::scope>& scopes) {
  std::vector<scope_ref> set;
  set.reserve(scopes.size());
  for (const policy::scope& s : scopes) {
    // Nothing holds a shell to reading: were there two accesses, the end of one would put out who has the
    // other.
    const bool writes = s.read_write && s.where.where != policy::login_point::kind::pam;
    set.push_back({put_account(s.proved_by, s.account), put(s.where.place), put(s.where.database),
                   put(s.role), put(s.member_of), static_cast<decision::point_kind>(s.where.where),
                   s.where.any_database, s.where.replication,
                   writes ? decision::access::read_write : decision::access::read_only});
  }
  auto id = static_cast<scopes_id>(sets_.size());
  sets_.push_back(std::move(set));
  auto [at, fresh] = set_index_.insert(id);
  if (!fresh) sets_.pop_back();
  return *at;
}

const pool::account* pool::find(const decision::account& who) const {
  auto text = text_index_.find(who.name);
  if (text == text_index_.end()) return nullptr;
  auto known = account_index_.find(account_key(static_cast<uint8_t>(who.proved_by), text->second));
  return known == account_index_.end() ? nullptr : &accounts_[known->second];
}

account_id pool::id_of(const account& a) const {
  return account_index_.at(account_key(static_cast<uint8_t>(a.proved_by), a.name));
}

decision::record pool::as_record(const scope_ref& s) const {
  decision::record r{};
  const account& who = accounts_[s.account];
  r.who = {who.proved_by, text(who.name)};
  r.where = {s.kind, text(s.place), text(s.database), false, s.any_database, s.replication};
  r.role = text(s.role);
  r.access = s.access;
  return r;
}

}  // namespace grantd::daemon
