// SPDX-License-Identifier: Apache-2.0
// A failing disk, at every call it can fail at: a request is approved and granted wholly or not at all.
#include "unit/store/failing_disk.h"
#include "unit/store/fixture.h"

namespace grantd::test {
namespace {

using state = store::request::state;
using fault = failing_disk::fault;

// Approval, grant and end in one batch; true: acknowledged.
bool approve_and_grant(store::store& s, uint64_t number) {
  if (!s.begin()) return false;
  auto g = a_grant();
  g.request = number;
  auto approved = s.add_approval(number, an_approval());
  auto grant = s.add_grant(g);
  // As the daemon does: a batch of which one part failed is not committed.
  if (approved && grant && s.end_request(number, state::granted, "bob", "", *grant, base::utc_time{3}))
    return s.commit(false).has_value();
  s.rollback();
  return false;
}

// Wholly granted?
bool granted(store::store& s, uint64_t number, const std::string& when) {
  auto r = s.find_request(number);
  TEST_ASSERT_TRUE_MESSAGE(r.has_value(), when);
  const bool is = r->is == state::granted;
  TEST_ASSERT_TRUE_MESSAGE(is || r->is == state::pending, when);
  TEST_ASSERT_TRUE_MESSAGE(r->approvals.size() == (is ? 1 : 0), when);
  TEST_ASSERT_TRUE_MESSAGE(open_numbers(s).size() == (is ? 1 : 0), when);
  TEST_ASSERT_TRUE_MESSAGE(s.sequence() == (is ? 4 : 1), when);
  if (is) TEST_ASSERT_TRUE_MESSAGE(s.find(r->grant)->request == number, when);
  return is;
}

// One run for every n until n is past the last call; how many runs were struck.
int64_t at_every_call(fault kind, bool once, const char* name) {
  failing_disk::install();
  for (int64_t n = 1;; ++n) {
    temp_dir dir(true);
    const std::string when = std::string(name) + " at call " + std::to_string(n);
    store::request r = a_request();
    r.needs = 1;
    const uint64_t number = ask(*open_in(dir.path()), r);
    store::options o = options_in(dir.path(), failing_disk::vfs);
    o.checkpoint_frames = 1;
    failing_disk::arm(kind, n, once);
    bool acknowledged = false;
    if (auto s = store::store::open(o); s && (*s)->locked() == store::lock_reason::none) {
      acknowledged = approve_and_grant(**s, number);
      // A store that lives on says the same as the one on disk will.
      if (!failing_disk::reached()) TEST_ASSERT_TRUE_MESSAGE(acknowledged, when);
    }
    const bool reached = failing_disk::reached();
    failing_disk::disarm();
    auto s = open_in(dir.path());
    TEST_ASSERT_TRUE_MESSAGE(s->locked() == store::lock_reason::none, when + s->locked_text());
    const bool is = granted(*s, number, when);
    TEST_ASSERT_TRUE_MESSAGE(is || !acknowledged, when);
    if (!is) TEST_ASSERT_TRUE_MESSAGE(approve_and_grant(*s, number), when);  // tried again
    TEST_ASSERT_TRUE_MESSAGE(granted(*s, number, when), when);
    check_audit(*s);
    TEST_ASSERT_TRUE_MESSAGE(check_all(*s) == store::store::check_state::done, when + s->locked_text());
    if (!reached) return n - 1;
  }
}

TEST(a_request_is_granted_wholly_or_not_at_all_at_every_call_that_fails) {
  TEST_ASSERT_TRUE(at_every_call(fault::io, true, "EIO once") > 20);
  TEST_ASSERT_TRUE(at_every_call(fault::io, false, "EIO for good") > 20);
}

TEST(a_request_is_granted_wholly_or_not_at_all_on_a_disk_that_fills_up) {
  TEST_ASSERT_TRUE(at_every_call(fault::full, true, "ENOSPC once") > 5);
  TEST_ASSERT_TRUE(at_every_call(fault::full, false, "ENOSPC for good") > 5);
}

TEST(a_request_is_granted_wholly_or_not_at_all_at_every_fsync_that_fails) {
  TEST_ASSERT_TRUE(at_every_call(fault::sync, true, "fsync once") > 1);
}

}  // namespace
}  // namespace grantd::test
