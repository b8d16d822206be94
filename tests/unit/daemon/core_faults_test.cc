// SPDX-License-Identifier: Apache-2.0
// A disk that fails or is full under the core, a grant that the store refuses, and what guests saw.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <vector>

#include "unit/store/failing_disk.h"
#include "unit/store/fixture.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

// Takes every free block of the file system.
void fill(const std::string& path) {
  base::unique_fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  TEST_ASSERT_TRUE(fd.valid());
  char page[4096] = {1};
  while (write(fd.get(), page, sizeof page) > 0) {
  }
  TEST_ASSERT_EQUAL_INT(ENOSPC, errno);
}

// What a login would have been told just before each sync of store and anchor, while `change` was made.
struct synced {
  std::string file;
  bool allowed;
};
std::vector<synced> syncs_of(world& w, const std::function<void()>& change) {
  std::vector<synced> seen;
  failing_disk::at_sync([&](const std::string& file) { seen.push_back({file, w.allowed()}); });
  change();
  failing_disk::at_sync({});
  TEST_ASSERT_TRUE(seen.size() >= 2);
  TEST_ASSERT_TRUE(seen.front().file.ends_with("-wal"));
  TEST_ASSERT_TRUE(seen.back().file.ends_with("anchor"));
  return seen;
}

}  // namespace

TEST(a_grant_reaches_store_and_anchor_before_the_table) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  for (const synced& s : syncs_of(w, [&] { w.grant(); })) TEST_ASSERT_FALSE(s.allowed);
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_revocation_reaches_the_table_before_store_and_anchor) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  w.grant();
  TEST_ASSERT_TRUE(w.allowed());
  auto revoke = [&] {
    TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Revoke", R"({"person":"alice","reason":"x"})")));
  };
  for (const synced& s : syncs_of(w, revoke)) TEST_ASSERT_FALSE(s.allowed);
}

TEST(what_guests_saw_does_not_eat_the_room_kept_for_revocations) {
  temp_dir dir;
  in_private_tmpfs(dir.path(), "size=4m,mode=0700", [&] {
    world w(dir / "store");
    w.grant();
    fill(dir / "rubbish");
    auto saw = [&] {
      for (int i = 0; i < 1000; ++i) w.core->note("denied", {{"account", std::string(100, 'x')}});
    };
    for (int i = 0; i < 100; ++i) {
      saw();
      w.turn();
      if (w.core->troubled()) break;
    }
    TEST_ASSERT_TRUE(w.core->troubled());  // the disk is full
    TEST_ASSERT_FALSE(w.core->truth().reserve_given_up());
    saw();
    uint64_t before = w.core->truth().sequence();
    auto r = w.root("Revoke", R"({"person":"alice","reason":"x"})");
    TEST_ASSERT_EQUAL_STRING("", short_error(r));
    TEST_ASSERT_EQUAL_UINT64(before + 1, w.core->truth().sequence());  // the revocation and nothing else
    TEST_ASSERT_EQUAL_INT(0, unlink((dir / "rubbish").c_str()));
    w.core->retry();
    w.turn();
    TEST_ASSERT_EQUAL_UINT64(before + 1001, w.core->truth().sequence());  // what waited was kept
    TEST_ASSERT_FALSE(w.core->troubled());
  });
}

TEST(a_lapse_that_cannot_be_written_is_tried_again_and_does_not_spin) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  w.load((std::string(usual_policy) + "[rule.orders]\nwho = \"alice\"\nresource = \"orders-db\"\n"
                                      "approvals = {count = 1, by = [\"bob\"]}\nsigned = false\n")
             .c_str());
  auto asked = w.ask("alice", "Request", R"({"resource":"orders-db"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(asked));
  const std::string id = member(*asked.parameters.find("request"), "id");
  TEST_ASSERT_TRUE(w.core->next_end().has_value());
  failing_disk::arm(failing_disk::fault::io, 1, false);
  w.clock.pass(int64_t{9} * 3600);
  w.turn();
  TEST_ASSERT_TRUE(failing_disk::reached());
  TEST_ASSERT_FALSE(w.core->next_end().has_value());  // a timer that is due would wake the loop for ever
  TEST_ASSERT_TRUE(w.core->troubled());
  failing_disk::disarm();
  w.core->retry();
  w.turn();
  TEST_ASSERT_FALSE(w.core->troubled());
  auto shown = w.root("ShowRequest", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("lapsed", member(*shown.parameters.find("request"), "state"));
}

TEST(a_store_that_cannot_be_read_whole_opens_nothing_and_is_read_again) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  for (int i = 0; i < 30; ++i) w.grant();
  for (int i = 0; i < 30; ++i) w.root("Grant", R"({"person":"bob","resource":"orders-db"})");
  int struck = 0;
  for (int nth = 1; nth <= 4; ++nth) {
    w.make();
    failing_disk::arm(failing_disk::fault::io, nth, true);
    w.core->start();
    if (!failing_disk::reached() || !w.core->nothing_loaded()) continue;
    ++struck;
    failing_disk::disarm();
    TEST_ASSERT_EQUAL_INT(0, w.core->grants().open().size());
    TEST_ASSERT_FALSE(w.allowed() || w.allowed("bob"));
    TEST_ASSERT_EQUAL_STRING("Busy",
                             short_error(w.root("Grant", R"({"person":"carol","resource":"orders-db"})")));
    TEST_ASSERT_TRUE(w.core->troubled());
    w.core->retry();
    w.turn();
    TEST_ASSERT_EQUAL_INT(60, w.core->grants().open().size());
    TEST_ASSERT_TRUE(w.allowed() && w.allowed("bob"));
  }
  failing_disk::disarm();
  TEST_ASSERT_TRUE(struck > 0);
}

TEST(a_clock_accepted_on_a_failed_disk_is_not_in_force) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  w.grant(2 * 86400 / 24);
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-3600);
  w.restart(usual_policy, true);
  TEST_ASSERT_FALSE(w.allowed());
  failing_disk::arm(failing_disk::fault::sync, 1, false);
  auto r = w.root("AcceptClock");
  TEST_ASSERT_TRUE(failing_disk::reached());
  failing_disk::disarm();
  TEST_ASSERT_EQUAL_STRING("Busy", short_error(r));
  TEST_ASSERT_TRUE(r.parameters.print().find("tried again") == std::string::npos);
  TEST_ASSERT_TRUE(w.core->must_exit());
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(a_reload_whose_ends_are_not_on_disk_says_so_and_they_hold) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  w.grant();
  w.policy_on_disk = "[person.bob]\npg = \"bob\"\n[resource.orders-db]\nlogin_points = \"pg:main/orders\"\n";
  failing_disk::arm(failing_disk::fault::io, 1, false);
  auto r = w.root("ReloadPolicy");
  const bool failed = failing_disk::reached();
  failing_disk::disarm();
  TEST_ASSERT_TRUE(failed);
  TEST_ASSERT_EQUAL_STRING("NotDurable", short_error(r));
  TEST_ASSERT_EQUAL_INT(1, r.parameters.find("ends")->items()->size());
  TEST_ASSERT_FALSE(w.allowed());
}

TEST(one_that_the_store_refuses_does_not_take_others_with_it) {
  world w;
  daemon::open_request o;
  o.resource = "orders-db";
  o.by = "root";
  o.from = 1;
  o.person = "bob";
  o.for_us = 0;  // an empty window: the schema's own rule
  w.core->submit(o);
  o.from = 2;
  o.person = "alice";
  o.for_us = 60 * base::us_per_s;
  w.core->submit(o);
  auto answers = w.core->turn();
  TEST_ASSERT_EQUAL_INT(2, answers.size());
  for (const auto& a : answers)
    TEST_ASSERT_EQUAL_STRING(a.to == 1 ? "InvalidParameter" : "", short_error(a.answer));
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_FALSE(w.allowed("bob"));
  TEST_ASSERT_EQUAL_INT(1, w.core->grants().open().size());
}

TEST(what_guests_saw_has_the_time_at_which_it_was_heard) {
  world w;
  w.clock.pass(29);  // no turn since
  w.core->note("denied", {{"account", "pg:alice"}});
  w.turn();
  auto records = w.root("Audit").parameters;
  TEST_ASSERT_EQUAL_INT64(w.clock.now.utc.us, number(records.find("records")->items()->back(), "at_us"));
}
