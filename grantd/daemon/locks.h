// SPDX-License-Identifier: Apache-2.0
// The daemon's memory of locks in force, and what each account's lock records in the table are (PROTOCOL.md
// section 3, "A lock"). No I/O, no clock.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "daemon/open_grant.h"
#include "store/store.h"

namespace grantd::daemon {

// More are refused: each costs memory, and every publication a look.
inline constexpr size_t max_locks = 1000;
// Records of one account. With the windows it may have they leave room in the table for endings; locks of
// more login points than this become locks of broader ones.
inline constexpr size_t max_locks_of_account = 16;

struct lock_in_force {
  store::lock is;           // mapped_end: when it is over, on this boot's BOOTTIME
  base::boot_time start{};  // when it began, or this boot
  bool mapped = true;       // false: the clock is behind; mapped_end is the latest it can be
  bool durable = false;     // in the store
  bool refused = false;     // the store's own rules refuse it: it is never durable
};

class locks {
 public:
  using open_grants = std::map<uint64_t, open_grant>;
  // Pointers to entries live until the entry is removed.
  using entries = std::map<uint64_t, lock_in_force>;

  explicit locks(pool& names) : pool_(names) {}
  locks(const locks&) = delete;
  locks& operator=(const locks&) = delete;

  [[nodiscard]] const entries& all() const { return entries_; }
  [[nodiscard]] const lock_in_force* find(uint64_t number) const;
  [[nodiscard]] bool by_name(std::string_view person, base::boot_time now) const;  // a lock of this person
  // Is this person, or everybody, locked now?
  [[nodiscard]] bool of_person(std::string_view person, base::boot_time now) const;
  [[nodiscard]] size_t undurable() const;
  void add(lock_in_force l);
  void remove(uint64_t number);
  void forget_durable();                                    // the store is read again
  void each(const std::function<void(lock_in_force&)>& f);  // may change times and flags only
  // When the next of those in the store is over.
  [[nodiscard]] std::optional<base::boot_time> next_end() const;

  // Whose account is whose, and the resources' login points. `policy` must live until the next call.
  void take_policy(const policy::policy* policy);

  // Does it refuse, now or at some login point, what this grant opens?
  [[nodiscard]] bool touches(const lock_in_force& l, const open_grant& g) const;

  // One lock record.
  struct told {
    decision::account who;
    decision::point_pattern where;
    const lock_in_force* lock;
    std::string_view text;  // the message, cut to what the record has room for
  };
  // Those of one account, at most max_locks_of_account, whatever there is: where several locks meet, the one
  // that ends last. `grants`: the numbers of open grants that name it. Views live until the next change.
  void tell(const decision::account& who, const open_grants& open, std::span<const uint64_t> grants,
            std::vector<told>& out);
  // Calls for every account of the policy that a lock of a person or of everybody concerns.
  void each_account(const std::function<void(const decision::account&)>& f) const;
  // Open grants have come or gone: what tell() remembers of their login points is old.
  void grants_changed() { looked_ = false; }

 private:
  struct point {  // of a login point; place and database are the pool's
    decision::point_kind kind;
    bool replication;
    bool any_place;
    bool any_database;
    text_id place;
    text_id database;
    friend auto operator<=>(const point&, const point&) = default;
  };
  struct candidate {
    point where;
    const lock_in_force* lock;
  };
  [[nodiscard]] static point point_of(const scope_ref& s);
  [[nodiscard]] point point_of(const policy::login_point& p);
  [[nodiscard]] static bool meet(const point& a, const point& b);
  [[nodiscard]] static point broader(point p);
  [[nodiscard]] point fitted(point p, size_t name_size) const;
  [[nodiscard]] size_t size_of(const point& p) const;
  void look(const open_grants& open);
  static void keep(std::vector<candidate>& all, const candidate& c);

  pool& pool_;
  entries entries_;
  const policy::policy* policy_ = nullptr;
  std::unordered_map<std::string, std::string_view> owner_;  // class and name of an account -> person
  // What look() found out.
  bool looked_ = false;
  const lock_in_force* of_all_ = nullptr;                       // the one that ends last
  std::map<std::string_view, const lock_in_force*> of_person_;  // the same
  std::map<std::tuple<decision::point_kind, bool, text_id>, std::vector<candidate>> at_place_;
};

}  // namespace grantd::daemon
