// SPDX-License-Identifier: Apache-2.0
// A policy while its file is read: what has been taken so far, who owns which account, and what is wrong.
// Inside policy/ only; must never outlive the document it reads.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "policy/fields.h"
#include "policy/policy.h"

namespace grantd::policy {

struct owner {
  std::string name;  // of the person or the resource
  position at;
};

struct reading {
  explicit reading(std::string_view file) : found(file) {}

  policy result;
  mistake_list found;
  std::map<std::pair<std::string, std::string>, owner> accounts;  // ("os", "alice"); also "email" and "key"
  std::map<std::string, owner> login_points;                      // as printed
  std::map<std::string, position> shared_roles;                   // where a resource first names them
  std::map<std::string, position> resource_places;

  // Takes (kind, value) for `name`, or says who has it already. `shown` is how messages call it.
  bool claim(std::string_view kind, const std::string& value, const std::string& shown,
             const std::string& name, position at);
};

void read_people(const toml_value& table, reading& r);
void read_resources(const toml_value& table, reading& r);
// What only shows when all people and all resources are known.
void check_together(reading& r);

// The entries of [person.NAME] or [resource.NAME]: tables under plain names; anything else is a mistake.
[[nodiscard]] std::vector<toml_value::member> named_tables(const toml_value& table, std::string_view kind,
                                                           reading& r);

}  // namespace grantd::policy
