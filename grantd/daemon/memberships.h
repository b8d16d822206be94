// SPDX-License-Identifier: Apache-2.0
// Memberships that grants ask for in other systems: which are given, being given, being taken back. Says what
// grantd-provision has to do and takes what came of it. No I/O, no clock.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/pool.h"

namespace grantd::daemon {

struct membership {
  text_id system;
  text_id account;
  text_id role;
  friend auto operator<=>(const membership&, const membership&) = default;
};

// Those known and those listed together: a list that goes beyond is not believed.
inline constexpr size_t most_memberships = 50'000;
// Not taken back this long after its end: an alarm, so that it is there within the second.
inline constexpr int64_t leftover_after_ns = 900'000'000;

class memberships {
 public:
  enum class state : uint8_t {
    opening,  // grants want it; nobody has said yet that it is there
    given,
    closing,  // no grant wants it any more
    gone,     // it is not there; the store does not know yet
  };
  struct entry {
    state is = state::opening;
    std::optional<bool> stored{};  // as the store has it: given, or may be there
    bool missing = false;          // given, but the system does not have it: it is given again
    bool leftover = false;
    uint64_t work = 0;        // handed out under this number; 0: not to those who listen now
    base::boot_time since{};  // opening, closing
    std::string error{};      // of the last attempt; may quote what only those who see may read
  };

  // --- From the store, and what grants want now ---
  void load(const membership& m, bool given, base::boot_time now);
  void clear();
  // Every membership of a window that has begun and not ended. What is not among them is taken back.
  void want(const std::set<membership>& wanted, base::boot_time now);
  // It is there as far as anybody knows, and the store knows that we gave it: a window may be published.
  [[nodiscard]] bool settled(const membership& m) const;
  [[nodiscard]] const entry* find(const membership& m) const;
  [[nodiscard]] const std::map<membership, entry>& all() const { return all_; }

  // --- For the store ---
  struct change {
    membership of;
    std::optional<bool> given;  // nothing: the row goes
  };
  [[nodiscard]] std::vector<change> unsaved() const;
  [[nodiscard]] bool has_unsaved() const;
  void saved();  // all that unsaved() says is in the store

  // --- grantd-provision: at most one listens, the last that came ---
  // Its number, for what it says later. Everything is handed out again.
  [[nodiscard]] uint64_t listen(std::set<text_id> systems);
  void hang_up(uint64_t listener);
  [[nodiscard]] uint64_t listener() const { return listener_; }
  [[nodiscard]] bool knows(text_id system) const { return systems_.contains(system); }
  // Every system is asked for its list again: what was known before is known no more.
  void list_again();
  struct work {
    uint64_t number;
    const char* step;  // "open", "close", "list"
    membership of;     // of a list the system only
  };
  // What may be done now, each once. Nothing is given before the store knows that it may be there; taking
  // back waits for nothing.
  [[nodiscard]] std::vector<work> hand_out();
  // false: it is not of now, and changes nothing.
  bool done(uint64_t number);
  bool failed(uint64_t number, std::string why);
  // A part of a list (whose system the number tells); `last`: all of it was told. What is there and nobody
  // wants is taken back: those are returned. What is not there is given again.
  struct strays {
    bool known = false;     // the number was that of a list
    bool too_long = false;  // and all of it is forgotten
    std::vector<membership> found{};
  };
  strays listed(uint64_t number, const std::vector<membership>& part, bool last, base::boot_time now);

  // Those that became leftover now; each is told once.
  [[nodiscard]] std::vector<membership> overdue(base::boot_time now);
  // When overdue() will have more to say.
  [[nodiscard]] std::optional<base::boot_time> next_overdue() const;

 private:
  struct listing {
    uint64_t work = 0;
    bool wanted = true;
    std::set<membership> seen{};
  };
  [[nodiscard]] entry* of_work(uint64_t number);
  std::map<membership, entry> all_;
  std::map<text_id, listing> systems_;  // of the one who listens
  uint64_t listener_ = 0;
  uint64_t last_listener_ = 0;
  uint64_t next_work_ = 1;
};

}  // namespace grantd::daemon
