// SPDX-License-Identifier: Apache-2.0
// [resource.NAME] sections. Must never give more than is written: read-only unless it says otherwise.
#include <algorithm>

#include "base/duration.h"
#include "base/names.h"
#include "policy/login_point.h"
#include "policy/nearest.h"
#include "policy/reading.h"

namespace grantd::policy {
namespace {

constexpr std::string_view resource_keys[] = {"description", "login_points", "roles",   "member_of",
                                              "access",      "pam_access",   "default", "max"};
constexpr std::string_view accesses[] = {"read-only", "read-write"};
constexpr std::string_view pam_accesses[] = {"full"};
constexpr int64_t hour_us = 3'600'000'000;
constexpr size_t longest_description = 200;

void read_login_points(fields& f, resource& res, position section, reading& r) {
  if (!f.has("login_points")) {
    r.found.add(section, f.what() + " has no login_points (write login_points = [\"pg:CLUSTER/DATABASE\"])");
    return;
  }
  std::vector<placed_text> texts = f.texts("login_points");
  const toml_value* list = f.value("login_points");
  if (list->kind() == toml_kind::array && list->items().empty()) {
    r.found.add(list->at(), "login_points of " + f.what() + " is empty: it would open nothing");
  }
  for (const placed_text& t : texts) {
    auto point = parse_login_point(t.text);
    if (!point) {
      r.found.add(t.at, "login point " + quoted(t.text) + " of " + f.what() + ": " + point.error());
      continue;
    }
    std::string text = print(*point);
    auto [it, fresh] = r.login_points.try_emplace(text, owner{res.name, r.found.here(t.at)});
    if (!fresh) {
      std::string before = r.found.print(it->second.at);
      r.found.add(t.at, it->second.name == res.name
                            ? "login point " + quoted(text) + " stands twice in " + f.what() + " (first at " +
                                  before + ")"
                            : "login point " + quoted(text) + " of " + f.what() + " belongs to resource \"" +
                                  it->second.name + "\" already (" + before + ")");
      continue;
    }
    if (point->place.size() + point->database.size() + res.name.size() > max_scope_strings) {
      r.found.add(t.at, "login point " + quoted(text) + " and the name of " + f.what() + " are " +
                            std::to_string(point->place.size() + point->database.size() + res.name.size()) +
                            " bytes together: at most " + std::to_string(max_scope_strings) +
                            " (shorten one)");
      continue;
    }
    res.login_points.push_back(std::move(*point));
  }
}

void read_roles(fields& f, resource& res, reading& r) {
  for (const placed_text& t : f.texts("roles")) {
    if (!base::is_account_name(t.text)) {
      r.found.add(
          t.at, quoted(t.text) + " in roles of " + f.what() +
                    " cannot be a database role (1 to 63 bytes, no /, no leading -, no space at either end)");
      continue;
    }
    std::string role(t.text);
    if (std::ranges::find(res.roles, role) != res.roles.end()) {
      r.found.add(t.at, "role " + quoted(role) + " stands twice in " + f.what());
      continue;
    }
    r.shared_roles.try_emplace(role, r.found.here(t.at));
    res.roles.push_back(std::move(role));
  }
}

// The name stands in what approvers sign, as its last word: a plain one cannot look like anything else there.
void read_member_of(fields& f, resource& res, reading& r) {
  auto t = f.text("member_of");
  if (!t) return;
  res.member_of = t->text;
  r.carried_roles.try_emplace(res.member_of, r.found.here(t->at));
  if (!base::is_plain_name(t->text)) {
    r.found.add(t->at, "member_of of " + f.what() + " cannot be " + quoted(t->text) +
                           ": grantd gives roles of lower case letters, digits, . _ - only");
  } else if (!res.roles.empty()) {
    r.found.add(t->at, f.what() +
                           " has member_of and roles: what a shared role is a member of, everybody who "
                           "logs in by it is, window or not (make two resources)");
  } else if (std::ranges::none_of(res.login_points, [](const login_point& p) {
               return p.where == login_point::kind::postgres && !p.replication;
             })) {
    r.found.add(t->at, "member_of of " + f.what() +
                           " is a database role, and none of its login points is a "
                           "database (write login_points = [\"pg:CLUSTER/DATABASE\"])");
  }
}

void read_access(fields& f, resource& res, reading& r) {
  auto t = f.text("access");
  if (!t) return;
  if (t->text == accesses[1]) {
    res.read_write = true;
  } else if (t->text != accesses[0]) {
    r.found.add(t->at,
                "unknown access " + quoted(t->text) + " of " + f.what() + suggestion(t->text, accesses));
  }
}

// Nobody shall believe that a read-only grant makes a shell read-only: what cannot be held is written down.
void read_pam_access(fields& f, const resource& res, position section, reading& r) {
  auto pam = std::ranges::find(res.login_points, login_point::kind::pam, &login_point::where);
  const bool has_pam = pam != res.login_points.end();
  if (auto t = f.text("pam_access")) {
    if (t->text != pam_accesses[0]) {
      r.found.add(t->at, "unknown pam_access " + quoted(t->text) + " of " + f.what() +
                             suggestion(t->text, pam_accesses));
    } else if (!has_pam) {
      r.found.add(t->at, "pam_access of " + f.what() + " is about login points pam:SERVICE, and it has none");
    }
  } else if (has_pam && !f.has("pam_access")) {
    r.found.add(section, f.what() + " has " + print(*pam) +
                             ", where read-only means nothing: who is let in can do all that the account can "
                             "(write pam_access = \"full\" to say that you know)");
  }
}

void read_durations(fields& f, resource& res, reading& r) {
  auto usual = f.duration_us("default");
  auto most = f.duration_us("max");
  res.max_us = most ? most->value : std::max(8 * hour_us, usual ? usual->value : 0);
  res.default_us = usual ? usual->value : std::min(hour_us, res.max_us);
  if (res.default_us <= res.max_us) return;
  r.found.add(usual->at, "default of " + f.what() + " is longer than its max: " +
                             std::string(base::print_duration_short(res.default_us).view()) + " > " +
                             std::string(base::print_duration_short(res.max_us).view()));
}

void read_description(fields& f, resource& res, reading& r) {
  auto t = f.text("description");
  if (!t) return;
  res.description = t->text;
  if (t->text.size() > longest_description) {
    r.found.add(t->at, "description of " + f.what() + " is " + std::to_string(t->text.size()) +
                           " bytes long: at most " + std::to_string(longest_description));
  }
}

}  // namespace

void read_resources(const toml_value& table, reading& r) {
  for (const toml_value::member& m : named_tables(table, "resource", r)) {
    resource res;
    res.name = m.key;
    fields f(m.value, "[resource." + res.name + "]", resource_keys, r.found);
    read_description(f, res, r);
    read_login_points(f, res, m.at, r);
    read_roles(f, res, r);
    read_member_of(f, res, r);
    read_access(f, res, r);
    read_pam_access(f, res, m.at, r);
    read_durations(f, res, r);
    std::string name = res.name;
    r.result.resources.emplace(std::move(name), std::move(res));
  }
}

}  // namespace grantd::policy
