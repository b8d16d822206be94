// SPDX-License-Identifier: Apache-2.0
// The daemon's memory of grants: every open one, and of those that ended in the last quarter of an hour the
// newest at each account, login point and role. What the table is made of. No I/O, no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/locks.h"
#include "daemon/open_grant.h"
#include "daemon/pool.h"
#include "decision/mapping.h"
#include "store/store.h"
#include "table/publisher.h"

namespace grantd::daemon {

struct ended_grant {
  open_grant was;
  store::state how = store::state::expired;
  base::utc_time ended;
  base::boot_time at;
  std::string by;
  std::string reason;
};

inline constexpr int64_t ended_kept_ns = 900 * base::ns_per_s;
inline constexpr size_t max_ended = 8192;  // beyond it the oldest are forgotten early
// Windows and endings of one account; what its windows and its locks leave free is for endings.
inline constexpr unsigned max_told_of_account = 56;

class windows : public table::source {
 public:
  windows(pool& names, locks& in_force) : pool_(names), locks_(in_force) {}

  [[nodiscard]] const std::map<uint64_t, open_grant>& open() const { return open_; }
  [[nodiscard]] const open_grant* find(uint64_t number) const;
  [[nodiscard]] const ended_grant* find_ended(uint64_t number) const;  // among those remembered
  [[nodiscard]] size_t ended_count() const { return ended_.size(); }

  // Room for one more window of each scope? Reserving counts them until add() or give_up().
  [[nodiscard]] bool reserve(scopes_id scopes);
  void give_up(scopes_id scopes);
  void add(open_grant g);  // its scopes were reserved
  // Loads what the store has: counted whatever the limit says (decide() ignores what is beyond it).
  void load(open_grant g);
  // `pressing`: the table alone knows of it, so it is kept and published until settled().
  void load_ended(ended_grant e, bool pressing = false);
  void settled();
  // `number` must be open. The ending is pressing: it is not on disk yet.
  const ended_grant& end(uint64_t number, store::state how, base::utc_time now, base::boot_time at,
                         std::string by, std::string reason);
  void forget_ended(base::boot_time now);  // those older than ended_kept_ns
  void clear();

  // May change times and in_force only.
  void each_open(const std::function<void(open_grant&)>& f);

  // The earliest end among those in force; nothing when none is.
  [[nodiscard]] std::optional<base::boot_time> next_end() const;

  // Everything known about one account, as decide() wants it. Views live until the next change.
  [[nodiscard]] std::vector<decision::record> records_of(const decision::account& who) const;
  [[nodiscard]] size_t window_count() const;  // records of windows in force

  // table::source: call freeze() before a publication; it must not outlive the next change.
  // `locked`: endings and locks only.
  void freeze(int32_t utc_offset_s, bool locked);
  [[nodiscard]] size_t size() const override { return flat_.size() + flat_locks_.size(); }
  [[nodiscard]] decision::record at(size_t i) const override;
  void thaw();

 private:
  [[nodiscard]] decision::record window_record(const open_grant& g, const scope_ref& s) const;
  [[nodiscard]] decision::record ended_record(const ended_grant& e, const scope_ref& s) const;
  [[nodiscard]] decision::record lock_record(const locks::told& l) const;
  void freeze_locks();
  void count(const open_grant& g, bool in);
  void drop_ended(uint64_t order);
  void keep_few_ended();

  struct kept {
    ended_grant what;
    size_t newest = 0;  // scopes of which no later ending is known
    bool pressing = false;
  };
  pool& pool_;
  locks& locks_;
  std::map<uint64_t, open_grant> open_;
  std::map<uint64_t, kept> ended_;                   // by order of ending
  std::map<scope_ref, uint64_t> newest_;             // the order of the last ending; access left out
  std::unordered_map<uint64_t, uint64_t> order_of_;  // by grant number
  std::vector<uint64_t> pressing_;
  uint64_t next_order_ = 0;
  int32_t utc_offset_s_ = 0;
  struct flat {
    const open_grant* window;  // or
    const ended_grant* ended;
    const scope_ref* scope;
  };
  std::vector<flat> flat_;
  std::vector<locks::told> flat_locks_;
};

}  // namespace grantd::daemon
