// SPDX-License-Identifier: Apache-2.0
// A policy while its files are read: what has been taken so far, who owns which account, and what is wrong.
// Inside policy/ only; must never outlive the documents it reads.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/fields.h"
#include "policy/policy.h"

namespace grantd::policy {

using names = std::set<std::string, std::less<>>;

struct owner {
  std::string name;  // of the person or the resource
  place at;
};

// People that a list of "alice", "group:dba" and "unix:dba" comes to.
struct named_people {
  names people;
  bool anybody = false;      // "*"; `people` is empty then
  bool from_unix = false;    // a Unix group is among them: who is in it is not this policy's doing
  std::string unknown_unix;  // one that this host does not have
};

// [group.NAME] before and after its members are known.
struct group_section {
  place at;
  std::vector<std::pair<std::string, place>> members;
  enum class progress : uint8_t { unread, being_read, done } state = progress::unread;
  unsigned height = 0;  // groups within groups
  named_people result;
};

struct reading {
  reading(std::vector<std::string> files, const surroundings& s) : found(std::move(files)), around(s) {}

  policy result;
  mistake_list found;
  const surroundings& around;
  std::map<std::pair<std::string, std::string>, owner> accounts;  // ("os", "alice"); also "email" and "key"
  std::map<std::string, owner> login_points;                      // as printed
  std::map<std::string, place> shared_roles;                      // where a resource first names them
  std::map<std::string, place> carried_roles;                     // the same, of member_of
  std::map<std::pair<std::string, std::string>, place> sections;  // ("person", "alice"): its first
  std::map<std::string, group_section, std::less<>> groups;
  std::map<std::string, std::optional<names>> unix_groups;        // people, as far as asked
  std::map<std::string, std::shared_ptr<const time_zone>> zones;  // as far as asked; null: there is none
  std::map<std::string, std::shared_ptr<const void>> patterns;
  names without_key;  // who was warned about
  size_t named = 0;   // people in groups and rules, all told

  // Takes (kind, value) for `name`, or says who has it already. `shown` is how messages call it.
  bool claim(std::string_view kind, const std::string& value, const std::string& shown,
             const std::string& name, position at);
  void warn(place at, const std::string& what);

 private:
  size_t unsaid_ = 0;
};

void read_people(const toml_value& table, reading& r);
void read_resources(const toml_value& table, reading& r);
void read_groups(const toml_value& table, reading& r);
// When people and groups of all files are known.
void resolve_groups(reading& r);
// When everything else is.
void read_rules(const toml_value& table, reading& r);
void read_relays(const toml_value& table, reading& r);
void read_expectations(const toml_value& list, reading& r);
// What only shows when all people and all resources are known.
void check_together(reading& r);

// Whom `texts` (of `key` of `what`) name. Unknown names are mistakes.
[[nodiscard]] named_people people_of(const std::vector<placed_text>& texts, const std::string& where,
                                     reading& r);

// The entries of [person.NAME] or [resource.NAME]: tables under plain names, once in all files; anything else
// is a mistake.
[[nodiscard]] std::vector<toml_value::member> named_tables(const toml_value& table, std::string_view kind,
                                                           reading& r);

// " (did you mean ...?)" among the keys of a map, or nothing.
template <typename Map>
[[nodiscard]] std::vector<std::string_view> keys_of(const Map& map) {
  std::vector<std::string_view> out;
  out.reserve(map.size());
  for (const auto& [key, value] : map) out.push_back(key);
  return out;
}

}  // namespace grantd::policy
