// SPDX-License-Identifier: Apache-2.0
// [rule.NAME] sections. Must never take a rule that could be read in two ways: what is open must be written.
#include <algorithm>

#include "base/duration.h"
#include "policy/nearest.h"
#include "policy/reading.h"
#include "policy/rule_keys.h"

namespace grantd::policy {
namespace {

constexpr std::string_view rule_keys[] = {"who",         "resource", "access", "max",    "approvals",
                                          "signed",      "reason",   "hours",  "quota",  "start",
                                          "break_glass", "notify",   "deny",   "message"};
constexpr std::string_view only_to_allow[] = {"max",   "approvals", "signed",      "reason",
                                              "quota", "start",     "break_glass", "notify"};
constexpr std::string_view accesses[] = {"read-only", "read-write"};
constexpr std::string_view starts[] = {"approval", "first-use"};
constexpr int64_t longest_break_glass_us = int64_t{4} * 3600 * 1'000'000;
constexpr size_t longest_message = 200;

position key_place(const fields& f, std::string_view key, position section) {
  const toml_value* v = f.value(key);
  return v != nullptr ? v->at() : section;
}

void read_access(fields& f, rule& rule, reading& r) {
  auto t = f.text("access");
  if (!t) return;
  if (t->text == accesses[1]) {
    rule.read_write = true;
  } else if (t->text != accesses[0]) {
    r.found.add(t->at,
                "unknown access " + quoted(t->text) + " of " + f.what() + suggestion(t->text, accesses));
  } else if (rule.deny) {
    r.found.add(t->at,
                f.what() +
                    " would deny reading and leave writing open (leave access out to deny both, or write "
                    "\"read-write\" to deny changes only)");
  }
}

void read_max(fields& f, rule& rule, reading& r) {
  rule.max_us = rule.break_glass ? longest_break_glass_us : longest_us;
  auto most = f.duration_us("max");
  if (!most) return;
  if (rule.break_glass && most->value > longest_break_glass_us) {
    r.found.add(most->at, "max of " + f.what() + " is " +
                              std::string(base::print_duration_short(most->value).view()) +
                              ": a break-glass window is at most 4h long");
  }
  rule.max_us = most->value;
}

void read_reason(fields& f, rule& rule, position section, reading& r) {
  if (rule.break_glass && !f.has("reason")) {
    r.found.add(section, f.what() + " is break-glass and has no reason (write reason = \"required\")");
  }
  auto t = f.text("reason");
  if (!t) return;
  rule.reason_required = true;
  if (t->text == "required") return;
  if (t->text.empty()) {
    r.found.add(t->at,
                "reason of " + f.what() +
                    " is empty (write \"required\" or a pattern, or leave it out where none is needed)");
    return;
  }
  rule.reason_pattern = t->text;
  auto& known = r.patterns[rule.reason_pattern];
  if (!known) {
    auto compiled = compile(rule.reason_pattern);
    if (!compiled) {
      r.found.add(t->at, "reason of " + f.what() + " " + compiled.error() + ": " + quoted(t->text));
      return;
    }
    known = *compiled;
  }
  rule.compiled = known;
}

void read_start(fields& f, rule& rule, reading& r) {
  auto t = f.text("start");
  if (!t) return;
  if (t->text == starts[1]) {
    rule.first_use = true;
    if (rule.break_glass) {
      r.found.add(t->at, f.what() + " is break-glass and opens at once: it cannot start with the first use");
    }
  } else if (t->text != starts[0]) {
    r.found.add(t->at, "unknown start " + quoted(t->text) + " of " + f.what() + suggestion(t->text, starts));
  }
}

void read_quota(fields& f, rule& rule, reading& r) {
  auto n = f.integer("quota", 1, 1000);
  if (!n) return;
  rule.quota = static_cast<unsigned>(n->value);
  if (rule.approvals > 0) {
    r.found.add(n->at, "quota of " + f.what() +
                           " counts self-service windows, and its windows need approvals "
                           "(leave one of the two out)");
  }
}

void read_notify(fields& f, rule& rule, position section, reading& r) {
  if (!rule.break_glass) {
    if (f.has("notify")) {
      r.found.add(key_place(f, "notify", section),
                  "notify of " + f.what() + " is for break-glass rules only");
    }
    return;
  }
  if (!f.has("notify")) {
    r.found.add(section, f.what() +
                             " is break-glass and has no notify (write notify = [\"group:NAME\"]: who is "
                             "told, and may sign it off)");
    return;
  }
  auto texts = f.texts("notify");
  named_people people = people_of(texts, "notify of " + f.what(), r);
  rule.notify = people.anybody ? everybody(r) : std::move(people.people);
  if (rule.notify.empty() && !people.from_unix && r.found.empty()) {
    r.found.add(key_place(f, "notify", section), "notify of " + f.what() + " is nobody");
  }
}

void read_break_glass(fields& f, rule& rule, position section, reading& r) {
  rule.break_glass = f.boolean("break_glass").value_or(false);
  if (!rule.break_glass || rule.approvals == 0) return;
  r.found.add(key_place(f, "approvals", section),
              f.what() +
                  " is break-glass, which waits for nobody, and has approvals (write approvals = 0; "
                  "notify names who signs it off afterwards)");
}

void read_deny(fields& f, rule& rule, reading& r) {
  for (std::string_view key : only_to_allow) {
    const toml_value* v = f.value(key);
    if (v == nullptr) continue;
    r.found.add(v->at(), std::string(key) + " of " + f.what() +
                             " means nothing where everything is denied (leave "
                             "it out, or deny)");
  }
  auto t = f.text("message");
  if (!t) return;
  rule.message = t->text;
  if (t->text.size() > longest_message) {
    r.found.add(t->at, "message of " + f.what() + " is " + std::to_string(t->text.size()) +
                           " bytes long: at most " + std::to_string(longest_message));
  }
}

rule read_rule(const toml_value::member& m, reading& r) {
  rule rule;
  rule.name = m.key;
  rule.file = r.found.file(r.found.here(m.at).file);
  rule.line = m.at.line;
  fields f(m.value, "[rule." + rule.name + "]", rule_keys, r.found);
  rule.deny = f.boolean("deny").value_or(false);
  read_who(f, rule, m.at, r);
  read_which(f, rule, m.at, r);
  read_access(f, rule, r);
  read_hours(f, rule, r);
  if (rule.deny) {
    read_deny(f, rule, r);
    return rule;
  }
  if (const toml_value* v = f.value("message")) {
    r.found.add(v->at(), "message of " + f.what() + " is for deny rules only (did you forget deny = true?)");
  }
  rule.is_signed = f.boolean("signed").value_or(true);
  read_approvals(f, rule, m.at, r);
  read_break_glass(f, rule, m.at, r);
  read_max(f, rule, r);
  read_reason(f, rule, m.at, r);
  read_start(f, rule, r);
  read_quota(f, rule, r);
  read_notify(f, rule, m.at, r);
  return rule;
}

}  // namespace

void read_rules(const toml_value& table, reading& r) {
  for (const toml_value::member& m : named_tables(table, "rule", r)) {
    rule one = read_rule(m, r);
    std::string name = one.name;
    r.result.rules.emplace(std::move(name), std::move(one));
  }
}

}  // namespace grantd::policy
