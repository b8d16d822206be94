// SPDX-License-Identifier: Apache-2.0
// [[expect]]: read, and run. Must never count a case as met that could not be asked.
#include "policy/expect.h"

#include "policy/nearest.h"
#include "policy/reading.h"
#include "policy/rules.h"
#include "policy/sentence.h"

namespace grantd::policy {
namespace {

constexpr std::string_view expect_keys[] = {"case"};

template <typename Map>
void check_name(std::string_view what, const std::string& name, const Map& known, position at, reading& r) {
  if (name.empty() || known.contains(name)) return;
  std::string near = r.found.full() ? "" : near_miss(name, keys_of(known));
  r.found.add(at, "the case names " + std::string(what) + " " + quoted(name) + ", which there is not" + near);
}

std::string in_words(const judgement& j) {
  if (j.what == judgement::outcome::refused) return "refused: " + j.message;
  const std::string by = " by rule " + j.by->name;
  if (j.what == judgement::outcome::opens) return "opens at once" + by;
  return "needs " + std::to_string(j.by->approvals) + (j.by->approvals == 1 ? " approval" : " approvals") +
         by;
}

bool is_met(const sentence& s, const judgement& j) {
  if (!s.rule.empty() && (j.by == nullptr || j.by->name != s.rule)) return false;
  switch (s.expected) {
    case sentence::outcome::opens:
      return j.what == judgement::outcome::opens;
    case sentence::outcome::asks:
      return j.what == judgement::outcome::asks && j.by->approvals == s.approvals;
    case sentence::outcome::refused:
      break;
  }
  return j.what == judgement::outcome::refused;
}

}  // namespace

std::string print(const unmet& u) {
  return escaped(u.file, 4096) + ":" + std::to_string(u.line) + ": expected \"" + escaped(u.sentence, 1000) +
         "\", got: " + u.got;
}

void read_expectations(const toml_value& list, reading& r) {
  for (const toml_value& item : list.items()) {
    if (item.kind() != toml_kind::table) {
      r.found.add(item.at(), "expect holds " + std::string(describe(item.kind())) + ": write [[expect]]");
      continue;
    }
    fields f(item, "[[expect]]", expect_keys, r.found);
    if (!f.has("case")) r.found.add(item.at(), "[[expect]] has no case (write case = \"...\")");
    auto t = f.text("case");
    if (!t) continue;
    auto s = parse_sentence(t->text);
    if (!s) {
      r.found.add(t->at, "the case " + s.error() + " (write \"" + std::string(sentence_grammar) + "\")");
      continue;
    }
    check_name("person", s->person, r.result.people, t->at, r);
    check_name("resource", s->resource, r.result.resources, t->at, r);
    check_name("rule", s->rule, r.result.rules, t->at, r);
    const place at = r.found.here(t->at);
    r.result.expectations.push_back({r.found.file(at.file), at.at.line, std::string(t->text)});
  }
}

std::vector<unmet> run_expectations(const policy& p, base::utc_time now) {
  std::vector<unmet> out;
  for (const expectation& e : p.expectations) {
    auto s = parse_sentence(e.sentence);
    if (!s) {
      out.push_back({e.file, e.line, e.sentence, s.error()});
      continue;
    }
    question q;
    q.person = s->person;
    q.resource = s->resource;
    q.role = s->role;
    q.reason = s->reason;
    q.for_us = s->for_us;
    q.read_write = s->read_write;
    q.break_glass = s->break_glass;
    q.start = s->start.value_or(now);
    const judgement j = judge(p, q, [](std::string_view) { return 0U; });
    if (!is_met(*s, j)) out.push_back({e.file, e.line, e.sentence, in_words(j)});
  }
  return out;
}

}  // namespace grantd::policy
