// SPDX-License-Identifier: Apache-2.0
// Asks People and Resources; both say less to who may see less.
#include "cli/known.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/fields.h"
#include "cli/text.h"
#include "policy/nearest.h"

namespace grantd::cli {
namespace {

// Each object of the list, if it can be had.
std::vector<fields> all_of(context& c, std::string_view method, std::string_view list, value& kept,
                           problem& bad) {
  auto answer = c.ask(method);
  if (!answer) return {};
  kept = std::move(*answer);
  std::vector<fields> all;
  for (const value& v : fields(kept, bad).items(list)) all.emplace_back(v, bad);
  return all;
}

result<void> known(std::string_view what, const std::string& given, const std::vector<std::string>& names,
                   std::string help) {
  if (names.empty() || std::ranges::find(names, given) != names.end()) return {};
  const std::vector<std::string_view> all(names.begin(), names.end());
  return refuse(exit_code::no,
                fmt::format("nothing is found, and the policy has no {} \"{}\"{}", what, visible(given),
                            policy::near_miss(given, all)),
                std::move(help));
}

}  // namespace

std::string name_of_person(context& c, const std::string& given) {
  if (!given.contains('@')) return given;
  value kept;
  problem bad;
  for (fields& f : all_of(c, "People", "people", kept, bad)) {
    if (f.maybe_text("email") == given) return f.text("name");
  }
  return given;
}

result<void> known_names(context& c) {
  value kept;
  problem bad;
  std::vector<std::string> names;
  if (const std::string person = c.given.get("--person"); !person.empty() && person != "root") {
    for (fields& f : all_of(c, "People", "people", kept, bad)) {
      names.push_back(f.text("name"));
      names.push_back(f.maybe_text("email").value_or(""));
    }
    if (auto ok = known("person", person, names, "grantctl people"); !ok) return ok;
  }
  if (const std::string resource = c.given.get("--resource"); !resource.empty()) {
    names.clear();
    for (fields& f : all_of(c, "Resources", "resources", kept, bad)) names.push_back(f.text("name"));
    if (auto ok = known("resource", resource, names, "grantctl resources"); !ok) return ok;
  }
  if (bad) return bad.refuse();
  return {};
}

}  // namespace grantd::cli
