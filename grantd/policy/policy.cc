// SPDX-License-Identifier: Apache-2.0
// policy.toml as a whole, and looking things up in it. Must never let half a policy through: one mistake, no
// policy.
#include "policy/policy.h"

#include <algorithm>
#include <utility>

#include "base/names.h"
#include "policy/nearest.h"
#include "policy/reading.h"

namespace grantd::policy {
namespace {

constexpr std::string_view root_keys[] = {"person", "resource"};

// "Alice" -> " (did you mean \"alice\"?)": for names that are plain but for their case.
std::string lower_suggestion(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (!base::is_plain_name(lower))
    return " (a-z, 0-9, ., _ and -, beginning with a letter or digit; 1 to 63 of them)";
  return " (did you mean \"" + lower + "\"?)";
}

void read_section(fields& root, std::string_view key, void (*read)(const toml_value&, reading&), reading& r) {
  const toml_value* v = root.value(key);
  if (v == nullptr) return;
  if (v->kind() == toml_kind::table) {
    read(*v, r);
    return;
  }
  r.found.add(v->at(), std::string(key) + " is " + std::string(describe(v->kind())) + ": write [" +
                           std::string(key) + ".NAME], once for each");
}

}  // namespace

bool reading::claim(std::string_view kind, const std::string& value, const std::string& shown,
                    const std::string& name, position at) {
  auto [it, fresh] = accounts.try_emplace({std::string(kind), value}, owner{name, at});
  if (fresh) return true;
  std::string before = print(found.file(), it->second.at);
  if (it->second.name == name) {
    found.add(at, shown + " stands twice for person \"" + name + "\" (first at " + before + ")");
  } else {
    found.add(at, shown + " of person \"" + name + "\" belongs to person \"" + it->second.name +
                      "\" already (" + before + "): nobody could tell the two apart");
  }
  return false;
}

std::vector<toml_value::member> named_tables(const toml_value& table, std::string_view kind, reading& r) {
  std::vector<toml_value::member> out;
  for (const toml_value::member& m : table.members()) {
    std::string section = "[" + std::string(kind) + "." + escaped(m.key, 80) + "]";
    if (m.value.kind() != toml_kind::table) {
      r.found.add(m.at, escaped(m.key, 80) + " is " + std::string(describe(m.value.kind())) + ", not a " +
                            std::string(kind) + ": write [" + std::string(kind) +
                            ".NAME] and its keys below it");
    } else if (!base::is_plain_name(m.key)) {
      r.found.add(m.at, section + ": " + quoted(m.key) + " is not a plain name" + lower_suggestion(m.key));
    } else {
      out.push_back(m);
    }
  }
  return out;
}

std::expected<policy, mistakes> parse_policy(std::string_view text, std::string_view file) {
  auto document = toml_document::read(text, file, max_policy_bytes);
  if (!document) return std::unexpected(mistakes{std::move(document.error())});
  reading r(file);
  fields root(document->root(), "the file", root_keys, r.found);
  read_section(root, "person", read_people, r);
  read_section(root, "resource", read_resources, r);
  if (!r.found.empty()) return std::unexpected(r.found.take());
  // A file cut short must not end everybody's grants (I7).
  for (auto [none, what] : {std::pair(r.result.people.empty(), "[person.NAME]"),
                            std::pair(r.result.resources.empty(), "[resource.NAME]")}) {
    if (!none) continue;
    r.found.add({}, std::string("the policy is empty: there is no ") + what +
                        ", so nobody could get in (was the file cut short?)");
    return std::unexpected(r.found.take());
  }
  // Only now: a person whose accounts could not be read would give answers about somebody else.
  check_together(r);
  if (!r.found.empty()) return std::unexpected(r.found.take());
  return std::move(r.result);
}

const person* policy::find_person(std::string_view name_or_email) const {
  if (auto it = people.find(name_or_email); it != people.end()) return &it->second;
  if (name_or_email.empty()) return nullptr;  // people without an e-mail have an empty one
  auto it = std::ranges::find_if(people, [&](const auto& p) { return p.second.email == name_or_email; });
  return it == people.end() ? nullptr : &it->second;
}

const resource* policy::find_resource(std::string_view name) const {
  auto it = resources.find(name);
  return it == resources.end() ? nullptr : &it->second;
}

const person* policy::person_of_os_user(std::string_view user) const {
  auto it = std::ranges::find_if(
      people, [&](const auto& p) { return std::ranges::find(p.second.os, user) != p.second.os.end(); });
  return it == people.end() ? nullptr : &it->second;
}

}  // namespace grantd::policy
