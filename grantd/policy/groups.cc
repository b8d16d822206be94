// SPDX-License-Identifier: Apache-2.0
// [group.NAME] sections, and what names of people, groups and Unix groups come to. Must never put anybody
// into a group who is not named there.
#include <algorithm>

#include "base/names.h"
#include "policy/nearest.h"
#include "policy/reading.h"

namespace grantd::policy {
namespace {

constexpr std::string_view group_keys[] = {"members"};
constexpr unsigned max_height = 16;      // groups within groups
constexpr size_t max_named = 2'000'000;  // people in all groups and rules together
constexpr std::string_view group_prefix = "group:";
constexpr std::string_view unix_prefix = "unix:";

void add(named_people& to, const named_people& more, reading& r) {
  const size_t before = to.people.size();
  to.people.insert(more.people.begin(), more.people.end());
  to.from_unix = to.from_unix || more.from_unix;
  if (to.unknown_unix.empty()) to.unknown_unix = more.unknown_unix;
  r.named += to.people.size() - before;
}

class resolver {
 public:
  explicit resolver(reading& r) : r_(r) {}

  void add_member(std::string_view text, place at, const std::string& where, named_people& to) {
    if (r_.named > max_named) return;
    if (text.starts_with(group_prefix)) return add_group(text.substr(group_prefix.size()), at, where, to);
    if (text.starts_with(unix_prefix)) {
      return add_unix(std::string(text.substr(unix_prefix.size())), at, where, to);
    }
    if (auto it = r_.result.people.find(text); it != r_.result.people.end()) {
      if (to.people.insert(it->first).second) ++r_.named;
      if (r_.named > max_named) too_many(at);
      return;
    }
    unknown_person(text, at, where);
  }

  // False: a mistake has been told.
  bool resolve(const std::string& name, group_section& g, place from) {
    using enum group_section::progress;
    if (g.state == done) return true;
    if (g.state == being_read) {
      std::string path;
      auto first = std::ranges::find(stack_, name);
      for (auto it = first; it != stack_.end(); ++it) path += "group:" + *it + " -> ";
      r_.found.add(from, "group \"" + name + "\" is a member of itself: " + path + "group:" + name);
      return false;
    }
    if (stack_.size() >= max_height) {
      too_high(name, from);
      return false;
    }
    g.state = being_read;
    stack_.push_back(name);
    const std::string where = "members of [group." + name + "]";
    for (const auto& [text, at] : g.members) {
      highest_ = 0;
      add_member(text, at, where, g.result);
      g.height = std::max(g.height, highest_);
    }
    stack_.pop_back();
    g.state = done;
    if (++g.height > max_height) too_high(name, g.at);
    return true;
  }

 private:
  void add_group(std::string_view name, place at, const std::string& where, named_people& to) {
    auto it = r_.groups.find(name);
    if (it == r_.groups.end()) {
      std::string near = r_.found.full() ? "" : near_miss(name, keys_of(r_.groups));
      r_.found.add(at, where + " names " + quoted(std::string(group_prefix) + std::string(name)) +
                           ": there is no [group." + escaped(name, 80) + "]" + near);
      return;
    }
    if (!resolve(it->first, it->second, at)) return;
    highest_ = it->second.height;
    add(to, it->second.result, r_);
    if (r_.named > max_named) too_many(at);
  }

  void add_unix(const std::string& name, place at, const std::string& where, named_people& to) {
    if (!base::is_account_name(name)) {
      r_.found.add(at, where + " names " + quoted("unix:" + name) +
                           ", which cannot be a Unix group (1 to 63 bytes, no /, no leading -, no space at "
                           "either end)");
      return;
    }
    to.from_unix = true;
    const std::optional<names>& people = ask_unix(name, at);
    if (!people) {
      to.unknown_unix = name;
      return;
    }
    named_people more;
    more.people = *people;
    add(to, more, r_);
    if (r_.named > max_named) too_many(at);
  }

  const std::optional<names>& ask_unix(const std::string& name, place at) {
    auto [it, fresh] = r_.unix_groups.try_emplace(name);
    if (!fresh) return it->second;
    if (!r_.around.members_of) {
      r_.warn(at, "Unix group " + name + " is not looked up here: nobody is in it");
      return it->second;
    }
    auto users = r_.around.members_of(name);
    if (!users) {
      r_.warn(at, "there is no Unix group " + name + " on this host: nobody is in it");
      return it->second;
    }
    it->second.emplace();
    for (std::string& user : *users) {
      auto owner = r_.accounts.find({"os", std::move(user)});
      if (owner != r_.accounts.end()) it->second->insert(owner->second.name);
    }
    return it->second;
  }

  void unknown_person(std::string_view text, place at, const std::string& where) {
    std::string near;
    if (const person* p = r_.result.find_person(text)) {
      near = " (write the name: \"" + p->name + "\")";
    } else if (r_.groups.contains(text)) {
      near = " (did you mean \"group:" + std::string(text) + "\"?)";
    } else if (text == "*") {
      near = " (\"*\" stands alone, and in rules only)";
    } else if (!r_.found.full()) {
      near = near_miss(text, keys_of(r_.result.people));
    }
    r_.found.add(at, where + " names " + quoted(text) + ": there is no such person" +
                         (near.empty() ? " (people, \"group:NAME\" and \"unix:NAME\" can be named)" : near));
  }

  void too_high(const std::string& name, place at) {
    r_.found.add(at, "group \"" + name + "\" holds groups within groups more than " +
                         std::to_string(max_height) + " deep");
  }

  void too_many(place at) {
    r_.found.add(at, "groups and rules name people more than " + std::to_string(max_named) +
                         " times in all (write \"*\" for everybody)");
  }

  reading& r_;
  std::vector<std::string> stack_;
  unsigned highest_ = 0;  // height of the group added last
};

}  // namespace

void read_groups(const toml_value& table, reading& r) {
  for (const toml_value::member& m : named_tables(table, "group", r)) {
    group_section g;
    g.at = r.found.here(m.at);
    fields f(m.value, "[group." + std::string(m.key) + "]", group_keys, r.found);
    if (!f.has("members")) {
      r.found.add(m.at, f.what() + " has no members (write members = [\"NAME\", \"group:NAME\"])");
    }
    for (const placed_text& t : f.texts("members")) g.members.emplace_back(t.text, r.found.here(t.at));
    r.groups.emplace(m.key, std::move(g));
  }
}

void resolve_groups(reading& r) {
  resolver resolve(r);
  for (auto& [name, g] : r.groups) {
    (void)resolve.resolve(name, g, g.at);
    r.result.groups.emplace(name, g.result.people);
  }
}

named_people people_of(const std::vector<placed_text>& texts, const std::string& where, reading& r) {
  named_people out;
  if (texts.size() == 1 && texts.front().text == "*") {
    out.anybody = true;
    return out;
  }
  resolver resolve(r);
  for (const placed_text& t : texts) resolve.add_member(t.text, r.found.here(t.at), where, out);
  return out;
}

}  // namespace grantd::policy
