// SPDX-License-Identifier: Apache-2.0
// One grantd and the model of it, side by side: does the same to both, and compares them by what a login is
// told, by the core's memory and by what the store keeps. Throws at the first difference.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "asking.h"
#include "model.h"

namespace grantd::test {

// splitmix64: every sequence has a seed of its own.
class dice {
 public:
  explicit dice(uint64_t seed) : at_(seed) {}
  uint64_t next() {
    uint64_t z = at_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // 0 ... n - 1
  int roll(int n) { return static_cast<int>(next() % static_cast<uint64_t>(n)); }
  bool one_in(int n) { return roll(n) == 0; }

 private:
  uint64_t at_;
};

// The key that was that person's at first; a stranger's, who has none.
const signing_key& key_of(reference::person p);

// What is locked.
struct subject {
  reference::person whom;
  reference::place what;
  std::string_view printed;  // as a member
};
inline constexpr std::array<subject, 4> subjects = {{
    {reference::alice, reference::nowhere, R"("person":"alice")"},
    {reference::bob, reference::nowhere, R"("person":"bob")"},
    {reference::nobody, reference::orders, R"("resource":"orders")"},
    {reference::nobody, reference::nowhere, R"("all":true)"},
}};

class model_run {
 public:
  model_run();
  // A random sequence, from nothing asked to nothing open.
  void sequence(uint64_t seed);
  [[nodiscard]] const std::vector<std::string>& steps() const { return steps_; }
  // Audit records by event, and refusals by their word, of all sequences so far.
  [[nodiscard]] const std::map<std::string, uint64_t>& happened() const { return happened_; }

 private:
  using person = reference::person;
  using place = reference::place;

  void one_step();
  // Things that people do (model_people.cc).
  void ask();
  void ask_at_once();
  [[nodiscard]] reference::asked any_ask();
  void extend();
  void approve();
  void approve_twice_at_once();
  void deny();
  void cancel();
  void open();
  void revoke();
  void give_back();
  void review();
  void log_in();
  void get_first_use();
  void lock();
  // Things that happen (model_run.cc).
  void pass(int64_t seconds);
  void step_clock(int64_t seconds);
  void accept_clock();
  void synchronise(bool on);
  void change_policy();
  void bad_policy();
  void crash();
  void finish();

  void said(std::string line) { steps_.push_back(std::move(line)); }
  // The answer must be what the model foretold.
  void expect(const std::string& foretold, const daemon::reply& got);
  void expect_all(const std::vector<std::string>& foretold);
  daemon::reply call(person who, const std::string& method, const std::string& parameters);
  void give_policy(int which);
  void move_mark();
  [[nodiscard]] person anybody() { return static_cast<person>(dice_.roll(reference::people_count)); }
  [[nodiscard]] place anywhere();
  // Any of those there are, or one that is not.
  [[nodiscard]] uint64_t any_request();
  [[nodiscard]] uint64_t any_grant(bool (*likely)(const reference::grant&));
  [[nodiscard]] std::string text_of(uint64_t request, std::optional<int64_t> seconds);

  void compare();
  void read_table();
  void compare_table();
  void compare_memory();
  void compare_store();
  void compare_audit();
  void compare_ended();
  void approved_as_demanded(const store::grant& g);

  static constexpr int no_policy = -1;
  world w_;
  reference::model m_;
  dice dice_{0};
  int policy_ = 0;
  uint64_t audited_ = 0;
  std::map<uint64_t, int64_t> ends_;  // not_after as last seen, by grant
  std::set<uint64_t> looked_at_;      // grants whose approvals were counted
  std::array<std::array<reference::entry, reference::place_count>, reference::people_count> told_{};
  std::pair<uint64_t, int64_t> read_file_{};  // the table's inode and its time, and when it was read
  int64_t read_at_ = 0;
  std::map<std::string, uint64_t> happened_;
  std::vector<std::string> steps_;
};

}  // namespace grantd::test
