// SPDX-License-Identifier: Apache-2.0
// Killed at any instant: a request is approved and granted wholly or not at all, and what was acknowledged is
// there.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>

#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using state = store::request::state;

constexpr int kills = 100;

store::options options_with_checkpoints(const std::string& root) {
  store::options o = options_in(root);
  o.checkpoint_frames = 10;  // kills fall into checkpoints, too
  return o;
}

// The child: asks, then approves and grants in one batch, until it is killed; tells of each only after its
// commit.
[[noreturn]] void grant_for_ever(const std::string& root, int to) {
  auto s = store::store::open(options_with_checkpoints(root));
  if (!s || (*s)->locked() != store::lock_reason::none) _exit(3);
  store::request r = a_request();
  r.needs = 1;
  for (;;) {
    if (!(*s)->begin()) _exit(4);
    auto number = (*s)->add_request(r);
    if (!number || !(*s)->commit(false)) _exit(5);
    auto g = a_grant();
    g.request = *number;
    if (!(*s)->begin() || !(*s)->add_approval(*number, an_approval())) _exit(6);
    auto grant = (*s)->add_grant(g);
    if (!grant) _exit(7);
    if (!(*s)->end_request(*number, state::granted, "bob", "", *grant, base::utc_time{1})) _exit(8);
    if (!(*s)->commit(false)) _exit(9);
    if (write(to, &*number, sizeof *number) != sizeof *number) _exit(10);
  }
}

TEST(killed_at_any_instant_a_request_is_approved_and_granted_wholly_or_not_at_all) {
  temp_dir dir(true);
  std::mt19937_64 random(seed());
  std::set<uint64_t> acknowledged;
  for (int round = 0; round < kills; ++round) {
    int ends[2];
    TEST_ASSERT_TRUE(pipe(ends) == 0);
    pid_t child = fork();
    TEST_ASSERT_TRUE(child >= 0);
    if (child == 0) {
      close(ends[0]);
      grant_for_ever(dir.path(), ends[1]);
    }
    close(ends[1]);
    size_t patience = random() % 12;
    uint64_t number = 0;
    while (patience > 0 && read(ends[0], &number, sizeof number) == sizeof number) {
      acknowledged.insert(number);
      --patience;
    }
    volatile uint64_t spun = 0;
    for (uint64_t spin = random() % 1'000'000; spin > 0; --spin) spun = spin;
    (void)spun;
    TEST_ASSERT_TRUE(kill(child, SIGKILL) == 0);
    int status = 0;
    TEST_ASSERT_TRUE(waitpid(child, &status, 0) == child);
    TEST_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(ends[0], &number, sizeof number) == sizeof number) acknowledged.insert(number);
    close(ends[0]);

    auto opened = store::store::open(options_with_checkpoints(dir.path()));
    TEST_ASSERT_TRUE(opened.has_value());
    store::store& s = **opened;
    TEST_ASSERT_TRUE_MESSAGE(s.locked() == store::lock_reason::none, s.locked_text());
    auto all = s.requests({.pending_only = false, .limit = 1'000'000});
    TEST_ASSERT_TRUE(all.has_value());
    std::set<uint64_t> granted;
    for (const store::request& r : *all) {
      const bool is = r.is == state::granted;
      TEST_ASSERT_TRUE(is || r.is == state::pending);
      TEST_ASSERT_EQUAL_INT(is ? 1 : 0, r.approvals.size());
      if (!is) continue;
      granted.insert(r.number);
      auto g = s.find(r.grant);
      TEST_ASSERT_TRUE(g && g->request == r.number);
    }
    TEST_ASSERT_EQUAL_UINT64(granted.size(), open_numbers(s).size());
    for (uint64_t known : acknowledged)
      TEST_ASSERT_TRUE_MESSAGE(granted.contains(known), "an acknowledged grant is lost");
    check_audit(s);
  }
  TEST_ASSERT_TRUE(acknowledged.size() > 200);
  auto s = open_in(dir.path());
  TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == store::store::check_state::done, s->locked_text());
}

}  // namespace
}  // namespace grantd::test
