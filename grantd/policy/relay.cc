// SPDX-License-Identifier: Apache-2.0
// Whom a relay may speak for. Whatever is unclear: nobody.
#include "policy/relay.h"

#include <algorithm>

#include "policy/rules.h"

namespace grantd::policy {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_address(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool may_ask_for(const relay& r, std::string_view person) { return r.anybody || r.people.contains(person); }

bool speaks_of(const rule& by, const relay& r) {
  auto any_of = [](const auto& names, const auto& of) {
    return std::ranges::any_of(names, [&](const std::string& n) { return of.contains(n); });
  };
  return (by.any_resource || r.any_resource || any_of(by.resources, r.resources)) &&
         (by.anybody || r.anybody || any_of(by.who, r.people));
}

}  // namespace

bool carries(const relay& r, std::string_view person, std::string_view resource) {
  return may_ask_for(r, person) && (r.any_resource || r.resources.contains(resource));
}

speech speech_of(const policy& p, const relay& r, std::string_view person) {
  const bool asks = p.people.contains(person) && may_ask_for(r, person);
  const bool answers = std::ranges::any_of(p.rules, [&](const auto& named) {
    return !named.second.deny && named.second.approvers.contains(person) && speaks_of(named.second, r);
  });
  return static_cast<speech>((asks ? 1 : 0) | (answers ? 2 : 0));
}

const person* person_of(const policy& p, const chat_account& account) {
  const person* by_id = nullptr;
  const person* by_address = nullptr;
  for (const auto& [name, one] : p.people) {
    if (!account.id.empty() && std::ranges::find(one.chat, account.id) != one.chat.end()) by_id = &one;
    if (!account.email.empty() && same_address(one.email, account.email)) by_address = &one;
  }
  if (by_id != nullptr) return by_address == nullptr || by_address == by_id ? by_id : nullptr;
  return by_address != nullptr && by_address->chat.empty() ? by_address : nullptr;
}

}  // namespace grantd::policy
