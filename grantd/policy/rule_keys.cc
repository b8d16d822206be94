// SPDX-License-Identifier: Apache-2.0
// Who, which resource, who approves, when. Must never let a name through that nothing is called by: a deny
// rule with a typing error would deny nobody.
#include "policy/rule_keys.h"

#include <algorithm>

#include "policy/hours.h"
#include "policy/nearest.h"
#include "policy/zone.h"

namespace grantd::policy {
namespace {

constexpr std::string_view approval_keys[] = {"count", "by"};
constexpr unsigned most_approvals = 20;

// For suggestions only; what there is says the surroundings.
constexpr std::string_view known_zones[] = {"UTC",
                                            "Africa/Cairo",
                                            "Africa/Casablanca",
                                            "Africa/Johannesburg",
                                            "Africa/Lagos",
                                            "Africa/Nairobi",
                                            "America/Bogota",
                                            "America/Chicago",
                                            "America/Denver",
                                            "America/Halifax",
                                            "America/Lima",
                                            "America/Los_Angeles",
                                            "America/New_York",
                                            "America/Phoenix",
                                            "America/Sao_Paulo",
                                            "America/Toronto",
                                            "America/Vancouver",
                                            "Asia/Bangkok",
                                            "Asia/Dubai",
                                            "Asia/Hong_Kong",
                                            "Asia/Jakarta",
                                            "Asia/Jerusalem",
                                            "Asia/Karachi",
                                            "Asia/Kolkata",
                                            "Asia/Manila",
                                            "Asia/Seoul",
                                            "Asia/Shanghai",
                                            "Asia/Singapore",
                                            "Asia/Taipei",
                                            "Asia/Tokyo",
                                            "Atlantic/Azores",
                                            "Atlantic/Reykjavik",
                                            "Australia/Perth",
                                            "Australia/Brisbane",
                                            "Australia/Sydney",
                                            "Europe/Amsterdam",
                                            "Europe/Athens",
                                            "Europe/Berlin",
                                            "Europe/Brussels",
                                            "Europe/Bucharest",
                                            "Europe/Budapest",
                                            "Europe/Copenhagen",
                                            "Europe/Dublin",
                                            "Europe/Helsinki",
                                            "Europe/Istanbul",
                                            "Europe/Kyiv",
                                            "Europe/Lisbon",
                                            "Europe/London",
                                            "Europe/Madrid",
                                            "Europe/Moscow",
                                            "Europe/Oslo",
                                            "Europe/Paris",
                                            "Europe/Prague",
                                            "Europe/Rome",
                                            "Europe/Stockholm",
                                            "Europe/Vienna",
                                            "Europe/Warsaw",
                                            "Europe/Zurich",
                                            "Pacific/Auckland",
                                            "Pacific/Honolulu"};

// Every approval that is missing for a requester who is an approver, too, is told: they cannot approve
// themselves.
void check_count(const fields& f, const rule& rule, const named_people& by, position at, reading& r) {
  const size_t there = rule.approvers.size();
  if (rule.approvals > there) {
    std::string what = "approvals of " + f.what() + " need " + std::to_string(rule.approvals) +
                       " people, and " + (there == 0 ? "nobody" : "only " + std::to_string(there)) +
                       " can approve";
    if (by.from_unix) {
      r.warn(r.found.here(at), what + " on this host");
    } else {
      r.found.add(at, what);
    }
    return;
  }
  if (rule.approvals < there) return;
  for (const std::string& name : rule.approvers) {
    if (!rule.anybody && !rule.who.contains(name)) continue;
    std::string text = "approvals of " + f.what() + " need all of its " + std::to_string(there);
    text += there == 1 ? " approver" : " approvers";
    text.append(", and ").append(name).append(" is one of them: nobody approves for themselves, so ");
    text.append(name).append(" can get none by this rule");
    r.warn(r.found.here(at), text);
    return;
  }
}

void warn_about_keys(const fields& f, const rule& rule, position at, reading& r) {
  if (!rule.is_signed) return;
  std::string list;
  size_t more = 0;
  for (const std::string& name : rule.approvers) {
    if (!r.result.people.find(name)->second.keys.empty() || !r.without_key.insert(name).second) continue;
    if (list.size() < 100) {
      if (!list.empty()) list += ", ";
      list += name;
    } else {
      ++more;
    }
  }
  if (list.empty()) return;
  if (more > 0) list += " and " + std::to_string(more) + " more";
  r.warn(r.found.here(at),
         "approvals of " + f.what() + " are signed, and the policy has no key of " + list +
             ": they cannot approve, unless allowed_signers has one (or write signed = false)");
}

std::shared_ptr<const time_zone> zone_of(const std::string& name, std::string& why, reading& r) {
  auto [it, fresh] = r.zones.try_emplace(name);
  if (!fresh) {
    if (!it->second) why = "there is no time zone " + quoted(name);
    return it->second;
  }
  if (name == "UTC") {
    time_zone utc;
    utc.offsets_s = {0};
    it->second = std::make_shared<const time_zone>(std::move(utc));
    return it->second;
  }
  if (!r.around.zone_file) {
    why = "time zone " + quoted(name) + " cannot be read here (write UTC)";
    return nullptr;
  }
  auto bytes = r.around.zone_file(name);
  if (!bytes) {
    why = "there is no time zone " + quoted(name) + near_miss(name, known_zones);
    return nullptr;
  }
  auto zone = parse_zone(*bytes);
  if (!zone) {
    why = "the file of time zone " + quoted(name) + " cannot be used: " + zone.error();
    return nullptr;
  }
  it->second = std::make_shared<const time_zone>(std::move(*zone));
  return it->second;
}

}  // namespace

names everybody(const reading& r) {
  names out;
  for (const auto& [name, p] : r.result.people) out.insert(name);
  return out;
}

void read_who(fields& f, rule& rule, position section, reading& r) {
  if (!f.has("who")) {
    r.found.add(section,
                f.what() + " has no who (write who = [\"NAME\", \"group:NAME\"], or \"*\" for everybody)");
    return;
  }
  const position at = f.value("who")->at();
  const bool before = r.found.empty();
  named_people people = people_of(f.texts("who"), "who of " + f.what(), r);
  rule.anybody = people.anybody;
  if (rule.deny && !people.unknown_unix.empty()) {
    r.found.add(at, "who of " + f.what() + " names Unix group " + people.unknown_unix +
                        ", which this host does not have: a deny rule must not lose those it denies");
  } else if (before && r.found.empty() && !rule.anybody && people.people.empty() && !people.from_unix) {
    r.found.add(at, "who of " + f.what() + " is nobody: the rule could never be used");
  }
  rule.who_unclear = !people.unknown_unix.empty();
  rule.who = std::move(people.people);
}

void read_which(fields& f, rule& rule, position section, reading& r) {
  read_resource_names(f, {"resource", "the rule"}, section, rule.resources, rule.any_resource, r);
}

void read_resource_names(fields& f, resource_key key, position section, names& to, bool& any, reading& r) {
  const std::string name(key.name);
  if (!f.has(key.name)) {
    r.found.add(section,
                f.what() + " has no " + name + " (write " + name + " = [\"NAME\"], or \"*\" for all)");
    return;
  }
  const std::string shown = name + " of " + f.what();
  const auto texts = f.texts(key.name);
  if (texts.size() == 1 && texts.front().text == "*") {
    any = true;
    return;
  }
  for (const placed_text& t : texts) {
    if (r.result.resources.contains(t.text)) {
      to.emplace(t.text);
      continue;
    }
    std::string near = r.found.full() ? "" : near_miss(t.text, keys_of(r.result.resources));
    if (t.text == "*") near = " (\"*\" stands alone)";
    std::string what = shown;
    what += " names " + quoted(t.text) + ": there is no [resource." + escaped(t.text, 80) + "]" + near;
    r.found.add(t.at, std::move(what));
  }
  const toml_value& list = *f.value(key.name);
  if (list.kind() == toml_kind::array && list.items().empty()) {
    r.found.add(list.at(), shown + " is empty: " + std::string(key.of) + " could never be used");
  }
}

void read_approvals(fields& f, rule& rule, position section, reading& r) {
  const toml_value* v = f.value("approvals");
  if (v == nullptr) {
    r.found.add(section, f.what() +
                             " has no approvals (write approvals = 0 for windows that open at once, or "
                             "approvals = { count = 1, by = [\"group:NAME\"] })");
    return;
  }
  if (v->kind() == toml_kind::integer && v->integer() == 0) return;
  if (v->kind() != toml_kind::table) {
    const bool number = v->kind() == toml_kind::integer && v->integer() > 0;
    std::string n = number ? std::to_string(v->integer()) : "1";
    r.found.add(v->at(), "approvals of " + f.what() +
                             (number ? " do not say by whom" : " are " + std::string(describe(v->kind()))) +
                             ": write approvals = { count = " + n + ", by = [\"group:NAME\"] }, or 0");
    return;
  }
  fields a(*v, "approvals of " + f.what(), approval_keys, r.found);
  for (std::string_view key : approval_keys) {
    if (!a.has(key)) {
      r.found.add(v->at(), a.what() + " have no " + std::string(key) +
                               " (write approvals = { count = 1, by = [\"group:NAME\"] })");
    }
  }
  if (auto n = a.integer("count", 1, most_approvals)) rule.approvals = static_cast<unsigned>(n->value);
  const bool before = r.found.empty();
  named_people by = people_of(a.texts("by"), "by in approvals of " + f.what(), r);
  rule.approvers = by.anybody ? everybody(r) : by.people;
  rule.approvers_unclear = !by.unknown_unix.empty();
  if (!before || !r.found.empty()) return;
  check_count(f, rule, by, v->at(), r);
  warn_about_keys(f, rule, v->at(), r);
}

void read_hours(fields& f, rule& rule, reading& r) {
  for (const placed_text& t : f.texts("hours")) {
    auto h = parse_hours(t.text);
    if (!h) {
      r.found.add(t.at, "hours of " + f.what() + " " + quoted(t.text) + " " + h.error());
      continue;
    }
    std::string why;
    h->offsets = zone_of(h->zone, why, r);
    if (!h->offsets) {
      r.found.add(t.at, "hours of " + f.what() + ": " + why);
      continue;
    }
    rule.when.push_back(std::move(*h));
  }
  const toml_value* v = f.value("hours");
  if (v != nullptr && v->kind() == toml_kind::array && v->items().empty()) {
    r.found.add(v->at(), "hours of " + f.what() + " is empty (leave it out for always)");
  }
}

}  // namespace grantd::policy
