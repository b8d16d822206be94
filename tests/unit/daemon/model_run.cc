// SPDX-License-Identifier: Apache-2.0
// What happens to grantd in the model test: time, clocks set, policies good and bad, crashes.
#include "model_run.h"

#include <fmt/core.h>

#include <algorithm>

namespace grantd::test {
namespace {

using namespace reference;

std::string list(const std::vector<person>& all) {
  std::string out;
  for (person p : all) out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", names[p]);
  return "[" + out + "]";
}

std::string policy_text(int which) {
  const policy& is = reference::policy_of(which);
  std::string out;
  for (person p : {alice, bob, carol, bot}) {
    out += fmt::format("[person.{0}]\npg = \"{0}\"\nkeys = [", names[p]);
    for (person first : {alice, bob, carol, bot}) {
      if (is.key_of[first] == p) out += "\"" + key_line(key_of(first)) + "\", ";
    }
    out += "]\n";
  }
  out += "[person.dave]\npg = \"dave\"\nrights = [\"grant\"]\n";
  for (const auto* name : {"orders", "replica", "reports"}) {
    out +=
        fmt::format("[resource.{0}]\nlogin_points = [\"pg:main/{0}\"]\ndefault = \"1h\"\nmax = \"8h\"\n{1}",
                    name, name == std::string("orders") ? "access = \"read-write\"\n" : "");
  }
  for (const rule& r : is.rules) {
    out += fmt::format("[rule.{}]\nwho = {}\nresource = \"{}\"\naccess = \"{}\"\n", r.name, list(r.who),
                       places[r.where], r.read_write ? "read-write" : "read-only");
    if (r.deny) {
      out += "deny = true\n";
      continue;
    }
    out += fmt::format("max = \"{}m\"\n", r.most / 60);
    out += r.needs == 0 ? "approvals = 0\n"
                        : fmt::format("approvals = {{ count = {}, by = {} }}\n", r.needs, list(r.by));
    if (r.glass) out += fmt::format("break_glass = true\nreason = \"required\"\nnotify = {}\n", list(r.by));
    if (!r.is_signed) out += "signed = false\n";
    if (r.first_use) out += "start = \"first-use\"\n";
    if (r.quota != 0) out += fmt::format("quota = {}\n", r.quota);
  }
  return out;
}

// Read once: what is compared here is not the parser.
const daemon::loaded_policy& read_policy(int which) {
  static const auto all = [] {
    std::array<daemon::loaded_policy, policies> read;
    for (int i = 0; i < policies; ++i) {
      auto parsed = grantd::policy::parse_policy(policy_text(i), "policy.toml");
      TEST_ASSERT_TRUE_MESSAGE(parsed.has_value(),
                               parsed ? "" : grantd::policy::print(parsed.error().front()));
      daemon::uid_map uids;
      uids.ask = 900;
      read[size_t(i)] = {
          std::make_shared<const grantd::policy::policy>(std::move(*parsed)), std::move(uids), {}};
    }
    return read;
  }();
  return all[static_cast<size_t>(which)];
}

}  // namespace

model_run::model_run() {
  w_.make(nullptr);
  give_policy(0);
  w_.core->start();
  m_.wall = m_.mark = w_.clock.now.utc.us / base::us_per_s;
  m_.boot = w_.clock.now.boot.ns / base::ns_per_s;
  m_.rules = policy_of(0);
  m_.last_request = m_.last_grant = 32767;  // PROTOCOL: numbers begin with 32768
  audited_ = w_.core->truth().sequence();
  ends_.clear();
}

void model_run::give_policy(int which) {
  policy_ = which;
  w_.core->take_policy(read_policy(which));
}

daemon::reply model_run::call(person who, const std::string& method, const std::string& parameters) {
  return w_.ask(std::string(names[who]), method, parameters);
}

void model_run::expect(const std::string& foretold, const daemon::reply& got) {
  const std::string word = short_error(got);
  if (!got.ok()) ++happened_[word];
  if (foretold == "*" ? !got.ok() : foretold == word) return;
  TEST_FAIL_MESSAGE(fmt::format("the answer is {}, the model says {}", got.ok() ? "yes" : word,
                                foretold.empty() ? "yes" : foretold));
}

// Of what was submitted by the tickets 1, 2, ...; one turn.
void model_run::expect_all(const std::vector<std::string>& foretold) {
  size_t told = 0;
  for (const auto& f : w_.core->turn()) {
    if (f.to == 0 || f.to > foretold.size()) continue;
    ++told;
    expect(foretold[f.to - 1], f.answer);
  }
  TEST_ASSERT_EQUAL_INT(foretold.size(), told);
}

void model_run::pass(int64_t seconds) {
  said(fmt::format("{} s pass", seconds));
  w_.clock.pass(seconds);
  m_.pass(seconds);
  w_.turn();
  m_.settle();
}

// A minute later the store has the mark: the model does not say how soon.
void model_run::move_mark() {
  compare();
  pass(61);
}

void model_run::step_clock(int64_t seconds) {
  said(fmt::format("the wall clock steps by {} s", seconds));
  w_.clock.step(seconds);
  w_.turn();
  m_.step(seconds);
  m_.settle();
  move_mark();
}

void model_run::accept_clock() {
  said("root accepts the clock");
  TEST_ASSERT_EQUAL_STRING("", short_error(w_.root("AcceptClock")));
  m_.accept();
  m_.settle();
}

void model_run::synchronise(bool on) {
  said(on ? "the clock is synchronised" : "the clock is not synchronised");
  w_.clock.now.synchronised = m_.synchronised = on;
  w_.turn();
  m_.settle();
  move_mark();
}

void model_run::change_policy() {
  const int which = dice_.one_in(2) ? 0 : dice_.roll(policies);
  said(fmt::format("policy {}", which));
  give_policy(which);
  w_.turn();
  m_.take(policy_of(which));
}

void model_run::bad_policy() {
  constexpr std::array<const char*, 3> texts = {"", "[person.alice\n", "[rule.x]\nwho = \"alice\"\n"};
  const char* text = texts[static_cast<size_t>(dice_.roll(3))];
  said(fmt::format("the policy's file is bad: '{}'", text));
  w_.load(text);
  w_.turn();
  m_.settle();
}

void model_run::crash() {
  const bool another_boot = dice_.one_in(3);
  if (another_boot) move_mark();
  if (dice_.one_in(3)) {  // asked, but not answered: it may be lost
    daemon::ask a;
    a.from = 9, a.person = a.by = "alice", a.resource = "replica";
    w_.core->submit(std::move(a));
  }
  w_.kill();
  compare_table();  // logins go on
  const int64_t stepped = dice_.one_in(4) ? 600 * (dice_.roll(13) - 6) : 0;
  const int which = dice_.one_in(6) ? no_policy : policy_ == no_policy || dice_.one_in(4) ? 0 : policy_;
  const int64_t down = dice_.one_in(2) ? 0 : dice_.roll(1200);
  said(fmt::format("grantd crashes, is down {} s, the clock steps by {} s{}, policy {}", down, stepped,
                   another_boot ? ", another boot" : "", which));
  w_.clock.pass(down);
  w_.clock.step(stepped);
  if (another_boot) ++w_.boot[0];
  w_.make(nullptr);
  policy_ = which;
  if (which == no_policy) {
    w_.core->policy_failed("absent");
  } else {
    give_policy(which);
  }
  w_.core->start();
  ++happened_[another_boot ? "another boot" : "crash"];
  if (another_boot) m_.boot += down, m_.wall += down;  // the mark stands still: nobody knows how long
  if (!another_boot) m_.pass(down);
  m_.restart(another_boot, which == no_policy ? std::nullopt : std::optional(policy_of(which)), stepped);
}

void model_run::one_step() {
  const int which = dice_.roll(100);
  if (which < 26) return ask();
  // Mostly about something that is there.
  const bool nobody_waits =
      std::ranges::none_of(m_.requests, [](const auto& r) { return r.second.is == phase::pending; });
  if (which < 54 ? nobody_waits : which < 77 && m_.grants.empty()) {
    if (!dice_.one_in(12)) return which % 4 == 0 ? open() : ask();
  }
  if (which < 27) return ask_at_once();
  if (which < 46) return approve();
  if (which < 48) return approve_twice_at_once();
  if (which < 51) return deny();
  if (which < 54) return cancel();
  if (which < 58) return extend();
  if (which < 63) return revoke();
  if (which < 67) return give_back();
  if (which < 71) return open();
  if (which < 74) return review();
  if (which < 77) return log_in();
  if (which < 80) return lock();
  if (which < 88) {
    constexpr std::array<int64_t, 8> times = {1, 60, 599, 600, 1800, 3600, 7200, 8 * 3600};
    return pass(times[static_cast<size_t>(dice_.roll(8))] - dice_.roll(2));
  }
  if (which < 91) return step_clock(600 * (dice_.one_in(2) ? 1 + dice_.roll(6) : -1 - dice_.roll(6)));
  if (which < 92) return accept_clock();
  if (which < 93) return synchronise(dice_.one_in(2));
  if (which < 97) return change_policy();
  if (which < 98 || dice_.one_in(3)) return bad_policy();  // a crash costs as much as ten steps
  return crash();
}

void model_run::finish() {
  said("the end");
  if (policy_ != 0) {
    give_policy(0);
    w_.turn();
    m_.take(policy_of(0));
  }
  if (!m_.synchronised) synchronise(true);
  if (m_.behind) accept_clock();
  for (const subject& s : subjects) {
    if (m_.lock(dave, s.whom, s.what, false).empty())
      expect("", call(dave, "Unlock", fmt::format("{{{}}}", s.printed)));
  }
  pass(int64_t{60} * 3600);
  compare();
  for (const auto& [number, g] : m_.grants) TEST_ASSERT_TRUE(g.is != fate::open);
  for (const auto& [number, r] : m_.requests) TEST_ASSERT_TRUE(r.is != phase::pending);
  compare_ended();
  m_.requests.clear();
  m_.grants.clear();
  ends_.clear();
  looked_at_.clear();
}

void model_run::sequence(uint64_t seed) {
  dice_ = dice(seed);
  steps_.clear();
  for (int left = 3 + std::min({dice_.roll(10), dice_.roll(10), dice_.roll(10)}); left > 0; --left) {
    one_step();
    compare();
  }
  finish();
}

}  // namespace grantd::test
