// SPDX-License-Identifier: Apache-2.0
// However many locks, windows and endings an account has, and however long its names: the table can be
// published, no lock and no window gives way, and no lookup lets a locked account in.
#include <algorithm>
#include <random>

#include "base/utf8.h"
#include "table/codec.h"
#include "table/format.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

void records_of(world& w, const decision::account& who, table::found& out) {
  table::snapshot table;
  TEST_ASSERT_TRUE_MESSAGE(table.open((w.dir / "run/windows").c_str()) == table::fault::none,
                           w.core->table().error());
  TEST_ASSERT_TRUE(table.find(who, out) == table::fault::none);
}

struct counts {
  size_t windows = 0, endings = 0, locks = 0;
};
counts count(world& w, const decision::account& who) {
  table::found found;
  counts c;
  records_of(w, who, found);
  for (const auto& r : found.all()) {
    if (r.kind == decision::record_kind::window) ++c.windows;
    if (r.kind == decision::record_kind::ended) ++c.endings;
    if (r.kind == decision::record_kind::lock) ++c.locks;
  }
  return c;
}

decision::reason ask_table(world& w, const decision::account& who, const decision::login_point& where,
                           std::string_view role) {
  table::found found;
  records_of(w, who, found);
  return decision::decide(found.all(), {who, where, role}, w.clock.now.boot).why;
}

void ok(const daemon::reply& r) { TEST_ASSERT_TRUE_MESSAGE(r.ok(), r.error + r.parameters.print()); }

std::string lock_of(const std::string& whom, int64_t seconds, const std::string& message = "x") {
  return "{" + whom + R"(,"for_us":)" + std::to_string(seconds * base::us_per_s) + R"(,"message":")" +
         message + "\"}";
}

std::string resource_text(const std::string& name, const std::string& points) {
  const bool pam = points.find("pam:") != std::string::npos;
  return "[resource." + name + "]\nlogin_points = [" + points + "]\n" +
         (pam ? "pam_access = \"full\"\n" : "");
}

}  // namespace

TEST(thirty_two_windows_and_many_locks_fit_and_endings_give_way) {
  std::string policy = "[person.alice]\npg = \"alice\"\nos = \"alice\"\n[person.bob]\npg = \"bob\"\n";
  for (int i = 0; i < 31; ++i)
    policy += resource_text("db" + std::to_string(i), "\"pg:main/db" + std::to_string(i) + "\"");
  policy += resource_text("wide", "\"pg:main/*\"") + resource_text("other", "\"pg:far/x\"");
  world w;
  w.restart(policy.c_str());
  const decision::account alice{decision::identity_class::pg, "alice"};
  auto grant = [&](const std::string& what) {
    return w.root("Grant", R"({"person":"alice","resource":")" + what + "\"}");
  };
  for (int round = 0; round < 2; ++round) {  // endings of every point
    for (int i = 0; i < 31; ++i) ok(grant("db" + std::to_string(i)));
    ok(grant("other"));
    ok(w.root("Revoke", R"({"person":"alice","reason":"x"})"));
  }
  for (int i = 0; i < 31; ++i) ok(grant("db" + std::to_string(i)));
  ok(grant("wide"));
  counts before = count(w, alice);
  TEST_ASSERT_EQUAL_INT(32, before.windows);
  TEST_ASSERT_EQUAL_INT(daemon::max_told_of_account - 32, before.endings);
  for (int i = 0; i < 31; ++i) {
    ok(w.root("Lock", lock_of("\"resource\":\"db" + std::to_string(i) + "\"", 100 + i)));
    ok(w.root("Lock", lock_of("\"resource\":\"db" + std::to_string(i) + "\"", 50)));  // ends sooner: not told
    counts now = count(w, alice);
    TEST_ASSERT_EQUAL_INT(32, now.windows);
    TEST_ASSERT_TRUE(now.locks >= 1 && now.locks <= daemon::max_locks_of_account);
    TEST_ASSERT_EQUAL_INT(std::min(before.endings, table::max_records_per_account - 32 - now.locks),
                          now.endings);
    if (i < 13) TEST_ASSERT_EQUAL_INT(i + 1, now.locks);
    for (int j = 0; j <= i; ++j) {
      std::string db = "db" + std::to_string(j);
      TEST_ASSERT_EQUAL_INT(
          decision::reason::locked,
          ask_table(w, alice, {decision::point_kind::postgres, "main", db, false}, "alice"));
    }
    if (i < 12) {
      TEST_ASSERT_EQUAL_INT(
          decision::reason::allowed,
          ask_table(w, alice, {decision::point_kind::postgres, "main", "db30", false}, "alice"));
    }
  }
  // More than fit one by one have become one of the whole cluster, and reach no further.
  TEST_ASSERT_EQUAL_INT(1, count(w, alice).locks);
  ok(w.root("Revoke", R"({"resource":"wide","reason":"x"})"));
  ok(grant("other"));
  TEST_ASSERT_EQUAL_INT(decision::reason::allowed,
                        ask_table(w, alice, {decision::point_kind::postgres, "far", "x", false}, "alice"));
  // The last one's end is the cluster's.
  w.clock.pass(120);
  TEST_ASSERT_EQUAL_INT(decision::reason::locked,
                        ask_table(w, alice, {decision::point_kind::postgres, "main", "db0", false}, "alice"));
  w.turn();
  for (int i = 0; i < 21; ++i) {
    std::string db = "db" + std::to_string(i);
    TEST_ASSERT_EQUAL_INT(decision::reason::allowed,
                          ask_table(w, alice, {decision::point_kind::postgres, "main", db, false}, "alice"));
  }
  ok(w.root("Lock", lock_of("\"all\":true", 600)));
  TEST_ASSERT_EQUAL_INT(3, count(w, alice).locks);  // it ends last: those of resources need not be told
  TEST_ASSERT_EQUAL_INT(3, count(w, {decision::identity_class::pg, "bob"}).locks);
}

TEST(locks_of_more_clusters_than_fit_become_one_of_any_place) {
  std::string policy = "[person.alice]\npg = \"alice\"\n";
  for (int i = 0; i < 20; ++i)
    policy += resource_text("c" + std::to_string(i), "\"pg:c" + std::to_string(i) + "/x\"");
  world w;
  w.restart(policy.c_str());
  const decision::account alice{decision::identity_class::pg, "alice"};
  for (int i = 0; i < 20; ++i) {
    ok(w.root("Grant", R"({"person":"alice","resource":"c)" + std::to_string(i) + "\"}"));
    ok(w.root("Lock", lock_of("\"resource\":\"c" + std::to_string(i) + "\"", 600)));
    TEST_ASSERT_TRUE(count(w, alice).locks <= daemon::max_locks_of_account);
  }
  TEST_ASSERT_EQUAL_INT(1, count(w, alice).locks);
  for (int i = 0; i < 20; ++i) {
    std::string place = "c" + std::to_string(i);
    TEST_ASSERT_EQUAL_INT(decision::reason::locked,
                          ask_table(w, alice, {decision::point_kind::postgres, place, "x", false}, "alice"));
  }
}

TEST(the_longest_name_and_the_longest_message_are_published) {
  const std::string dn = "CN=" + std::string(125, 'a');
  std::string policy = "[person.alice]\npg = \"alice\"\n[person.bob]\ndn = \"" + dn + "\"\n" +
                       resource_text("x", "\"pg:m/*\"");
  world w;
  w.restart(policy.c_str());
  TEST_ASSERT_TRUE_MESSAGE(w.core->people().policy() != nullptr, w.core->people().error());
  std::string message;
  while (message.size() + 3 <= 80) message += "\u20ac";
  ok(w.root("Lock", lock_of("\"person\":\"bob\"", 600, message)));
  table::found found;
  records_of(w, {decision::identity_class::dn, dn}, found);
  TEST_ASSERT_EQUAL_INT(3, found.all().size());
  for (const auto& r : found.all()) {
    TEST_ASSERT_TRUE(base::is_utf8(r.text) && message.starts_with(r.text));
    TEST_ASSERT_EQUAL_INT((table::max_strings - dn.size()) / 3 * 3, r.text.size());
  }
}

// No policy gives such names together; what a store holds is not a policy's word.
TEST(a_lock_whose_names_do_not_fit_together_becomes_a_broader_one) {
  const std::string far(63, 'p');
  const std::string database(63, 'd');
  for (bool far_place : {false, true}) {
    const std::string place = far_place ? far : "m";
    daemon::pool names;
    daemon::locks locks(names);
    policy::policy p;
    p.resources["long"].login_points = {{policy::login_point::kind::postgres, place, database, false, false}};
    locks.take_policy(&p);
    daemon::lock_in_force l;
    l.is.number = 1;
    l.is.subject = store::lock::what::resource;
    l.is.name = "long";
    l.is.message = std::string(80, 'x');
    l.is.mapped_end = {1000};
    locks.add(l);
    const std::string who(far_place ? 128 : 100, 'a');
    daemon::open_grant g;
    g.number = 7;
    g.resource = names.put("other");
    g.scopes =
        names.put({{4, who, {policy::login_point::kind::postgres, place, "", true, false}, "r", false}});
    daemon::locks::open_grants open{{7, g}};
    const uint64_t own[] = {7};
    std::vector<daemon::locks::told> told;
    locks.tell({decision::identity_class::krb, who}, open, own, told);
    TEST_ASSERT_EQUAL_INT(1, told.size());
    TEST_ASSERT_EQUAL_INT(far_place, told[0].where.any_place);
    TEST_ASSERT_TRUE(told[0].where.any_database);
    decision::record r{};
    r.kind = decision::record_kind::lock;
    r.who = told[0].who;
    r.where = told[0].where;
    r.text = told[0].text;
    std::array<uint8_t, table::record_size> bytes;
    TEST_ASSERT_TRUE(table::encode_record(r, bytes));
  }
}

// Random people, resources, grants and locks: each lookup of the table against what the words of PROTOCOL
// section 3 say.
TEST(no_lookup_allows_where_a_lock_is_in_force_and_others_are_not_touched) {
  std::mt19937_64 random(seed());
  size_t refused = 0;
  size_t let_in = 0;
  for (int round = 0; round < 30; ++round) {
    std::string policy;
    for (int p = 0; p < 4; ++p) {
      std::string n = std::to_string(p);
      policy += "[person.p" + n + "]\nos = \"o" + n + "\"\npg = [\"a" + n + "\", \"b" + n + "\"]\nkrb = \"k" +
                n + "@X\"\n";
    }
    const std::vector<std::string> points = {"\"pg:m/x\"", "\"pg:m/y\", \"replication:m\"", "\"pg:m/*\"",
                                             "\"pam:sshd\"", "\"pg:n/x\", \"pam:sudo\""};
    for (size_t i = 0; i < points.size(); ++i) policy += resource_text("r" + std::to_string(i), points[i]);
    world w;
    w.restart(policy.c_str());
    TEST_ASSERT_TRUE_MESSAGE(w.core->people().policy() != nullptr, w.core->people().error());
    struct made {
      int subject;  // 0 person, 1 resource, 2 all
      size_t which;
      int64_t end;
      std::string id;
    };
    std::vector<made> locks;
    auto live = [&] { return w.clock.now.boot.ns; };
    for (int step = 0; step < 40; ++step) {
      const size_t p = random() % 4;
      const size_t r = random() % points.size();
      const auto seconds = static_cast<int64_t>(10 + random() % 200);
      switch (random() % 6) {
        case 0:
        case 1:
          (void)w.root("Grant", R"({"person":"p)" + std::to_string(p) + R"(","resource":"r)" +
                                    std::to_string(r) + "\"}");
          break;
        case 2: {
          const int subject = static_cast<int>(random() % 8);
          const int kind = subject < 3 ? 0 : subject < 7 ? 1 : 2;
          std::string whom = kind == 0   ? "\"person\":\"p" + std::to_string(p) + "\""
                             : kind == 1 ? "\"resource\":\"r" + std::to_string(r) + "\""
                                         : "\"all\":true";
          auto answer = w.root("Lock", lock_of(whom, seconds));
          ok(answer);
          locks.push_back({kind, kind == 0 ? p : r, live() + seconds * base::ns_per_s,
                           member(*answer.parameters.find("lock"), "id")});
          break;
        }
        case 3:
          if (!locks.empty()) {
            auto gone = w.root("Unlock", R"({"id":")" + locks.back().id + "\"}");
            TEST_ASSERT_TRUE(gone.ok() || locks.back().end <= live());
            locks.pop_back();
          }
          break;
        case 4:
          w.clock.pass(static_cast<int64_t>(random() % 60));
          if (random() % 2 == 0) w.turn();
          break;
        default:
          w.restart(policy.c_str());
      }
      TEST_ASSERT_EQUAL_STRING("", w.core->table().error());
      for (size_t who = 0; who < 4; ++who) {
        const auto* person = w.core->people().policy()->find_person("p" + std::to_string(who));
        for (size_t what = 0; what < points.size(); ++what) {
          const auto* resource = w.core->people().policy()->find_resource("r" + std::to_string(what));
          for (const policy::scope& s : policy::scopes_of(*person, *resource)) {
            const std::string db = s.where.any_database ? "y" : s.where.database;
            const decision::account account{static_cast<decision::identity_class>(s.proved_by), s.account};
            const decision::login_point at{static_cast<decision::point_kind>(s.where.where), s.where.place,
                                           db, s.where.replication};
            const bool shut = std::ranges::any_of(locks, [&](const made& l) {
              if (l.end <= live()) return false;
              if (l.subject == 2 || (l.subject == 0 && l.which == who)) return true;
              if (l.subject == 0) return false;
              const auto* of = w.core->people().policy()->find_resource("r" + std::to_string(l.which));
              return std::ranges::any_of(of->login_points, [&](const policy::login_point& p2) {
                return p2.where == s.where.where && p2.place == s.where.place &&
                       p2.replication == s.where.replication && (p2.any_database || p2.database == db);
              });
            });
            table::found found;
            records_of(w, account, found);
            std::vector<decision::record> without;
            for (const auto& rec : found.all())
              if (rec.kind != decision::record_kind::lock) without.push_back(rec);
            const decision::question q{account, at, s.role};
            const auto bare = decision::decide(without, q, w.clock.now.boot).why;
            const auto told = decision::decide(found.all(), q, w.clock.now.boot).why;
            const auto own = decision::decide(w.core->grants().records_of(account), q, w.clock.now.boot).why;
            TEST_ASSERT_EQUAL_INT(told, own);  // Check and Explain say what a login is told
            if (shut && bare == decision::reason::allowed) {
              TEST_ASSERT_EQUAL_INT(decision::reason::locked, told);
              ++refused;
            }
            if (!shut) {
              TEST_ASSERT_EQUAL_INT(bare, told);
              if (bare == decision::reason::allowed) ++let_in;
            }
          }
        }
      }
    }
  }
  TEST_ASSERT_TRUE(refused > 1000 && let_in > 1000);
}
