// SPDX-License-Identifier: Apache-2.0
// A lock refuses whatever the grants say, on disk and in the table in the right order, and ends by itself.
#include <fcntl.h>
#include <unistd.h>

#include "base/ident.h"
#include "base/unique_fd.h"
#include "unit/store/failing_disk.h"
#include "unit/store/fixture.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr int64_t hour = 3600;

std::string params(const std::string& whom, int64_t seconds = hour,
                   const std::string& message = "laptop stolen") {
  return "{" + whom + R"(,"for_us":)" + std::to_string(seconds * base::us_per_s) + R"(,"message":")" +
         message + "\"}";
}
const std::string alice = R"("person":"alice")";
const std::string orders = R"("resource":"orders-db")";
const std::string all = R"("all":true)";
std::string of(const std::string& whom) { return "{" + whom + "}"; }

std::string lock(world& w, const std::string& whom, int64_t seconds = hour) {
  auto r = w.root("Lock", params(whom, seconds));
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  return member(*r.parameters.find("lock"), "id");
}
void unlock(world& w, const std::string& whom) {
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Unlock", of(whom))));
}
size_t in_force(world& w) { return w.root("Locks").parameters.find("locks")->items()->size(); }

bool locked(world& w, const std::string& role = "alice") {
  return w.lookup(role).why == decision::reason::locked;
}

void grant_bob(world& w) {
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Grant", R"({"person":"bob","resource":"orders-db"})")));
}

// What the published table says to one account at one login point.
struct told {
  decision::reason why;
  std::string text;
  int64_t end_utc_s;
};
told ask_table(world& w, const decision::account& who, const decision::login_point& where) {
  table::snapshot table;
  TEST_ASSERT_TRUE(table.open((w.dir / "run/windows").c_str()) == table::fault::none);
  table::found found;
  TEST_ASSERT_TRUE(table.find(who, found) == table::fault::none);
  decision::question q;
  q.who = who;
  q.where = where;
  auto v = decision::decide(found.all(), q, w.clock.now.boot);
  return {v.why, std::string(v.text), v.end_utc_s};
}

std::string last_record(world& w, const std::string& event) {
  auto r = w.root("Audit");
  std::string found;
  for (const auto& one : *r.parameters.find("records")->items()) {
    if (member(one, "event") == event) found = one.find("fields")->print();
  }
  return found;
}

}  // namespace

TEST(a_lock_of_a_person_refuses_them_whatever_the_grants_say_and_nobody_else) {
  world w;
  w.grant();
  grant_bob(w);
  std::string id = lock(w, alice);
  TEST_ASSERT_TRUE(base::parse_id('k', id) == 32768u);
  TEST_ASSERT_TRUE(locked(w));
  TEST_ASSERT_TRUE(w.allowed("bob"));
  w.grant();
  TEST_ASSERT_TRUE(locked(w));
  unlock(w, alice);
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_STRING(
      R"({"lock":"32768","person":"alice","until_us":"1700003600000000","by":"root","message":"laptop stolen"})",
      last_record(w, "lock"));
  TEST_ASSERT_EQUAL_STRING(R"({"lock":"32768","by":"root"})", last_record(w, "lock-end"));
}

TEST(a_lock_of_a_person_is_for_each_of_their_accounts_at_every_login_point) {
  world w;
  lock(w, alice);
  using enum decision::identity_class;
  using enum decision::point_kind;
  for (const decision::login_point& where : {decision::login_point{pam, "sshd", "", false},
                                             {pam, "sudo", "", false},
                                             {postgres, "x", "y", false},
                                             {postgres, "x", "y", true},
                                             {postgres, "x", "", true}}) {
    for (auto kind : {os, pg}) {
      told t = ask_table(w, {kind, "alice"}, where);
      TEST_ASSERT_EQUAL_INT(decision::reason::locked, t.why);
      TEST_ASSERT_EQUAL_STRING("laptop stolen", t.text);
      TEST_ASSERT_EQUAL_INT64(1'700'003'600, t.end_utc_s);
    }
    TEST_ASSERT_EQUAL_INT(decision::reason::no_window, ask_table(w, {krb, "alice"}, where).why);
    TEST_ASSERT_EQUAL_INT(decision::reason::no_window, ask_table(w, {pg, "bob"}, where).why);
  }
}

TEST(a_lock_of_a_resource_is_at_its_login_points_only) {
  world w;
  w.grant();
  w.root("Grant", R"({"person":"alice","resource":"shell"})");
  lock(w, orders);
  TEST_ASSERT_TRUE(locked(w));
  using enum decision::identity_class;
  TEST_ASSERT_EQUAL_INT(decision::reason::allowed,
                        ask_table(w, {os, "alice"}, {decision::point_kind::pam, "sshd", "", false}).why);
  grant_bob(w);  // who gets a window later is shut out as well
  TEST_ASSERT_TRUE(locked(w, "bob"));
  // Also where the policy has changed since the grant was made.
  w.load(
      "[person.alice]\npg = \"alice\"\nos = \"alice\"\n[person.bob]\npg = \"bob\"\n[resource.orders-db]\n"
      "login_points = [\"pg:main/*\"]\n[resource.shell]\nlogin_points = [\"pam:sshd\"]\npam_access = "
      "\"full\"\n");
  w.turn();
  TEST_ASSERT_TRUE(locked(w) && locked(w, "bob"));
  unlock(w, orders);
  TEST_ASSERT_TRUE(w.allowed() && w.allowed("bob"));
}

TEST(who_is_locked_does_not_use_the_right_to_grant_until_somebody_else_lifts_it) {
  test::world w;
  (void)w.root("Lock", R"({"person":"carol","for_us":600000000,"message":"her laptop was stolen"})");
  for (const auto& [method, parameters] : {std::pair{"Unlock", R"({"person":"carol"})"},
                                           {"Grant", R"({"person":"bob","resource":"orders-db"})"},
                                           {"Lock", R"({"all":true,"for_us":600000000,"message":"x"})"}}) {
    auto r = w.ask("carol", method, parameters);
    TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(r));
    TEST_ASSERT_TRUE(member(r.parameters, "message").ends_with("carol is locked, and uses none"));
  }
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("carol", "Locks")));
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("Unlock", R"({"person":"carol"})")));
  // Everybody's lock is lifted by who has the right, or nobody but root could.
  (void)w.ask("carol", "Lock", R"({"all":true,"for_us":600000000,"message":"incident"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(w.ask("carol", "Unlock", R"({"all":true})")));
}

TEST(a_lock_of_all_refuses_everybody_until_it_is_lifted) {
  world w;
  w.grant();
  grant_bob(w);
  lock(w, all);
  for (const char* who : {"alice", "bob", "carol", "dave"}) TEST_ASSERT_TRUE(locked(w, who));
  unlock(w, all);
  TEST_ASSERT_TRUE(w.allowed() && w.allowed("bob"));
}

TEST(a_lock_ends_by_itself_to_the_second) {
  world w;
  w.grant(8 * hour);
  lock(w, alice, 60);
  w.clock.pass(59);
  TEST_ASSERT_TRUE(locked(w));
  TEST_ASSERT_EQUAL_INT64(w.clock.now.boot.ns + base::ns_per_s, w.core->next_end()->ns);
  w.clock.pass(1);
  TEST_ASSERT_TRUE(w.allowed());  // grantd need not do anything
  w.turn();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_INT(0, in_force(w));
  TEST_ASSERT_EQUAL_STRING(R"({"lock":"32768","by":"clock"})", last_record(w, "lock-end"));
  w.restart();
  TEST_ASSERT_EQUAL_INT(0, in_force(w));
}

TEST(a_lock_of_an_hour_is_an_hour_whatever_the_wall_clock_says) {
  for (int64_t step : {-86400, 86400, 400 * 86400}) {
    world w;
    lock(w, alice);
    w.clock.pass(600);
    w.clock.step(step);
    w.turn();
    w.restart();
    TEST_ASSERT_TRUE(locked(w));
    w.clock.pass(2999);
    w.turn();
    TEST_ASSERT_TRUE(locked(w));
    w.clock.pass(1);
    w.turn();
    TEST_ASSERT_FALSE(locked(w));
  }
}

TEST(an_acknowledged_lock_survives_a_crash_and_an_acknowledged_unlock_too) {
  world w;
  w.grant();
  lock(w, alice);
  lock(w, all);
  w.restart();
  TEST_ASSERT_TRUE(locked(w));
  TEST_ASSERT_EQUAL_INT(2, in_force(w));
  unlock(w, all);
  unlock(w, alice);
  w.restart();
  TEST_ASSERT_TRUE(w.allowed());
  TEST_ASSERT_EQUAL_INT(0, in_force(w));
}

TEST(in_a_later_boot_a_lock_is_mapped_from_utc_once) {
  world w;
  w.grant(8 * hour);
  lock(w, alice, 2 * hour);
  w.clock.pass(hour);
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.restart(usual_policy, true);
  TEST_ASSERT_TRUE(locked(w));
  auto until = w.lookup().until;
  TEST_ASSERT_EQUAL_INT64((50 + hour) * base::ns_per_s, until.ns);
  w.clock.now.synchronised = true;
  w.clock.step(1800);  // in the same boot the wall clock moves it no more
  w.restart();
  TEST_ASSERT_EQUAL_INT64(until.ns, w.lookup().until.ns);
  w.clock.pass(hour);
  w.turn();
  TEST_ASSERT_FALSE(locked(w));
}

TEST(a_clock_that_is_behind_keeps_locks_in_force) {
  world w;
  w.grant(8 * hour);
  lock(w, alice, 2 * hour);
  w.clock.pass(hour);
  w.turn();
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-300 * 86400);
  w.restart(usual_policy, true);
  TEST_ASSERT_TRUE(w.core->time().behind());
  TEST_ASSERT_TRUE(locked(w));
  w.restart();
  TEST_ASSERT_TRUE(locked(w));
  w.clock.pass(1800);
  w.clock.step(300 * 86400 + 600);  // it was down for ten minutes
  w.clock.now.synchronised = true;
  w.turn();
  TEST_ASSERT_FALSE(w.core->time().behind());
  TEST_ASSERT_TRUE(locked(w));
  TEST_ASSERT_EQUAL_INT64((50 + 1800 + 1200) * base::ns_per_s, w.lookup().until.ns);
  // One that is made while the clock is behind does not end with the next boot.
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = false;
  w.clock.step(-300 * 86400);
  w.restart(usual_policy, true);
  lock(w, all, 2 * hour);
  w.kill();
  w.clock.now.boot = {50 * base::ns_per_s};
  w.clock.now.synchronised = true;
  w.clock.step(300 * 86400);
  w.restart(usual_policy, true);
  TEST_ASSERT_TRUE(locked(w, "bob"));
}

TEST(a_lock_reaches_the_table_before_store_and_anchor_and_its_end_after_them) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  w.grant();
  std::vector<std::pair<std::string, bool>> seen;
  auto watch = [&] {
    seen.clear();
    failing_disk::at_sync([&](const std::string& file) { seen.emplace_back(file, locked(w)); });
  };
  auto check = [&] {
    failing_disk::at_sync({});
    TEST_ASSERT_TRUE(seen.size() >= 2 && seen.front().first.ends_with("-wal"));
    TEST_ASSERT_TRUE(seen.back().first.ends_with("anchor"));
    for (const auto& [file, was] : seen) TEST_ASSERT_TRUE(was);
  };
  watch();
  lock(w, alice);
  check();
  watch();
  unlock(w, alice);
  check();
  TEST_ASSERT_TRUE(w.allowed());
}

TEST(a_lock_that_cannot_be_written_is_in_force_and_written_later) {
  failing_disk::install();
  world w({}, failing_disk::vfs);
  w.grant();
  failing_disk::arm(failing_disk::fault::io, 1, false);
  auto r = w.root("Lock", params(alice));
  TEST_ASSERT_TRUE(failing_disk::reached());
  TEST_ASSERT_EQUAL_STRING("NotDurable", short_error(r));
  TEST_ASSERT_TRUE(r.parameters.find("lock") != nullptr);
  TEST_ASSERT_TRUE(locked(w));
  TEST_ASSERT_TRUE(w.core->troubled());
  TEST_ASSERT_EQUAL_INT64(1, number(*w.root("Status").parameters.find("daemon"), "not_durable"));
  // An unlock that cannot be written changes nothing.
  auto u = w.root("Unlock", of(alice));
  TEST_ASSERT_EQUAL_STRING("Busy", short_error(u));
  TEST_ASSERT_TRUE(member(u.parameters, "message").find("so the lock stays") != std::string::npos);
  TEST_ASSERT_TRUE(locked(w));
  failing_disk::disarm();
  w.core->retry();
  w.turn();
  TEST_ASSERT_FALSE(w.core->troubled());
  w.restart();
  TEST_ASSERT_TRUE(locked(w));
  failing_disk::arm(failing_disk::fault::io, 1, false);
  TEST_ASSERT_EQUAL_STRING("Busy", short_error(w.root("Unlock", of(alice))));
  TEST_ASSERT_TRUE(failing_disk::reached());
  failing_disk::disarm();
  TEST_ASSERT_TRUE(locked(w));
  w.restart();
  TEST_ASSERT_TRUE(locked(w));
}

TEST(on_a_full_disk_there_is_room_for_a_lock_and_none_for_an_unlock) {
  temp_dir dir;
  in_private_tmpfs(dir.path(), "size=4m,mode=0700", [&] {
    world w(dir / "store");
    {
      base::unique_fd fd(open((dir / "rubbish").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      char page[4096] = {1};
      while (write(fd.get(), page, sizeof page) > 0) {
      }
      TEST_ASSERT_EQUAL_INT(ENOSPC, errno);
    }
    for (int i = 0; i < 3000; ++i) {
      if (short_error(w.root("Grant", R"({"person":"alice","resource":"orders-db","for_us":1000000})")) ==
          "NoSpace")
        break;
      w.clock.pass(2);
      w.turn();
      for (int n = 0; n < 500; ++n) w.core->note("denied", {{"account", std::string(100, 'x')}});
    }
    TEST_ASSERT_EQUAL_STRING("NoSpace",
                             short_error(w.root("Grant", R"({"person":"alice","resource":"orders-db"})")));
    lock(w, alice);
    TEST_ASSERT_TRUE(locked(w));
    TEST_ASSERT_EQUAL_STRING("NoSpace", short_error(w.root("Unlock", of(alice))));
    TEST_ASSERT_TRUE(locked(w));
    w.restart();
    TEST_ASSERT_TRUE(locked(w));
  });
}

TEST(a_locked_store_takes_no_lock_and_names_the_way) {
  world w;
  w.grant();
  lock(w, alice);
  w.keep_copy();
  grant_bob(w);
  w.put_back();
  w.restart();
  for (const char* method : {"Lock", "Unlock"}) {
    auto r = w.root(method, method[0] == 'L' ? params(alice) : of(alice));
    TEST_ASSERT_EQUAL_STRING("Locked", short_error(r));
    TEST_ASSERT_EQUAL_STRING("grantctl store unlock", member(r.parameters, "help"));
    TEST_ASSERT_TRUE(member(r.parameters, "message").find("inside") != std::string::npos);
  }
  TEST_ASSERT_EQUAL_STRING("", short_error(w.root("UnlockStore")));
  TEST_ASSERT_TRUE(locked(w));
  TEST_ASSERT_EQUAL_INT(1, in_force(w));
}

TEST(the_reason_the_message_and_the_end_are_shown_wherever_one_asks) {
  world w;
  auto g = w.root("Grant", R"({"person":"alice","resource":"orders-db"})");
  TEST_ASSERT_TRUE(g.parameters.find("warning") == nullptr);
  std::string id = lock(w, alice);
  auto explained = w.root("Explain", R"({"person":"alice","resource":"orders-db"})").parameters;
  TEST_ASSERT_EQUAL_STRING("alice is locked for 1 h more: laptop stolen", member(explained, "why"));
  TEST_ASSERT_EQUAL_STRING("grantctl locks", member(explained, "help"));
  TEST_ASSERT_EQUAL_STRING(id, member(*explained.find("lock"), "id"));
  TEST_ASSERT_TRUE(explained.find("grant") == nullptr);
  auto checked = w.root("Check", R"({"account":"pg:alice","login_point":"pg:main/orders"})").parameters;
  TEST_ASSERT_EQUAL_STRING("locked", member(checked, "reason"));
  TEST_ASSERT_EQUAL_INT64(hour * base::us_per_s, number(*checked.find("lock"), "left_us"));
  auto status = w.ask("alice", "Status").parameters;
  TEST_ASSERT_EQUAL_STRING("laptop stolen", member(status.find("locks")->items()->front(), "message"));
  TEST_ASSERT_EQUAL_INT(0, w.ask("bob", "Status").parameters.find("locks")->items()->size());
  g = w.root("Grant", R"({"person":"alice","resource":"orders-db"})");
  TEST_ASSERT_EQUAL_STRING("", short_error(g));
  TEST_ASSERT_TRUE_MESSAGE(member(g.parameters, "warning").find("alice is locked for 1 h more") == 0,
                           g.parameters.print());
  unlock(w, alice);
  lock(w, orders);
  explained = w.root("Explain", R"({"person":"bob","resource":"orders-db"})").parameters;
  TEST_ASSERT_TRUE(member(explained, "why").find("orders-db is locked") != std::string::npos);
  TEST_ASSERT_EQUAL_STRING("grantctl locks", member(explained, "help"));
}

TEST(locks_are_asked_for_and_seen_by_those_who_may) {
  world w;
  w.grant();
  grant_bob(w);
  for (const char* who : {"alice", "dave"})
    TEST_ASSERT_EQUAL_STRING("NotAllowed", short_error(w.ask(who, "Lock", params(alice))));
  auto r = w.ask("carol", "Lock", params(R"("name":"alice")"));
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_STRING("carol", member(*r.parameters.find("lock"), "made_by"));
  TEST_ASSERT_EQUAL_INT64(1, number(*r.parameters.find("lock"), "covers"));
  r = w.root("Lock", params(R"("name":"orders-db")"));
  TEST_ASSERT_EQUAL_INT64(2, number(*r.parameters.find("lock"), "covers"));
  lock(w, R"("person":"alice@example.com")");
  auto seen = [&](const std::string& who) {
    return w.ask(who, "Locks").parameters.find("locks")->items()->size();
  };
  TEST_ASSERT_EQUAL_INT(3, seen("alice"));
  TEST_ASSERT_EQUAL_INT(1, seen("bob"));
  TEST_ASSERT_EQUAL_INT(3, seen("dave"));
  r = w.root("Unlock", of(alice));
  TEST_ASSERT_EQUAL_INT(2, r.parameters.find("locks")->items()->size());
  auto no = [&](const std::string& error, const std::string& method, const std::string& parameters) {
    TEST_ASSERT_EQUAL_STRING(error, short_error(w.root(method, parameters)));
  };
  no("NoSuchLock", "Unlock", of(alice));
  no("NoSuchLock", "Unlock", of(all));
  no("NoSuchLock", "Unlock", "{\"id\":\"" + std::string(base::print_id('k', 40000).view()) + "\"}");
  no("InvalidParameter", "Unlock", R"({"id":"g-7k2m"})");
  no("InvalidParameter", "Unlock", of(alice + "," + all));
  no("NoSuchPerson", "Lock", params(R"("person":"orders-db")"));
  no("NoSuchResource", "Lock", params(R"("resource":"alice")"));
  no("NoSuchPerson", "Lock", params(R"("name":"nobody")"));
  no("InvalidParameter", "Lock", params(alice + "," + all));
  no("InvalidParameter", "Lock", R"({"person":"alice","for_us":1000000})");
  no("InvalidParameter", "Lock", R"({"person":"alice","message":"x"})");
  no("InvalidParameter", "Lock", params(alice, hour, std::string(81, 'x')));
  no("InvalidParameter", "Lock", params(alice, 0));
  w.load("[person.x]\npg = \"x\"\n[resource.x]\nlogin_points = [\"pg:main/x\"]\n");
  no("InvalidParameter", "Lock", params(R"("name":"x")"));
}
