// SPDX-License-Identifier: Apache-2.0
// However few descriptors there are, clients never get the ones a publication needs.
#include "daemon/descriptors.h"

#include "support/unity.h"

using namespace grantd;

TEST(with_descriptors_enough_the_configured_limits_are_in_force) {
  policy::config c;
  c.connections = 100;
  c.connections_per_uid = 40;
  const daemon::client_limits l = daemon::limits_within(c, 100 * 2 + daemon::spare_descriptors);
  TEST_ASSERT_EQUAL_UINT64(100, l.connections);
  TEST_ASSERT_EQUAL_UINT64(40, l.connections_per_uid);
  TEST_ASSERT_EQUAL_UINT64(c.message_bytes, l.message_bytes);
  TEST_ASSERT_EQUAL_UINT64(c.idle_seconds, l.idle_seconds);
}

TEST(connections_of_root_and_of_all_others_together_leave_the_spare_ones) {
  for (unsigned connections : {1U, 7U, 479U, 480U, 481U, 16384U, 1'000'000U}) {
    for (rlim_t descriptors = daemon::spare_descriptors + 2; descriptors < 3000; ++descriptors) {
      policy::config c;
      c.connections = connections;
      c.connections_per_uid = connections;
      const daemon::client_limits l = daemon::limits_within(c, descriptors);
      TEST_ASSERT_TRUE(l.connections >= 1 && l.connections <= connections);
      TEST_ASSERT_TRUE(uint64_t{l.connections} * 2 + daemon::spare_descriptors <= descriptors);
      TEST_ASSERT_TRUE(l.connections_per_uid >= 1 && l.connections_per_uid <= l.connections);
    }
  }
}

TEST(the_share_of_one_user_shrinks_with_the_whole) {
  policy::config c;
  c.connections = 16384;
  c.connections_per_uid = 4096;
  const daemon::client_limits l = daemon::limits_within(c, 1024);
  TEST_ASSERT_EQUAL_UINT64(480, l.connections);
  TEST_ASSERT_EQUAL_UINT64(120, l.connections_per_uid);
}

TEST(without_any_descriptors_to_give_one_connection_remains) {
  const daemon::client_limits l = daemon::limits_within({}, 0);
  TEST_ASSERT_EQUAL_UINT64(1, l.connections);
  TEST_ASSERT_EQUAL_UINT64(1, l.connections_per_uid);
}
