// SPDX-License-Identifier: Apache-2.0
// The truth: grants, their scopes, requests and approvals, the audit chain, the clock's high-water mark, in
// one SQLite file (DESIGN section 6). The only library that includes sqlite3.h. One process, one thread.
#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/boot_id.h"
#include "base/time.h"
#include "decision/decide.h"
#include "decision/mapping.h"
#include "policy/policy.h"

namespace grantd::store {

using digest = std::array<uint8_t, 32>;

enum class state : uint8_t {
  open = 0,
  expired = 1,
  revoked = 2,
  given_back = 3
};  // 1.. are decision::ending

struct grant {
  uint64_t number = 0;
  std::string person;
  std::string resource;
  base::utc_time not_before;
  base::utc_time not_after;
  base::utc_time made;
  std::string made_by;  // a person's name, or "root"
  std::string reason;
  store::state state = state::open;
  base::utc_time ended{};  // when state left `open`
  std::string ended_by;
  std::string ended_reason;
  decision::boot_window mapped{};  // in the boot `mapped_boot`; what was published
  base::boot_id mapped_boot{};
  std::vector<policy::scope> scopes;  // frozen when granted
  uint64_t request = 0;               // that it came of; 0: somebody with the right "grant" opened it
  bool break_glass = false;
  std::string reviewed_by;  // who signed a break-glass grant off; empty: nobody yet
  base::utc_time reviewed{};
  std::optional<int64_t> first_use_us;  // the window is cut to this length at the first login
};

// One person's word for a request.
struct approval {
  std::string person;
  base::utc_time at;
  int64_t for_us = 0;     // what was approved: the request's length or less
  std::string key;        // "ssh-ed25519 AAAA..." ; empty: by uid only
  std::string signature;  // armoured SSHSIG; empty: by uid only
  std::string text;       // the bytes that were signed
  std::string by;         // who handed it in; of the audit alone
};

// What somebody asked for, until it is granted, denied, cancelled or lapses.
struct request {
  enum class state : uint8_t { pending = 0, granted = 1, denied = 2, cancelled = 3, lapsed = 4 };
  uint64_t number = 0;
  std::string person;
  std::string resource;
  std::string role;  // empty: none in particular
  std::string reason;
  bool read_write = false;
  bool break_glass = false;
  bool first_use = false;
  bool is_signed = true;  // approvals must be signatures
  unsigned needs = 0;     // approvals
  int64_t for_us = 0;
  std::optional<base::utc_time> start;  // asked for; else at approval
  std::optional<base::utc_time> until;  // the end at the latest, however late it is approved
  uint64_t extends = 0;                 // the grant it prolongs; 0: none. Such a request has `until`
  std::string rule;
  std::string made_by;  // the person, or who spoke for them
  base::utc_time made;
  base::utc_time lapses;
  std::vector<policy::scope> scopes;  // frozen when asked
  state is = state::pending;
  base::utc_time ended{};
  std::string ended_by;
  std::string ended_reason;
  uint64_t grant = 0;               // of a granted one
  std::vector<approval> approvals;  // one a person, in the order they came
};

// An account's membership in a role of some system, which grants ask for.
struct membership {
  std::string system;
  std::string account;
  std::string role;
  bool given = false;  // false: it may be there, or not
};

// Everybody of a person, a resource or all is refused until it ends (PROTOCOL.md section 3, "A lock").
struct lock {
  enum class what : uint8_t { person = 1, resource = 2, all = 3 };
  uint64_t number = 0;
  what subject = what::person;
  std::string name;     // of the person or the resource; empty: all
  std::string message;  // 1 to 80 bytes
  base::utc_time from;
  base::utc_time until;
  std::string made_by;
  base::boot_time mapped_end{};  // in the boot `mapped_boot`; what was published
  base::boot_id mapped_boot{};
};

enum class error : uint8_t {
  not_found,  // no such grant, no such lock
  not_open,   // it has ended already; the first end stands
  full,       // no space: nothing was changed
  io,         // any other failure of the file; nothing was changed
  fatal,      // fsync failed: exit and start again from disk; every later call says the same
  locked,     // the store is LOCKED; also when this very call found the file corrupt (look at locked())
  invalid,    // what was asked for breaks the schema's own rules
};
// What was to be ended is over already: done.
constexpr bool is_over(error e) { return e == error::not_found || e == error::not_open; }

// Why a store may not be used. The daemon then publishes a LOCKED table and still answers.
enum class lock_reason : uint8_t {
  none = 0,
  corrupt,         // quick_check, or SQLite cannot read it: `grantctl store repair` text in the message
  behind_anchor,   // an older copy than the anchor knows
  anchor_missing,  // not empty, yet no anchor
  anchor_corrupt,
  other_schema,  // written by a newer grantd
};

struct open_failure {  // could not even be opened: symlink, network file system, wrong owner or mode,
                       // EROFS...
  std::string what;
};

// previous digest, record bytes -> digest; injected so that this library needs no cryptography.
using chain_function = std::function<digest(const digest&, std::span<const uint8_t>)>;
// sequence, time, event, fields -> record bytes
using field = std::pair<std::string_view, std::string_view>;
using canonical_function =
    std::function<std::vector<uint8_t>(uint64_t, base::utc_time, std::string_view, std::span<const field>)>;

struct options {
  std::string directory;  // made with mode 0700 if absent
  std::string anchor;     // path of the anchor file
  chain_function chain;
  canonical_function canonical;
  size_t reserve_bytes = 1 << 20;  // 0: none
  int checkpoint_frames =
      1000;              // pages of write-ahead log that are copied into the database by the next begin()
  int cache_kib = 1024;  // of SQLite's pages in memory; more only where memory is no concern
  // Nanoseconds that only grow, for check_slice(); empty: CLOCK_BOOTTIME.
  std::function<int64_t()> ticks{};
  std::string vfs{};  // SQLite's VFS by name; empty: the default (tests put a failing one here)
};

enum class reserve_state : uint8_t {
  held,
  none,     // options say so
  not_yet,  // given up, or never tried (a LOCKED store): the next restore_reserve() tries
  no_room,  // tried, and the file system did not give the blocks
};

struct audit_row {
  uint64_t sequence;
  base::utc_time at;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  digest chained;
};

class store {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<store>, open_failure> open(options o);
  ~store();
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  // LOCKED: reads may still work, every change is refused with error::locked.
  [[nodiscard]] lock_reason locked() const;
  [[nodiscard]] std::string locked_text() const;  // what a human needs to know, and the command
  // After a human looked: takes the store as it is for the truth, writes the anchor anew. corrupt stays
  // locked.
  [[nodiscard]] std::expected<void, error> unlock(std::string_view by, base::utc_time now);

  // --- Changes. All of them belong to a batch: begin, any number of changes, commit. A change that fails
  // leaves the batch as it was before that change. Each writes its audit record in the same transaction. ---
  [[nodiscard]] std::expected<void, error> begin();
  [[nodiscard]] std::expected<uint64_t, error> add_grant(
      const grant& g);  // g.number ignored; returns the new one
  [[nodiscard]] std::expected<void, error> end_grant(uint64_t number, state how, std::string_view by,
                                                     std::string_view reason, base::utc_time now);
  // Mapping anew after a clock step or a new boot; audited once for all.
  struct remapped {
    uint64_t number;
    decision::boot_window mapped;
  };
  [[nodiscard]] std::expected<void, error> remap(std::span<const remapped> grants, const base::boot_id& boot,
                                                 std::string_view why, base::utc_time now);
  // Anything else worth keeping: "start", "stop", "policy", "clock-accept", "break-glass", ... `once` names
  // what may be told again after a restart (empty: nothing is); invalid: there is a record of that name.
  [[nodiscard]] std::expected<void, error> note(std::string_view event, std::span<const field> fields,
                                                base::utc_time now, std::string_view once = {});
  // Is there a record of that name, the open batch's included? false where that cannot be read: note() will
  // tell.
  [[nodiscard]] bool noted(std::string_view once);
  // The number is the caller's, next_lock() at least: a lock is in the table before it is here.
  [[nodiscard]] std::expected<void, error> add_lock(const lock& l);
  [[nodiscard]] std::expected<void, error> end_lock(uint64_t number, std::string_view by, base::utc_time now);
  // In a later boot: where on its BOOTTIME these locks end. Audited once for all.
  struct remapped_lock {
    uint64_t number;
    base::boot_time end;
  };
  [[nodiscard]] std::expected<void, error> remap_locks(std::span<const remapped_lock> locks,
                                                       const base::boot_id& boot, std::string_view why,
                                                       base::utc_time now);
  // Requests. The number of add_request is ignored; the new one is returned. It begins pending, without
  // approvals, and lapses no earlier than it was made. One that is granted at once (self-service,
  // break-glass) is added and granted in one batch: add_request, add_grant with grant.request, end_request
  // (granted). invalid: it prolongs a grant of another person or resource.
  [[nodiscard]] std::expected<uint64_t, error> add_request(const request& r);
  // One a person and request: a second one is error::invalid, as are the person's own, a longer one than was
  // asked for, and one without a signature where those are asked for. not_open: the request has ended.
  [[nodiscard]] std::expected<void, error> add_approval(uint64_t request, const approval& a);
  // not_open: it has ended already; the first end stands. `grant` is 0 unless `how` is granted; then it is
  // the one whose `request` this is, and as many approvals as the request needs are there, or it is
  // error::invalid.
  [[nodiscard]] std::expected<void, error> end_request(uint64_t number, request::state how,
                                                       std::string_view by, std::string_view reason,
                                                       uint64_t grant, base::utc_time now);
  // Somebody else signs a break-glass grant off. invalid: it is none, was signed off before, or `by` is its
  // person.
  [[nodiscard]] std::expected<void, error> review(uint64_t grant, std::string_view by, std::string_view note,
                                                  base::utc_time now);
  // The first login: the window ends earlier than it did. invalid: it would end later, by either clock. The
  // same end again is done already: no record.
  [[nodiscard]] std::expected<void, error> shorten(uint64_t grant, base::utc_time not_after,
                                                   base::boot_time mapped_end, std::string_view why,
                                                   base::utc_time now);
  // The membership may be there from now on (no record of its own), or is given ("member"). Again: changes
  // it.
  [[nodiscard]] std::expected<void, error> set_membership(const membership& m, base::utc_time now);
  // It was taken back ("member-end"). not_found: it was not there.
  [[nodiscard]] std::expected<void, error> end_membership(const membership& m, base::utc_time now);
  // Up to which record the audit has been written out (at least once; for the NDJSON file). No record of its
  // own. invalid: there is no such record yet.
  [[nodiscard]] std::expected<void, error> set_exported(uint64_t sequence);
  [[nodiscard]] std::expected<void, error> set_high_water(base::utc_time mark, base::boot_time at,
                                                          const base::boot_id& boot);
  // Durable when it returns: WAL fsynced, then the anchor. `urgent` (a revocation is in the batch): on a full
  // disk the reserve is given up to make room. On `full` or `io` the batch is rolled back whole and may be
  // tried again; on `fatal` the process must exit.
  [[nodiscard]] std::expected<void, error> commit(bool urgent);
  void rollback() noexcept;
  // Makes the reserve again if it was given up and there is room. Cheap when there is nothing to do.
  void restore_reserve() noexcept;
  [[nodiscard]] bool reserve_given_up() const;  // held or none: false
  [[nodiscard]] reserve_state reserve() const;

  // --- Reads ---
  // Every grant whose state is `open`, scopes included; false from `each` stops.
  [[nodiscard]] std::expected<void, error> each_open(const std::function<bool(grant&&)>& each);
  // Grants that ended at or after `since`, newest first, at most `limit`; for `ended` records and listings.
  [[nodiscard]] std::expected<std::vector<grant>, error> ended_since(base::utc_time since, size_t limit);
  [[nodiscard]] std::expected<grant, error> find(uint64_t number);
  // Every lock that has not ended, oldest first; false from `each` stops.
  [[nodiscard]] std::expected<void, error> each_lock(const std::function<bool(lock&&)>& each);
  [[nodiscard]] std::expected<void, error> each_membership(const std::function<bool(membership&&)>& each);
  [[nodiscard]] uint64_t next_lock() const;  // the least number that no lock has had
  struct filter {
    std::string person{};    // empty: all
    std::string resource{};  // empty: all
    bool open_only = true;
    size_t limit = 1000;
  };
  [[nodiscard]] std::expected<std::vector<grant>, error> list(const filter& f);  // newest first
  // Works on a store that is LOCKED, also as corrupt, as long as SQLite can read the rows: an auditor's
  // verdict must not depend on ours. Rows stop before the first that cannot be read; asked for the rows from
  // that one on, it says error::locked (and the store is then LOCKED as corrupt). So fewer rows than `limit`
  // are not the end: an empty answer is.
  [[nodiscard]] std::expected<std::vector<audit_row>, error> audit(uint64_t after_sequence, size_t limit);
  // Every pending request, oldest first; false from `each` stops. Whoever reads requests gets their approvals
  // with them.
  [[nodiscard]] std::expected<void, error> each_pending(const std::function<bool(request&&)>& each);
  [[nodiscard]] std::expected<request, error> find_request(uint64_t number);
  struct request_filter {
    std::string person{};    // empty: all
    std::string resource{};  // empty: all
    bool pending_only = true;
    base::utc_time ended_since{};  // of those that are over; beside them the pending ones
    size_t limit = 1000;
  };
  [[nodiscard]] std::expected<std::vector<request>, error> requests(const request_filter& f);  // newest first
  // Requests by that rule which were granted without an approval, and whose windows began, or will begin,
  // between the two: `start` where one was asked for, else when they were made.
  [[nodiscard]] std::expected<unsigned, error> self_service_between(std::string_view person,
                                                                    std::string_view rule,
                                                                    base::utc_time after,
                                                                    base::utc_time before);
  // Requests made since then whose `made_by` ends with `suffix`: how many a relay carried, as far as `most`.
  // Reads what was made since, newest first, until it has so many.
  [[nodiscard]] std::expected<unsigned, error> carried_since(std::string_view suffix, base::utc_time since,
                                                             unsigned most);
  // When they began, or will, from `after` on; at most 10000 of them.
  [[nodiscard]] std::expected<std::vector<base::utc_time>, error> self_service_begins(std::string_view person,
                                                                                      std::string_view rule,
                                                                                      base::utc_time after);
  // Break-glass grants that nobody has signed off, ended ones too, newest first.
  [[nodiscard]] std::expected<std::vector<grant>, error> unreviewed(size_t limit);
  // Made once; names this host in what approvers sign. Zeros while there is no store that can be read.
  [[nodiscard]] std::array<uint8_t, 16> uuid() const;
  [[nodiscard]] uint64_t exported() const;
  struct high_water_row {
    base::utc_time mark;
    base::boot_time at;
    base::boot_id boot;
  };
  [[nodiscard]] std::optional<high_water_row> high_water();  // nothing in a new store
  [[nodiscard]] uint64_t sequence() const;                   // of the last audit record
  [[nodiscard]] digest head() const;
  struct summary {
    uint64_t schema, grants, open, records, file_bytes, reserve_bytes;
  };
  // Costs the same however many grants there are.
  [[nodiscard]] std::expected<summary, error> summarise();

  // One slice of the check of everything: schema, pages, grants, locks, requests, approvals and reviews with
  // their indices, audit chain. It
  // stops at the first row after a millisecond, or after some dozen rows: 2 ms at most while the disk
  // answers. The caller asks again and again whenever it has nothing else to do, a few milliseconds apart,
  // until `done`: 1,000,000 grants are some 35,000 slices. Inside a batch it does nothing. `corrupt` locks
  // the store.
  enum class check_state : uint8_t { more, done, corrupt };
  [[nodiscard]] check_state check_slice();

 private:
  struct impl;
  explicit store(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace grantd::store
