// SPDX-License-Identifier: Apache-2.0
// Killed at any instant: what was acknowledged is there, what was revoked is not open, what was unlocked is
// not locked, the audit goes on.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <random>
#include <set>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using store::state;

constexpr int kills = 400;

enum class what : uint64_t { granted, revoked, locked, unlocked };
struct acknowledgement {
  uint64_t number;
  what happened;
};

store::options options_with_checkpoints(const std::string& root) {
  store::options o = options_in(root);
  o.checkpoint_frames = 10;  // kills fall into checkpoints, too
  return o;
}

// The child: commits until it is killed, and tells of each change only after its commit.
[[noreturn]] void commit_for_ever(const std::string& root, int to, uint64_t seed) {
  auto s = store::store::open(options_with_checkpoints(root));
  if (!s || (*s)->locked() != store::lock_reason::none) _exit(3);
  std::mt19937_64 random(seed);
  std::vector<uint64_t> open;
  if (!(*s)->each_open([&](store::grant&& g) {
        open.push_back(g.number);
        return true;
      }))
    _exit(4);
  std::vector<uint64_t> locks;
  if (!(*s)->each_lock([&](store::lock&& l) {
        locks.push_back(l.number);
        return true;
      }))
    _exit(4);
  for (;;) {
    std::vector<acknowledgement> batch;
    if (!(*s)->begin()) _exit(5);
    for (uint64_t changes = 1 + random() % 6; changes > 0; --changes) {
      if (random() % 3 == 0) {
        if (locks.size() > 5 || (!locks.empty() && random() % 2 == 0)) {
          if (!(*s)->end_lock(locks.back(), "root", base::utc_time{1})) _exit(10);
          batch.push_back({locks.back(), what::unlocked});
          locks.pop_back();
        } else {
          store::lock l;
          l.number = (*s)->next_lock();
          l.subject = store::lock::what::all;
          l.message = "x";
          l.until.us = 1;
          if (!(*s)->add_lock(l)) _exit(11);
          locks.push_back(l.number);
          batch.push_back({l.number, what::locked});
        }
        continue;
      }
      if (open.size() > 20 || (!open.empty() && random() % 2 == 0)) {
        size_t which = random() % open.size();
        uint64_t number = open[which];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
        if (!(*s)->end_grant(number, state::revoked, "root", "", base::utc_time{1})) _exit(6);
        batch.push_back({number, what::revoked});
      } else {
        auto number = (*s)->add_grant(a_grant());
        if (!number) _exit(7);
        batch.push_back({*number, what::granted});
        open.push_back(*number);
      }
    }
    if (!(*s)->commit(true)) _exit(8);
    size_t size = batch.size() * sizeof(acknowledgement);
    if (write(to, batch.data(), size) != static_cast<ssize_t>(size)) _exit(9);
  }
}

TEST(killed_at_any_instant_nothing_acknowledged_is_lost_and_nothing_revoked_is_open) {
  temp_dir dir(true);
  std::mt19937_64 random(seed());
  std::map<uint64_t, bool> live;  // acknowledged and not known to be revoked
  std::set<uint64_t> locked;      // acknowledged, and no unlock of it
  std::set<uint64_t> by_audit;    // locked, says the audit, and not unlocked
  std::set<uint64_t> lifted;      // by the audit
  uint64_t revoked = 0;
  uint64_t unlocked = 0;
  uint64_t checked = 0;  // the audit is followed from here
  store::digest head{};
  for (int round = 0; round < kills; ++round) {
    int ends[2];
    TEST_ASSERT_TRUE(pipe(ends) == 0);
    uint64_t child_seed = random();
    pid_t child = fork();
    TEST_ASSERT_TRUE(child >= 0);
    if (child == 0) {
      close(ends[0]);
      commit_for_ever(dir.path(), ends[1], child_seed);
    }
    close(ends[1]);
    // Some die while opening, most after a few commits, at whatever they are doing then.
    std::vector<acknowledgement> heard;
    size_t patience = random() % 40;
    acknowledgement a;
    while (heard.size() < patience && read(ends[0], &a, sizeof a) == static_cast<ssize_t>(sizeof a))
      heard.push_back(a);
    if (patience == 0) {
      volatile uint64_t spun = 0;
      for (uint64_t spin = random() % 2'000'000; spin > 0; --spin) spun = spin;
      (void)spun;
    }
    TEST_ASSERT_TRUE(kill(child, SIGKILL) == 0);
    int status = 0;
    TEST_ASSERT_TRUE(waitpid(child, &status, 0) == child);
    TEST_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(ends[0], &a, sizeof a) == static_cast<ssize_t>(sizeof a)) heard.push_back(a);
    close(ends[0]);

    auto opened = store::store::open(options_with_checkpoints(dir.path()));
    TEST_ASSERT_TRUE(opened.has_value());
    store::store& s = **opened;
    TEST_ASSERT_TRUE_MESSAGE(s.locked() == store::lock_reason::none, s.locked_text());
    std::set<uint64_t> in_force;
    TEST_ASSERT_TRUE(
        s.each_lock([&](store::lock&& l) { return in_force.insert(l.number).second; }).has_value());
    for (const acknowledgement& k : heard) {
      if (k.happened == what::locked) locked.insert(k.number);
      if (k.happened == what::unlocked) {
        locked.erase(k.number);
        TEST_ASSERT_TRUE_MESSAGE(!in_force.contains(k.number), "an acknowledged unlock is undone");
        ++unlocked;
      }
      if (k.happened == what::locked || k.happened == what::unlocked) continue;
      auto g = s.find(k.number);
      TEST_ASSERT_TRUE_MESSAGE(g.has_value(), "an acknowledged grant is lost");
      TEST_ASSERT_TRUE_MESSAGE(k.happened == what::granted || g->state == state::revoked,
                               "a revoked grant is back");
      if (k.happened == what::revoked) {
        live.erase(k.number);
        ++revoked;
      } else {
        live[k.number] = true;
      }
    }
    for (auto it = live.begin(); it != live.end();) {
      auto g = s.find(it->first);
      TEST_ASSERT_TRUE_MESSAGE(g.has_value(), "a grant acknowledged earlier is lost");
      it = g->state == state::open ? std::next(it) : live.erase(it);  // revoked, but not acknowledged
    }
    auto rows = s.audit(checked, 1'000'000);
    TEST_ASSERT_TRUE(rows.has_value());
    for (const store::audit_row& row : *rows) {
      std::vector<store::field> fields(row.fields.begin(), row.fields.end());
      head = chain(head, canonical(row.sequence, row.at, row.event, fields));
      TEST_ASSERT_TRUE(row.sequence == ++checked && head == row.chained);
      if (!row.event.starts_with("lock")) continue;
      const uint64_t number = std::stoull(row.fields[0].second);
      if (row.event == "lock") by_audit.insert(number);
      if (row.event == "lock-end" && by_audit.erase(number) == 1) lifted.insert(number);
    }
    TEST_ASSERT_TRUE(in_force == by_audit);
    for (auto it = locked.begin(); it != locked.end();) {
      TEST_ASSERT_TRUE_MESSAGE(in_force.contains(*it) || lifted.contains(*it),
                               "an acknowledged lock is lost");
      it = in_force.contains(*it) ? std::next(it) : locked.erase(it);  // unlocked, but not acknowledged
    }
    TEST_ASSERT_TRUE(checked == s.sequence() && head == s.head());
  }
  TEST_ASSERT_TRUE(revoked > 1000 && unlocked > 500);
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE(check_all(*s) == store::store::check_state::done);
}

}  // namespace
}  // namespace grantd::test
