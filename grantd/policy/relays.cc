// SPDX-License-Identifier: Apache-2.0
// [relay.NAME] sections. Must never let a relay and a person share an account or a key: then what a program
// carries would be a person's own word.
#include <algorithm>
#include <iterator>

#include "base/names.h"
#include "policy/key_line.h"
#include "policy/nearest.h"
#include "policy/reading.h"
#include "policy/rule_keys.h"

namespace grantd::policy {
namespace {

constexpr std::string_view relay_keys[] = {"os", "keys", "may_ask_for", "resources", "quota"};
constexpr int64_t largest_quota = 100'000;

// Takes (kind, value) for the relay, or says which person or relay has it.
bool claim(const std::string& kind, const std::string& value, const std::string& shown, const relay& to,
           position at, reading& r) {
  std::string whose;
  if (auto person = r.accounts.find({kind, value}); person != r.accounts.end()) {
    whose = "person \"" + person->second.name + "\" (" + r.found.print(person->second.at) + ")";
  } else {
    auto [it, fresh] = r.accounts.try_emplace({"relay " + kind, value}, owner{to.name, r.found.here(at)});
    if (fresh) return true;
    whose = "relay \"" + it->second.name + "\" (" + r.found.print(it->second.at) + ")";
  }
  r.found.add(at, shown + " of relay \"" + to.name + "\" belongs to " + whose +
                      " already: nobody could tell who speaks");
  return false;
}

void read_identity(fields& f, relay& to, position section, reading& r) {
  if (!f.has("os") && !f.has("keys")) {
    r.found.add(section, f.what() +
                             " has neither os nor keys: nothing could be it (write os = \"USER\" for a "
                             "program on this host, keys = [\"ssh-ed25519 ...\"] for one elsewhere)");
  }
  for (const placed_text& t : f.texts("os")) {
    std::string user(t.text);
    if (!base::is_account_name(t.text)) {
      r.found.add(t.at, quoted(t.text) + " in os of " + f.what() +
                            " cannot be an OS user (1 to 63 bytes, no /, no leading -, no space at either "
                            "end)");
    } else if (claim("os", user, "OS user " + user, to, t.at, r)) {
      to.os.push_back(std::move(user));
    }
  }
  for (const placed_text& t : f.texts("keys")) {
    auto key = parse_key_line(t.text);
    if (!key) {
      r.found.add(t.at, "a key of " + f.what() + " " + key.error());
    } else if (claim("key", key->blob, "this " + key->type + " key", to, t.at, r)) {
      to.keys.emplace_back(t.text);
    }
  }
}

void read_may_ask_for(fields& f, relay& to, position section, reading& r) {
  if (!f.has("may_ask_for")) {
    r.found.add(section, f.what() +
                             " has no may_ask_for (write may_ask_for = [\"NAME\", \"group:NAME\"], or \"*\" "
                             "for everybody)");
    return;
  }
  const bool before = r.found.empty();
  named_people people = people_of(f.texts("may_ask_for"), "may_ask_for of " + f.what(), r);
  to.anybody = people.anybody;
  if (before && r.found.empty() && !to.anybody && people.people.empty() && !people.from_unix) {
    r.found.add(f.value("may_ask_for")->at(),
                "may_ask_for of " + f.what() + " is nobody: the relay could never be used");
  }
  to.people = std::move(people.people);
}

void read_quota(fields& f, relay& to, position section, reading& r) {
  if (!f.has("quota")) {
    r.found.add(section, f.what() + " has no quota (write quota = 50: at most so many requests in 24 hours)");
    return;
  }
  if (auto n = f.integer("quota", 1, largest_quota)) to.quota = static_cast<unsigned>(n->value);
}

}  // namespace

void read_relays(const toml_value& table, reading& r) {
  for (const toml_value::member& m : named_tables(table, "relay", r)) {
    relay one;
    one.name = m.key;
    fields f(m.value, "[relay." + one.name + "]", relay_keys, r.found);
    if (r.result.people.contains(one.name) ||
        std::ranges::find(reserved_names, m.key) != std::end(reserved_names)) {
      r.found.add(m.at,
                  f.what() + ": \"" + one.name + "\" is " +
                      (r.result.people.contains(one.name) ? "a person, too"
                                                          : "what the audit calls grantd's own doings") +
                      ": take another name");
    }
    read_identity(f, one, m.at, r);
    read_may_ask_for(f, one, m.at, r);
    read_resource_names(f, {"resources", "the relay"}, m.at, one.resources, one.any_resource, r);
    read_quota(f, one, m.at, r);
    std::string name = one.name;
    r.result.relays.emplace(std::move(name), std::move(one));
  }
}

}  // namespace grantd::policy
