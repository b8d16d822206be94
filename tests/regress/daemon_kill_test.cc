// SPDX-License-Identifier: Apache-2.0
// kill -9 under load, again and again: no acknowledged change is lost, no revoked grant comes back, and the
// table left behind says so too. Printed: kills, changes acknowledged.
#include <atomic>
#include <cstdio>
#include <random>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/ident.h"
#include "daemon_process.h"
#include "support/sanitized.h"
#include "support/unity.h"
#include "table/snapshot.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr int people = 4;
constexpr int rounds = sanitized ? 120 : 720;  // each start takes ten times as long

// What one client was told, and what it does not know because nobody answered.
struct knowledge {
  std::set<std::string> open;
  std::set<std::string> ended;
  std::string end_unknown;     // the answer to this revocation never came
  bool grant_unknown = false;  // nor to a grant
  uint64_t acknowledged = 0;
};

std::string person(int i) { return "p" + std::to_string(i); }

void load(const std::string& socket, int who, uint64_t seed, std::atomic<int>& acknowledged, knowledge& k) {
  std::mt19937_64 random(seed);
  client c(socket);
  while (c.connected()) {
    bool grant = k.open.size() < 3 || (k.open.size() < 12 && random() % 2 == 0);
    std::optional<daemon::json::value> answer;
    std::string id;
    if (grant) {
      k.grant_unknown = true;
      answer = c.call("Grant", R"({"person":")" + person(who) + R"(","resource":"orders-db"})");
    } else {
      id = *std::next(k.open.begin(), static_cast<long>(random() % k.open.size()));
      k.end_unknown = id;
      answer = c.call("Revoke", R"({"id":")" + id + R"(","reason":"load"})");
    }
    if (!answer) return;  // killed
    if (answer->find("error") != nullptr) {
      std::fprintf(stderr, "refused: %s\n", answer->print().c_str());
      std::abort();
    }
    if (grant) {
      k.open.insert(*answer->find("parameters")->find("grant")->find("id")->text());
      k.grant_unknown = false;
    } else {
      k.open.erase(id);
      k.ended.insert(id);
      k.end_unknown.clear();
    }
    ++k.acknowledged;
    ++acknowledged;
  }
}

// The grants that the table lets pN in by.
std::set<std::string> in_table(const std::string& path, int who) {
  static table::found found;
  table::snapshot table;
  TEST_ASSERT_EQUAL_STRING("none", table.open(path.c_str()) == table::fault::none ? "none" : "a fault");
  std::string name = person(who);
  TEST_ASSERT_TRUE(table.find({decision::identity_class::pg, name}, found) == table::fault::none);
  std::set<std::string> ids;
  for (const auto& r : found.all()) {
    if (r.kind == decision::record_kind::window) ids.insert(std::string(base::print_id('g', r.grant).view()));
  }
  return ids;
}

std::set<std::string> listed(client& c, int who) {
  auto answer = c.call("List", R"({"person":")" + person(who) + "\"}");
  TEST_ASSERT_TRUE(answer.has_value() && answer->find("error") == nullptr);
  std::set<std::string> ids;
  for (const auto& g : *answer->find("parameters")->find("grants")->items())
    ids.insert(*g.find("id")->text());
  return ids;
}

// `now`: what is open somewhere. Everything known must agree with it.
void agree(const knowledge& k, const std::set<std::string>& now, const std::string& where, bool durable) {
  for (const auto& id : k.open) {
    bool may_be_gone = id == k.end_unknown;
    TEST_ASSERT_TRUE_MESSAGE(may_be_gone || now.contains(id),
                             "acknowledged grant " + id + " is lost in " + where);
  }
  size_t unknown = 0;
  for (const auto& id : now) {
    TEST_ASSERT_TRUE_MESSAGE(!k.ended.contains(id), "revoked grant " + id + " is back in " + where);
    unknown += k.open.contains(id) ? 0 : 1;
  }
  if (durable)
    TEST_ASSERT_TRUE_MESSAGE(unknown <= (k.grant_unknown ? 1 : 0), "a grant nobody asked for in " + where);
}

}  // namespace

TEST(kill_9_under_load_loses_nothing_acknowledged_and_brings_nothing_back) {
  daemon_process d;
  std::mt19937_64 random(seed());
  std::array<knowledge, people> known;
  uint64_t total = 0;
  d.start();
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> acknowledged = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < people; ++i) {
      threads.emplace_back(load, d.socket(), i, random(), std::ref(acknowledged),
                           std::ref(known[static_cast<size_t>(i)]));
    }
    int enough = static_cast<int>(random() % 30);
    bool reached = wait_until([&] { return acknowledged >= enough; }, 30000);
    d.kill9();
    for (auto& t : threads) t.join();
    TEST_ASSERT_TRUE_MESSAGE(reached, d.log());
    for (int i = 0; i < people; ++i) {
      agree(known[static_cast<size_t>(i)], in_table(d.table(), i), "the table", false);
    }
    d.start();
    client c = d.connect();
    for (int i = 0; i < people; ++i) {
      knowledge& k = known[static_cast<size_t>(i)];
      auto now = listed(c, i);
      agree(k, now, "the store", true);
      agree(k, in_table(d.table(), i), "the new table", true);
      if (!k.end_unknown.empty() && !now.contains(k.end_unknown)) k.ended.insert(k.end_unknown);
      k.end_unknown.clear();
      k.grant_unknown = false;
      k.open = now;
      total += std::exchange(k.acknowledged, 0);
    }
  }
  std::printf("%d kills, %llu changes acknowledged\n", rounds, static_cast<unsigned long long>(total));
  TEST_ASSERT_TRUE(total > rounds);
}
