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

constexpr std::string_view root_keys[] = {"person", "resource", "group", "rule", "relay", "expect"};
constexpr size_t max_warnings = 200;

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
  const bool list = key == "expect";
  if (v->kind() == (list ? toml_kind::array : toml_kind::table)) {
    read(*v, r);
    return;
  }
  r.found.add(v->at(), std::string(key) + " is " + std::string(describe(v->kind())) + ": write " +
                           (list ? "[[" + std::string(key) + "]]" : "[" + std::string(key) + ".NAME]") +
                           ", once for each");
}

// A file cut short must not end everybody's grants (I7).
void check_emptiness(reading& r) {
  for (auto [none, what] : {std::pair(r.result.people.empty(), "[person.NAME]"),
                            std::pair(r.result.resources.empty(), "[resource.NAME]")}) {
    if (!none) continue;
    r.found.add(place{}, std::string("the policy is empty: there is no ") + what +
                             ", so nobody could get in (was the file cut short?)");
    return;
  }
}

std::expected<std::vector<toml_document>, mistakes> read_documents(std::span<const source> sources) {
  std::vector<toml_document> out;
  mistakes found;
  size_t left = max_policy_bytes;
  for (const source& s : sources) {
    if (s.text.size() <= max_policy_bytes && s.text.size() > left) {
      found.push_back({s.file, 0, 0,
                       "the files of the policy are too large: more than " +
                           std::to_string(max_policy_bytes) + " bytes together"});
      break;
    }
    auto document = toml_document::read(s.text, s.file, max_policy_bytes);
    if (document) {
      left -= s.text.size();
      out.push_back(std::move(*document));
    } else {
      found.push_back(std::move(document.error()));
    }
  }
  if (!found.empty()) return std::unexpected(std::move(found));
  return out;
}

void read_all(const std::vector<toml_document>& documents, reading& r) {
  std::vector<fields> roots;
  roots.reserve(documents.size());
  auto each = [&](std::string_view key, void (*read)(const toml_value&, reading&)) {
    for (unsigned i = 0; i < roots.size(); ++i) {
      r.found.select(i);
      read_section(roots[i], key, read, r);
    }
  };
  for (unsigned i = 0; i < documents.size(); ++i) {
    r.found.select(i);
    roots.emplace_back(documents[i].root(), "the file", root_keys, r.found);
  }
  each("person", read_people);
  each("resource", read_resources);
  each("group", read_groups);
  resolve_groups(r);
  each("rule", read_rules);
  each("relay", read_relays);
  each("expect", read_expectations);
}

}  // namespace

bool reading::claim(std::string_view kind, const std::string& value, const std::string& shown,
                    const std::string& name, position at) {
  auto [it, fresh] = accounts.try_emplace({std::string(kind), value}, owner{name, found.here(at)});
  if (fresh) return true;
  std::string before = found.print(it->second.at);
  if (it->second.name == name) {
    found.add(at, shown + " stands twice for person \"" + name + "\" (first at " + before + ")");
  } else {
    found.add(at, shown + " of person \"" + name + "\" belongs to person \"" + it->second.name +
                      "\" already (" + before + "): nobody could tell the two apart");
  }
  return false;
}

void reading::warn(place at, const std::string& what) {
  if (result.warnings.size() >= max_warnings) {
    result.warnings.resize(max_warnings);
    result.warnings.push_back("and " + std::to_string(++unsaid_) + " more warnings");
    return;
  }
  result.warnings.push_back(found.print(at) + ": " + what);
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
    } else if (auto [it, fresh] =
                   r.sections.try_emplace({std::string(kind), std::string(m.key)}, r.found.here(m.at));
               !fresh) {
      r.found.add(m.at,
                  section + " stands in " + r.found.print(it->second) + " already: write one of the two");
    } else {
      out.push_back(m);
    }
  }
  return out;
}

std::expected<policy, mistakes> parse_policy(std::span<const source> sources, const surroundings& around) {
  auto documents = read_documents(sources);
  if (!documents) return std::unexpected(std::move(documents.error()));
  std::vector<std::string> files;
  for (const source& s : sources) files.push_back(s.file);
  if (files.empty()) files.emplace_back("policy");
  reading r(std::move(files), around);
  read_all(*documents, r);
  if (r.found.empty()) check_emptiness(r);
  // Only now: a person whose accounts could not be read would give answers about somebody else.
  if (r.found.empty()) check_together(r);
  if (!r.found.empty()) return std::unexpected(r.found.take());
  return std::move(r.result);
}

std::expected<policy, mistakes> parse_policy(std::string_view text, std::string_view file) {
  const source one[] = {{std::string(text), std::string(file)}};
  return parse_policy(one, {});
}

const person* policy::find_person(std::string_view name_or_email) const {
  if (auto it = people.find(name_or_email); it != people.end()) return &it->second;
  if (name_or_email.empty()) return nullptr;  // people without an e-mail have an empty one
  auto it = std::ranges::find_if(people, [&](const auto& p) { return p.second.email == name_or_email; });
  return it == people.end() ? nullptr : &it->second;
}

std::string no_such_resource(const policy& p, std::string_view name) {
  return "the policy knows no resource " + escaped(name, 80) + near_miss(name, keys_of(p.resources));
}

std::string no_such_person(const policy& p, std::string_view name) {
  return "the policy knows no person " + escaped(name, 80) + near_miss(name, keys_of(p.people));
}

std::string no_such_name(const policy& p, std::string_view name) {
  std::vector<std::string_view> known = keys_of(p.people);
  for (std::string_view resource : keys_of(p.resources)) known.push_back(resource);
  return "the policy knows neither a person nor a resource " + escaped(name, 80) + near_miss(name, known);
}

const resource* policy::find_resource(std::string_view name) const {
  auto it = resources.find(name);
  return it == resources.end() ? nullptr : &it->second;
}

const relay* policy::find_relay(std::string_view name) const {
  auto it = relays.find(name);
  return it == relays.end() ? nullptr : &it->second;
}

const person* policy::person_of_os_user(std::string_view user) const {
  auto it = std::ranges::find_if(
      people, [&](const auto& p) { return std::ranges::find(p.second.os, user) != p.second.os.end(); });
  return it == people.end() ? nullptr : &it->second;
}

}  // namespace grantd::policy
