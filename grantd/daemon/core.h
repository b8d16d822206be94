// SPDX-License-Identifier: Apache-2.0
// The daemon without its sockets: state, batches, publication, clock, policy. One thread. Does no I/O of its
// own beyond store, table and clock_source; never logs (what should be logged is handed out by take_lines()).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/last_table.h"
#include "daemon/locks.h"
#include "daemon/memberships.h"
#include "daemon/pending.h"
#include "daemon/publication.h"
#include "daemon/rate.h"
#include "daemon/roster.h"
#include "daemon/submissions.h"
#include "daemon/timekeeper.h"
#include "daemon/varlink.h"
#include "daemon/windows.h"
#include "proof/allowed_signers.h"
#include "service/log.h"
#include "store/store.h"

namespace grantd::daemon {

using service::level;

struct node_identity;

struct finished {
  ticket to;
  reply answer;
};

struct event {
  std::string name;  // "grant", "revoke", "give-back", "expire", "request", "approve", ...
  std::string person;
  json::value grant{};              // null: none
  json::value request{};            // null: none
  std::vector<std::string> also{};  // people whom it concerns besides: approvers, those told of break-glass
};

// What the policy's files say now, and who that is on this host.
struct loaded_policy {
  std::shared_ptr<const policy::policy> policy;
  uid_map uids;
  std::vector<proof::allowed_signer> signers;
};

// A policy was taken over; what it ended holds with the next turn, and then that is said.
struct reload_answer {
  ticket to = 0;
  reply done;
};

struct settings {
  base::boot_id boot{};
  std::string table;  // path
  gid_t group = static_cast<gid_t>(-1);
  base::siphash_key key;  // random
  int32_t utc_offset_s = 0;
  std::string policy_file;                                  // for messages
  int64_t pending_us = int64_t{8} * 3600 * base::us_per_s;  // then a request that nobody answered lapses
  // What one person may change about requests at once; one more a minute after that. Each makes the store
  // grow.
  unsigned words_at_once = 60;
  // Reads the policy's files again, for ReloadPolicy; the error says every mistake.
  std::function<std::expected<loaded_policy, std::string>()> read_policy{};
  std::shared_ptr<const node_identity> node{};  // signs checkpoints; null: nobody
};

class core {
 public:
  core(settings s, clock_source& clock, std::unique_ptr<store::store> truth);

  // Takes over what the store has, records the start, publishes. Policy first.
  void start();
  // Records the stop. The table stays: logins go on.
  void stop();

  // A valid policy: a grant of which it no longer gives every account, point, role and access ends with the
  // next turn. It never widens one that was given.
  void take_policy(loaded_policy fresh);
  // How often the policy's files were read: whoever spoke for somebody comes again then.
  [[nodiscard]] uint64_t readings() const { return readings_; }
  // What a policy would end, changing nothing: open grants, and pending requests.
  struct losses {
    struct lost {
      uint64_t number;
      std::string_view why;
    };
    std::vector<lost> grants;
    std::vector<uint64_t> requests;
  };
  [[nodiscard]] losses lost_by(const loaded_policy& fresh);
  // The file is absent, empty or bad: the old policy stays (at start: none), nothing opens by it, nothing
  // ends.
  void policy_failed(std::string why);
  // Whose word counts about what was given in other systems; nothing: nobody's.
  void set_provisioner(std::optional<uid_t> uid) { provisioner_ = uid; }
  [[nodiscard]] bool is_provisioner(uid_t uid) const { return uid != 0 && provisioner_ == uid; }
  void set_pending_us(int64_t us) { settings_.pending_us = us; }
  void set_utc_offset(int32_t seconds) { settings_.utc_offset_s = seconds, dirty_ = true; }

  // --- Changes: gathered, then made by one turn() together; answers come out of that turn. ---
  void submit(open_request r) { opens_.push_back(std::move(r)); }
  void submit(end_request r) { ends_.push_back(std::move(r)); }
  void submit(unlock_request r) { unlocks_.push_back(std::move(r)); }
  void submit(lock_request r) { asked_locks_.push_back(std::move(r)); }
  void submit(lock_end_request r) { asked_lock_ends_.push_back(std::move(r)); }
  void submit(ask a) { asks_.push_back(std::move(a)); }
  void submit(word w) { words_.push_back(std::move(w)); }
  void submit(review_request r) { reviews_.push_back(std::move(r)); }
  void submit(reload_answer r) { reloads_.push_back(std::move(r)); }
  // What guests saw, for the audit chain, with the next turn that has room; at most max_notes wait. false:
  // there was no room for it. `once`: as store::note has it; what has a record of that name gets no second.
  bool note(std::string event, std::vector<std::pair<std::string, std::string>> fields,
            std::string once = {});
  // Every window of that account at that point which starts with its first use has had it now, whichever
  // grant the login was let in by.
  void logged_in(const login& l);
  // A checkpoint that was signed, for the chain.
  void keep_checkpoint(std::string text) { keep_note("checkpoint", {{"text", std::move(text)}}); }
  // What has happened, but has no audit record yet.
  [[nodiscard]] bool unrecorded() const { return !notes_.empty() || not_durable() != 0; }
  // Up to there the audit stands in its file: the store is told with the next batch.
  void exported(uint64_t sequence) { exported_ = sequence; }
  // Expiry, steps of the clock and all that was submitted. When it returns, the answers are true: what they
  // acknowledge is in the store, its anchor and the table.
  [[nodiscard]] std::vector<finished> turn();
  [[nodiscard]] bool has_work() const {
    return dirty_ || !opens_.empty() || !ends_.empty() || !unlocks_.empty() || !asked_locks_.empty() ||
           !asked_lock_ends_.empty() || !asks_.empty() || !words_.empty() || !reviews_.empty() ||
           !reloads_.empty() || provision_changed_ || store_->locked() != published_lock_;
  }

  // --- grantd-provision (provisioning.cc): what it says is taken at once, what follows comes of a turn ---
  struct provision_work {
    uint64_t number;
    std::string_view step, system, account, role;
  };
  [[nodiscard]] uint64_t listen_for_work(const std::vector<std::string>& systems);
  void hang_up(uint64_t listener);
  void work_done(uint64_t number);
  void work_failed(uint64_t number, std::string why);
  void work_listed(uint64_t number, const std::vector<std::pair<std::string, std::string>>& part, bool last);
  [[nodiscard]] std::vector<provision_work> take_work();
  [[nodiscard]] const class memberships& memberships() const { return memberships_; }
  // Why a window that has begun lets nobody in yet; empty: it does, or that is not why.
  [[nodiscard]] std::string why_opening(const open_grant& g, bool may_see) const;
  // Something has failed and the next second tries again.
  [[nodiscard]] bool troubled() const;
  void retry() { retry_ = true; }

  // --- Root's own, at once ---
  [[nodiscard]] reply accept_clock(const std::string& by);

  // --- Looked at by the handlers ---
  [[nodiscard]] const windows& grants() const { return windows_; }
  [[nodiscard]] const class locks& locks() const { return locks_; }
  [[nodiscard]] const pending_requests& pending() const { return pending_; }
  [[nodiscard]] const pool& names() const { return pool_; }
  [[nodiscard]] const roster& people() const { return roster_; }
  [[nodiscard]] const timekeeper& time() const { return time_; }
  [[nodiscard]] const publication& table() const { return publication_; }
  [[nodiscard]] store::store& truth() { return *store_; }
  // Nothing: it is open, or there is none, or none that could be read.
  [[nodiscard]] std::optional<store::state> how_ended(uint64_t grant) const;
  [[nodiscard]] const settings& set() const { return settings_; }
  [[nodiscard]] base::utc_time started() const { return started_; }
  // Ends and locks that are in force, but not on disk yet.
  [[nodiscard]] size_t not_durable() const { return undurable_.size() + locks_.undurable(); }
  [[nodiscard]] bool not_durable(uint64_t number) const;  // it has ended, but not on disk yet
  // Nothing of the store is in memory: LOCKED, or it could not be read.
  [[nodiscard]] bool nothing_loaded() const {
    return unread_ || (store_->locked() != store::lock_reason::none && windows_.open().empty());
  }
  [[nodiscard]] json::value store_state();  // what the method Store answers
  [[nodiscard]] store::store::check_state check() const { return check_; }
  void refresh_clock() { time_.read(); }

  // One slice of the store's check; call it when there is nothing else to do. false: nothing left to check.
  bool check_slice();
  [[nodiscard]] std::optional<base::boot_time> next_end() const { return next_end_; }
  [[nodiscard]] bool must_exit() const { return must_exit_; }  // fsync failed: start again from disk
  [[nodiscard]] std::vector<event> take_events() { return std::exchange(events_, {}); }
  struct line {
    level at;
    std::string text;
    bool recorded = false;  // an audit record says the same: the journal needs one of the two
  };
  [[nodiscard]] std::vector<line> take_lines() { return std::exchange(lines_, {}); }

 private:
  struct ending {
    uint64_t number;
    store::state how;
    std::string by;
    std::string reason;
    base::utc_time at;
  };
  static constexpr size_t no_draft = static_cast<size_t>(-1);
  struct opening {
    const open_request* asked;  // null: of a request
    store::grant record;
    scopes_id scopes;
    size_t of = no_draft;  // the request it grants
    bool invalid = false;  // the store's own rules refuse it
  };
  // A request as this turn leaves it, once the store has it. Until then memory is as it was.
  struct draft {
    store::request is{};  // its state: what it becomes; ended_* where it ends
    bool is_new = false;
    size_t known_approvals = 0;  // those that the store has
    bool opens = false;          // granted by an opening of this turn
    std::vector<ticket> waiting{};
    std::vector<std::string> events{};  // what happened to it, for those who watch
    bool invalid = false;               // the store's own rules refuse it
  };
  struct waiting_end {
    ticket to;
    json::value grants{json::value::array{}};
    uint64_t already = 0;  // the number asked for, ended by somebody else
  };
  struct waiting_unlock {
    ticket to;
    std::optional<reply> refused;
  };
  struct lock_ending {
    uint64_t number;
    std::string by;
    base::utc_time at;
  };
  struct waiting_lock {
    ticket to;
    uint64_t number;
  };
  struct waiting_lock_end {
    ticket to;
    json::value locks{json::value::array{}};
  };
  struct pending_note {
    std::string event;
    std::vector<std::pair<std::string, std::string>> fields;
    base::utc_time at;
    bool of_guests;
    std::string once{};
  };

  void load();
  void remember(const last_table& last);
  void end_again(const std::string& by);
  void take_from_store(const std::string& why);
  [[nodiscard]] std::optional<reply> unlock_now(const std::string& by);
  [[nodiscard]] open_grant in_memory(store::grant& g);
  void keep_note(std::string event, std::vector<std::pair<std::string, std::string>> fields);
  void load_open(store::grant&& g);
  void load_ended();
  void end_those_without_policy();
  void map_again(decision::trust how, std::string_view why);
  void bring_into_force();
  void expire();
  [[nodiscard]] std::optional<base::boot_time> earliest_end() const;
  // requesting.cc
  [[nodiscard]] bool load_pending();
  void resolve_asks(std::vector<opening>& opens, std::vector<finished>& out);
  [[nodiscard]] std::expected<void, reply> consider(const ask& a, std::vector<opening>& opens,
                                                    std::vector<finished>& out);
  [[nodiscard]] losses lost_by(const roster& people);
  [[nodiscard]] bool still_promised(const roster& people, const open_grant& g);
  [[nodiscard]] std::expected<void, reply> prolong(ask& a) const;
  [[nodiscard]] std::expected<void, reply> measure(ask& a, int64_t from) const;
  // What the relay that carries it may not ask for, whatever the rules would give its person.
  [[nodiscard]] std::optional<reply> refused_through_relay(const ask& a);
  // How the grant that a request extends ended, where nothing can go on from that: revoked, given back, or
  // nobody knows.
  [[nodiscard]] std::optional<store::state> taken_away(const store::request& r) const;
  [[nodiscard]] std::string taken_away_text(const store::request& r, store::state how) const;
  void lapse_requests();
  [[nodiscard]] std::optional<reply> too_often(const std::string& person);
  [[nodiscard]] draft& draft_of(const store::request& r);
  // The window that a request asked for, `length` long; the draft is then granted by this turn.
  [[nodiscard]] std::expected<void, reply> open_for(draft& d, int64_t length, std::vector<opening>& opens);
  [[nodiscard]] bool drafts_changed() const;
  [[nodiscard]] std::expected<void, store::error> write_drafts();
  [[nodiscard]] std::expected<void, store::error> end_drafts(const std::vector<opening>& opens);
  void settle_drafts(const std::vector<opening>& opens, std::vector<finished>& out);
  void forget_if_over(uint64_t number);
  void refuse_drafts(const reply& why, std::vector<finished>& out);
  // repeated.cc
  // Whether `a`, from `start` on if it says when, asks for no more than what is open by such a request. It
  // has its answer then.
  [[nodiscard]] bool answered_before(const ask& a, std::optional<int64_t> start, std::vector<finished>& out);
  // approving.cc
  void resolve_words(std::vector<opening>& opens, std::vector<finished>& out);
  [[nodiscard]] std::expected<void, reply> take_word(const word& w, std::vector<opening>& opens);
  [[nodiscard]] std::expected<void, reply> approve(const word& w, draft& d, std::vector<opening>& opens);
  [[nodiscard]] std::expected<void, reply> may_begin(const store::request& r, const policy::rule& rule) const;
  [[nodiscard]] std::string help_with_key(const std::string& approver, const std::string& id) const;
  [[nodiscard]] std::expected<store::approval, reply> approval_of(const word& w, const store::request& r,
                                                                  const policy::rule& rule) const;
  // first_use.cc
  struct shortening {
    uint64_t number;
    base::utc_time not_after;
    base::boot_time end;
  };
  [[nodiscard]] std::expected<void, store::error> write_shortenings();
  // provisioning.cc
  [[nodiscard]] bool load_memberships();
  [[nodiscard]] std::set<membership> memberships_of(const open_grant& g) const;
  [[nodiscard]] bool locked_out(const open_grant& g) const;
  [[nodiscard]] bool wants_role(const open_grant& g) const;
  void want_memberships();
  [[nodiscard]] std::expected<void, store::error> write_memberships();
  void settle_memberships(bool quiet);
  [[nodiscard]] std::optional<base::boot_time> next_start() const;
  [[nodiscard]] std::string words(const membership& m) const;
  [[nodiscard]] bool too_strange(std::string_view name);
  // reviewing.cc
  struct waiting_review {
    ticket to;
    uint64_t grant;
  };
  [[nodiscard]] std::vector<waiting_review> resolve_reviews(std::vector<finished>& out);
  [[nodiscard]] std::expected<void, store::error> write_reviews();
  void settle_reviews(const std::vector<waiting_review>& waiting, std::vector<finished>& out);
  // locking.cc
  [[nodiscard]] bool load_locks();
  void load_lock(store::lock&& l);
  void bring_locks_into_force();
  void expire_locks();
  [[nodiscard]] std::optional<reply> lock_refused() const;
  [[nodiscard]] std::vector<waiting_lock> take_locks(std::vector<finished>& out);
  [[nodiscard]] std::vector<waiting_lock_end> resolve_lock_ends(std::vector<finished>& out);
  void lift_locks();  // those asked for: their ends are in the store
  [[nodiscard]] reply answer_lock(const waiting_lock& w) const;
  [[nodiscard]] reply answer_lock_end(waiting_lock_end& w) const;
  [[nodiscard]] std::string lock_warning(const open_grant& g) const;
  [[nodiscard]] std::string lock_warning(const store::request& r);  // of what it would open
  [[nodiscard]] std::expected<void, store::error> write_locks();
  [[nodiscard]] std::expected<void, store::error> write_lock_ends(const std::vector<lock_ending>& ends);
  void locks_written();
  json::value end_one(uint64_t number, store::state how, const std::string& by, const std::string& reason);
  void resolve_ends(std::vector<waiting_end>& waiting);
  [[nodiscard]] std::vector<opening> prepare_opens(std::vector<finished>& out);
  [[nodiscard]] std::expected<opening, reply> prepare(const open_request& asked);
  [[nodiscard]] std::optional<reply> nothing_opens() const;  // whatever is asked for
  // Whether [from, from + length) may begin then; the start, never in the past.
  [[nodiscard]] std::expected<int64_t, reply> start_of(std::optional<int64_t> from_us,
                                                       const std::string& without) const;
  // Room for its windows is reserved. `g` has everything but what is mapped.
  [[nodiscard]] std::expected<opening, reply> reserve(store::grant g);
  [[nodiscard]] std::expected<void, store::error> write(std::vector<opening>* opens);
  [[nodiscard]] std::expected<void, store::error> write_once(std::vector<opening>* opens, bool urgent);
  [[nodiscard]] std::expected<void, store::error> write_all(std::vector<opening>* opens, bool urgent);
  [[nodiscard]] std::expected<void, store::error> write_remaps();
  // What whoever opened `g` is told; `request`: the one it came of.
  [[nodiscard]] reply opened(const open_grant& g, json::value described,
                             std::optional<json::value> request = {}) const;
  void refuse_invalid(std::vector<opening>& opens, std::vector<finished>& out);
  [[nodiscard]] reply answer_end(waiting_end& w, bool durable);
  [[nodiscard]] reply answer_reload(reload_answer& r, bool durable) const;
  void refuse(std::vector<opening>& opens, store::error why, std::vector<finished>& out);
  void publish();
  void say(level at, std::string text) { lines_.push_back({at, std::move(text)}); }
  void say_recorded(level at, std::string text) { lines_.push_back({at, std::move(text), true}); }

  settings settings_;
  std::unique_ptr<store::store> store_;
  timekeeper time_;
  pool pool_;
  class locks locks_{pool_};
  windows windows_{pool_, locks_};
  class memberships memberships_;
  std::optional<uid_t> provisioner_;
  bool any_needs_role_ = false;  // some grant ever did: only then grants are looked through for it
  bool provision_changed_ = false;
  size_t strange_names_ = 0;  // that lists brought
  roster roster_;
  publication publication_;
  base::utc_time started_;
  std::vector<open_request> opens_;
  std::vector<end_request> ends_;
  std::vector<unlock_request> unlocks_;
  std::vector<lock_request> asked_locks_;
  std::vector<lock_end_request> asked_lock_ends_;
  std::vector<reload_answer> reloads_;
  std::vector<ask> asks_;
  std::vector<word> words_;
  std::vector<review_request> reviews_;
  pending_requests pending_;
  rate tried_{20, 1};                              // refused approvals that are logged
  std::map<std::string, rate, std::less<>> said_;  // by person of the policy
  std::deque<draft> drafts_;                       // of this turn
  std::vector<review_request> reviewing_;          // of this turn
  std::vector<shortening> shortened_;              // in force, not in the store yet
  std::vector<lock_ending> unlocking_;   // asked for in this turn: in the store first, then in the table
  std::vector<lock_ending> locks_over_;  // their time was up; not in the store yet
  std::vector<store::store::remapped_lock> lock_remaps_;
  std::map<uint64_t, store::state> ended_before_;  // by the last table; not compared with the store yet
  std::vector<ending> undurable_;                  // in force, not in the store yet
  std::vector<store::store::remapped> remaps_;     // published, not in the store yet
  std::vector<pending_note> notes_;
  std::vector<event> events_;
  std::vector<line> lines_;
  std::string remap_why_;
  std::optional<base::boot_time> next_end_;
  base::boot_time high_water_written_{};
  store::store::check_state check_ = store::store::check_state::more;
  store::lock_reason published_lock_ = store::lock_reason::none;
  uint64_t exported_ = 0;
  uint64_t readings_ = 0;
  bool look_again_ = true;  // pending requests have not been looked at since what may end them changed
  bool dirty_ = false;      // the table no longer says what is true
  bool unread_ = false;     // the store could not be read; nothing of it is open
  bool retry_ = false;
  bool must_exit_ = false;
  bool was_behind_ = false;
  bool store_failed_ = false;  // said once
};

inline constexpr size_t max_notes = 1000;
inline constexpr size_t max_strange_names = 10'000;  // names are never forgotten
inline constexpr int64_t high_water_every_ns = 60 * base::ns_per_s;

}  // namespace grantd::daemon
