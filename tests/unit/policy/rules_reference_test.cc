// SPDX-License-Identifier: Apache-2.0
// Random policies and questions: the judge agrees with a reference that knows the rules as they were written,
// tries them one after another, and shares no code with it.
#include <random>

#include "mistakes.h"
#include "policy/rules.h"

using namespace grantd;

namespace {

struct written {
  bool deny = false, everybody = false, read_write = false, glass = false, reason = false;
  std::vector<bool> who, what;
  int hours = 0, from = -1, to = -1, quota = 0, approvals = 0;  // max in hours; from -1: always
};

struct asked {
  unsigned person, resource;
  bool read_write, glass, reason;
  int hours, at, used;  // hours 0: not said
};

constexpr int max_hours[] = {8, 4};  // of resources r0 (read-write) and r1 (read-only)
constexpr int default_hours[] = {3, 1};

std::string toml(const std::vector<written>& rules) {
  std::string out;
  for (int i = 0; i < 4; ++i)
    out += "[person.p" + std::to_string(i) + "]\npg = \"p" + std::to_string(i) + "\"\n";
  out +=
      "[resource.r0]\nlogin_points = \"pg:m/a\"\naccess = \"read-write\"\nmax = \"8h\"\ndefault = \"3h\"\n"
      "[resource.r1]\nlogin_points = \"pg:m/b\"\nmax = \"4h\"\ndefault = \"1h\"\n";
  for (size_t i = 0; i < rules.size(); ++i) {
    const written& r = rules[i];
    out += "[rule.r" + std::to_string(i) + "]\nwho = [";
    for (size_t k = 0; k < r.who.size(); ++k)
      out += r.who[k] && !r.everybody ? "\"p" + std::to_string(k) + "\", " : "";
    out += r.everybody ? "\"*\"]\nresource = [" : "]\nresource = [";
    for (size_t k = 0; k < r.what.size(); ++k) out += r.what[k] ? "\"r" + std::to_string(k) + "\", " : "";
    out += "]\n";
    if (r.read_write) out += "access = \"read-write\"\n";
    if (r.from >= 0) {
      auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
      out += "hours = \"Mon-Sun " + two(r.from) + ":00-" + two(r.to) + ":00 UTC\"\n";
    }
    if (r.deny) {
      out += "deny = true\n";
      continue;
    }
    out += r.approvals == 0
               ? "approvals = 0\n"
               : "signed = false\napprovals = { count = " + std::to_string(r.approvals) + ", by = \"*\" }\n";
    if (r.hours > 0) out += "max = \"" + std::to_string(r.hours) + "h\"\n";
    if (r.reason) out += "reason = \"OPS\"\n";
    if (r.quota > 0) out += "quota = " + std::to_string(r.quota) + "\n";
    if (r.glass) out += "break_glass = true\nnotify = \"*\"\n";
  }
  return out;
}

bool open(const written& r, int hour) {
  if (r.from < 0) return true;
  for (int h = r.from;; h = (h + 1) % 24) {
    if (h == hour) return true;
    if ((h + 1) % 24 == r.to % 24) return false;
  }
}

// "refused", or "opens|asks RULE HOURS".
std::string reference(const std::vector<written>& rules, const asked& q) {
  auto speaks = [&](const written& r) { return (r.everybody || r.who[q.person]) && r.what[q.resource]; };
  std::string best = "refused";
  int best_approvals = 99, best_max = 0;
  for (size_t i = 0; i < rules.size(); ++i) {
    const written& r = rules[i];
    if (!speaks(r) || !open(r, q.at)) continue;
    if (r.deny) {
      if (r.read_write && !q.read_write) continue;
      return "refused";
    }
    int most = r.hours > 0 ? r.hours : r.glass ? 4 : 1000;
    if (most > max_hours[q.resource]) most = max_hours[q.resource];
    if (q.read_write && (q.resource == 1 || !r.read_write)) continue;
    if (q.glass != r.glass || q.hours > most || (r.reason && !q.reason)) continue;
    if (r.quota > 0 && q.used >= r.quota) continue;
    if (r.approvals > best_approvals || (r.approvals == best_approvals && most <= best_max)) continue;
    best_approvals = r.approvals;
    best_max = most;
    int hours = q.hours > 0 ? q.hours : default_hours[q.resource] < most ? default_hours[q.resource] : most;
    best = (r.approvals > 0 ? "asks r" : "opens r") + std::to_string(i) + " " + std::to_string(hours);
  }
  // Later deny rules count as much as earlier ones.
  for (const written& r : rules) {
    if (r.deny && speaks(r) && open(r, q.at) && (q.read_write || !r.read_write)) return "refused";
  }
  return best;
}

std::string judged(const policy::policy& p, const asked& q) {
  constexpr int64_t hour = 3'600'000'000;
  const std::string person = "p" + std::to_string(q.person), resource = "r" + std::to_string(q.resource);
  policy::question question;
  question.person = person;
  question.resource = resource;
  question.reason = q.reason ? "see OPS" : "";
  if (q.hours > 0) question.for_us = q.hours * hour;
  question.read_write = q.read_write;
  question.break_glass = q.glass;
  question.start = {(20'000 * 24 + q.at) * hour + 1};
  auto j = policy::judge(p, question, [&](std::string_view) { return static_cast<unsigned>(q.used); });
  if (j.what == policy::judgement::outcome::refused) {
    TEST_ASSERT_TRUE(j.why != policy::objection::none && !j.message.empty());
    return "refused";
  }
  return (j.what == policy::judgement::outcome::asks ? "asks " : "opens ") + j.by->name + " " +
         std::to_string(j.for_us / hour);
}

}  // namespace

TEST(the_judge_agrees_with_a_naive_reference) {
  std::mt19937_64 random(test::seed());
  auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  unsigned opens = 0, asks = 0, refused = 0;
  for (unsigned round = 0; round < 400; ++round) {
    std::vector<written> rules(static_cast<size_t>(1 + upto(7)));
    for (written& r : rules) {
      r.deny = upto(8) == 0;
      r.everybody = upto(4) == 0;
      r.read_write = upto(2) == 0;
      for (int k = 0; k < 4; ++k) r.who.push_back(upto(2) == 0);
      r.who[static_cast<size_t>(upto(4))] = true;
      for (int k = 0; k < 2; ++k) r.what.push_back(upto(2) == 0);
      r.what[static_cast<size_t>(upto(2))] = true;
      if (upto(3) == 0) {
        r.from = upto(24);
        r.to = upto(25);
      }
      if (r.deny) continue;
      r.glass = upto(4) == 0;
      r.hours = r.glass ? upto(5) : upto(12);
      r.reason = r.glass || upto(3) == 0;
      r.approvals = r.glass ? 0 : upto(3);
      r.quota = r.approvals == 0 ? upto(3) : 0;
    }
    const std::string file = toml(rules);
    auto p = policy::parse_policy(file, "f");
    test::accepted(p);
    for (unsigned n = 0; n < 100; ++n) {
      asked q{static_cast<unsigned>(upto(4)),
              static_cast<unsigned>(upto(2)),
              upto(2) == 0,
              upto(4) == 0,
              upto(2) == 0,
              upto(10),
              upto(24),
              upto(3)};
      const std::string expected = reference(rules, q);
      TEST_ASSERT_TRUE_MESSAGE(expected == judged(*p, q),
                               file + "expected " + expected + ", got " + judged(*p, q));
      ++(expected[0] == 'o' ? opens : expected[0] == 'a' ? asks : refused);
    }
  }
  TEST_ASSERT_TRUE(opens > 1000 && asks > 1000 && refused > 1000);
}
