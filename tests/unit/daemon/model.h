// SPDX-License-Identifier: Apache-2.0
// What grantd promises, told a second time and simply: whole seconds, plain lists, no file. It shares no code
// with what it is compared with, and foretells every answer by the error's name ("" is yes).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grantd::test::reference {

using seconds = int64_t;

enum person : uint8_t { alice, bob, carol, dave, bot, nobody };  // dave has the right "grant"
enum place : uint8_t { orders, replica, reports, nowhere };
inline constexpr std::array<std::string_view, 6> names = {"alice", "bob", "carol", "dave", "bot", "mallory"};
inline constexpr std::array<std::string_view, 4> places = {"orders", "replica", "reports", "nowhere"};
inline constexpr size_t people_count = 5;
inline constexpr size_t place_count = 3;

struct rule {
  std::string_view name;
  std::vector<person> who;
  place where = orders;
  bool read_write = false;
  bool glass = false;
  seconds most = 0;
  unsigned needs = 0;
  std::vector<person> by{};  // who approves; with `glass` who is told
  bool is_signed = true;
  bool first_use = false;
  unsigned quota = 0;  // 0: none
  bool deny = false;
};

struct policy {
  std::vector<rule> rules{};
  std::array<person, people_count> key_of{alice, bob, carol, nobody,
                                          bot};  // whose that person's first key is
};

inline constexpr seconds hour = 3600;
inline constexpr seconds patience = 8 * hour;  // then a request lapses
inline constexpr seconds longest = 8 * hour;   // of every resource
inline constexpr seconds usual = hour;
inline constexpr int64_t most_pending = 20;  // of one person

bool has(const std::vector<person>& all, person p);

// The usual rules, and what an administrator may make of them on a bad day.
inline constexpr int policies = 11;
policy policy_of(int which);

struct asked {
  person who = nobody;
  place where = nowhere;
  std::optional<seconds> length{};
  std::optional<seconds> start{};
  std::optional<seconds> until{};  // instead of a length
  bool read_write = false;
  bool glass = false;
  std::string reason{};
  uint64_t extends = 0;
  bool operator==(const asked&) const = default;
};

struct approving {
  person carrier = nobody;
  person key = nobody;  // whose key signed; nobody: a stranger's
  bool is_signed = true;
  bool of_this = true;  // over this request and this length
  uint64_t request = 0;
  std::optional<seconds> length{};
};

enum class phase : uint8_t { pending, granted, denied, cancelled, lapsed };
enum class fate : uint8_t { open, expired, revoked, given_back };

struct request {
  uint64_t number = 0;
  asked what{};
  std::string rule{};
  unsigned needs = 0;
  bool is_signed = true;
  bool first_use = false;
  seconds length = 0;
  seconds made = 0;
  seconds lapses = 0;        // on the wall
  seconds lapses_after = 0;  // on the clock that nobody can set
  struct said {
    person who;
    seconds length;
    person key;  // nobody's: not signed
  };
  std::vector<said> approvals{};
  phase is = phase::pending;
  uint64_t grant = 0;
};

struct grant {
  uint64_t number = 0;
  person who = nobody;
  place where = nowhere;
  bool read_write = false;
  bool glass = false;
  uint64_t request = 0;
  seconds from = 0, until = 0;  // on the wall
  seconds start = 0, end = 0;   // on the clock that nobody can set
  seconds first_use = 0;
  bool in_force = true;
  bool reviewed = false;
  fate is = fate::open;
};

struct entry {
  bool in = false;
  bool read_write = false;
  seconds until = 0;
  bool operator==(const entry&) const = default;
};

class model {
 public:
  seconds wall = 0, boot = 0, mark = 0;
  bool synchronised = true, behind = false;
  std::optional<policy> rules;  // nothing: no policy in force
  std::map<uint64_t, request> requests;
  std::map<uint64_t, grant> grants;
  uint64_t last_request = 0, last_grant = 0;
  std::array<unsigned, people_count> locked_people{};
  std::array<unsigned, place_count> locked_places{};
  unsigned locked_all = 0;
  std::map<std::string, int> events;  // audit records that must have come since they were last looked at

  // Time. step(): of the wall clock. Each is followed by settle(), as a turn would.
  void pass(seconds s) { wall += s, boot += s, mark += s; }
  void step(seconds s);
  void accept();
  void settle();
  void restart(bool another_boot, std::optional<policy> with, seconds stepped);
  void take(policy fresh);

  std::string ask(asked a);
  std::string approve(const approving& a, bool same_turn = false);
  std::string deny(person who, uint64_t number);
  std::string cancel(person who, uint64_t number);
  std::string open(person by, person who, place where, seconds length, std::optional<seconds> start);
  std::string revoke(person by, uint64_t number);
  std::string give_back(person who, uint64_t number);
  std::string review(person by, uint64_t number);
  void log_in(person who, place where, seconds at);
  // Nobody and nowhere: everybody.
  std::string lock(person by, person whom, place what, bool on);

  [[nodiscard]] entry lookup(person who, place where) const;

 private:
  [[nodiscard]] const rule* rule_named(const std::string& name) const;
  [[nodiscard]] bool denied(person who, place where, bool read_write) const;
  [[nodiscard]] bool may_ask(person who, place where, bool read_write, bool glass) const;
  [[nodiscard]] bool still_asked(const request& r) const;
  [[nodiscard]] bool was_taken_away(const request& r) const;  // what it extends
  [[nodiscard]] bool still_promised(const grant& g) const;
  // Those of its approvals that count now.
  [[nodiscard]] std::vector<request::said> that_count(const request& r, const rule& by) const;
  [[nodiscard]] bool concerns(person who, const request& r) const;
  void touch(request& r) const;
  [[nodiscard]] unsigned& locks_of(person whom, place what);
  void map_fresh(grant& g) const;
  void map_stepped(bool starts_too);
  void end_lost();
  void end(grant& g, fate how);
  void close(request& r, phase how);
  std::string open_for(request& r, seconds length);
  uint64_t add(grant g);

  struct served {
    person who;
    std::string rule;
    seconds begins;
  };
  std::vector<served> served_;  // self-service
};

}  // namespace grantd::test::reference
