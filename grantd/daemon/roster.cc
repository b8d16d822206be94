// SPDX-License-Identifier: Apache-2.0
// Who is who right now.
#include "daemon/roster.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "policy/key_line.h"
#include "proof/base64.h"
#include "proof/sshsig.h"

namespace grantd::daemon {
namespace {

std::vector<char> lookup_room() {
  long size = sysconf(_SC_GETPW_R_SIZE_MAX);
  return std::vector<char>(size > 0 ? static_cast<size_t>(size) : 16384);
}

std::optional<uid_t> uid_of(const std::string& user) {
  auto room = lookup_room();
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_uid;
}

std::string name_of(uid_t uid) {
  auto room = lookup_room();
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, room.data(), room.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

}  // namespace

const name_service& system_names() {
  static const name_service system{uid_of, name_of};
  return system;
}

namespace {

// One OS user of a person or a relay: into `to`, or a complaint.
void load_one(const std::string& who, const std::string& name, const std::string& user,
              const name_service& names, std::map<uid_t, uid_map::entry>& to, std::set<uid_t>& of_two_names,
              std::vector<std::string>& complaints) {
  auto uid = names.uid_of(user);
  if (!uid) {
    complaints.push_back(fmt::format("{} {}: there is no OS user {} on this host", who, name, user));
    return;
  }
  if (*uid == 0) {
    complaints.push_back(fmt::format("{} {}: OS user {} is uid 0; root stays root", who, name, user));
    return;
  }
  std::string back = names.name_of(*uid);
  if (back != user) {
    complaints.push_back(fmt::format("{} {}: uid {} of OS user {} is named {} as well; it speaks for nobody",
                                     who, name, *uid, user, back.empty() ? "(nothing)" : back));
    of_two_names.insert(*uid);
    return;
  }
  to[*uid] = {user, name};
}

}  // namespace

uid_map load_uids(const policy::policy* policy, const std::string& ask_user, const name_service& names) {
  uid_map map;
  std::set<uid_t> of_two_names;
  map.ask = ask_user.empty() ? std::nullopt : names.uid_of(ask_user);
  if (policy == nullptr) return map;
  for (const auto& [name, person] : policy->people) {
    for (const std::string& user : person.os)
      load_one("person", name, user, names, map.people, of_two_names, map.complaints);
  }
  for (const auto& [name, relay] : policy->relays) {
    for (const std::string& user : relay.os)
      load_one("relay", name, user, names, map.relays, of_two_names, map.complaints);
  }
  for (uid_t uid : of_two_names) {
    map.people.erase(uid);
    map.relays.erase(uid);
  }
  for (const auto& [what, all] : {std::pair("person", &map.people), std::pair("relay", &map.relays)}) {
    auto both = map.ask ? all->find(*map.ask) : all->end();
    if (both == all->end()) continue;
    map.complaints.push_back(
        fmt::format("ask_user {} is the OS user of {} {}, who could speak for everybody: nobody is heard "
                    "from elsewhere until it is a user of its own",
                    ask_user, what, both->second.person));
    map.ask.reset();
  }
  return map;
}

namespace {

std::string without_comment(const std::string& line) {
  return line.substr(0, line.find(' ', line.find(' ') + 1));
}

}  // namespace

std::vector<std::string> roster::take(std::shared_ptr<const policy::policy> p, uid_map uids,
                                      const std::vector<proof::allowed_signer>& signers) {
  std::vector<std::string> complaints = std::move(uids.complaints);
  keys_.clear();
  for (const auto& [name, person] : p->people) {
    for (const std::string& line : person.keys) {
      if (auto key = policy::parse_key_line(line))
        keys_.emplace(key->blob, approval_key{name, without_comment(line), true});
    }
  }
  std::map<std::string, std::string, std::less<>> of_relays;  // by blob
  for (const auto& [name, relay] : p->relays) {
    for (const std::string& line : relay.keys) {
      if (auto key = policy::parse_key_line(line)) of_relays.emplace(key->blob, name);
    }
  }
  for (const proof::allowed_signer& s : signers) {
    if (auto relay = of_relays.find(s.blob); relay != of_relays.end()) {
      complaints.push_back(
          fmt::format("allowed_signers line {}: this key is relay {}'s, and a relay approves nothing", s.line,
                      relay->second));
      continue;
    }
    for (const std::string& principal : s.principals) {
      const policy::person* person = p->find_person(principal);
      if (person == nullptr) {
        complaints.push_back(
            fmt::format("allowed_signers line {}: the policy knows no person {}", s.line, principal));
        continue;
      }
      auto [known, fresh] = keys_.try_emplace(
          s.blob, approval_key{person->name, s.key_type + " " + proof::encode_base64(s.blob)});
      if (known->second.person != person->name) {
        complaints.push_back(
            fmt::format("allowed_signers line {}: this key is {}'s already, so it is not {}'s", s.line,
                        known->second.person, person->name));
        continue;
      }
      if (known->second.of_policy && (s.namespaces || s.valid_after || s.valid_before)) {
        complaints.push_back(fmt::format(
            "allowed_signers line {}: the policy names this key of {} without limits, which goes before",
            s.line, person->name));
      }
      known->second.limited.push_back(s);
    }
  }
  for (auto* all : {&uids.people, &uids.relays}) {
    for (auto at = all->begin(); at != all->end();) {
      auto [seen, fresh] = first_seen_.emplace(at->first, at->second.os_user);
      if (!fresh && seen->second != at->second.os_user) {
        complaints.push_back(
            fmt::format("uid {} was OS user {} and is {} now; it speaks for nobody until grantd is restarted",
                        at->first, seen->second, at->second.os_user));
        at = all->erase(at);
      } else {
        ++at;
      }
    }
  }
  policy_ = std::move(p);
  uids_ = std::move(uids);
  error_.clear();
  return complaints;
}

std::string roster::owner_of_key(const std::string& blob, base::utc_time now) const {
  auto at = keys_.find(blob);
  if (at == keys_.end()) return {};
  const approval_key& k = at->second;
  const bool good = k.of_policy || std::ranges::any_of(k.limited, [&](const proof::allowed_signer& s) {
                      return proof::in_force(s, proof::approval_namespace, now);
                    });
  if (!good) return {};
  return k.person;
}

std::string roster::line_of_key(const std::string& blob) const {
  auto at = keys_.find(blob);
  return at == keys_.end() ? std::string() : at->second.line;
}

std::string roster::owner_of_line(std::string_view line, base::utc_time now) const {
  auto at = std::ranges::find_if(keys_, [&](const auto& k) { return k.second.line == line; });
  return at == keys_.end() ? std::string() : owner_of_key(at->first, now);
}

std::vector<std::string> roster::keys_of(std::string_view person, base::utc_time now) const {
  std::vector<std::string> lines;
  for (const auto& [blob, k] : keys_) {
    if (k.person == person && owner_of_key(blob, now) == person) lines.push_back(k.line);
  }
  return lines;
}

std::string_view roster::relay_of(uid_t uid) const {
  auto at = uids_.relays.find(uid);
  return at == uids_.relays.end() ? std::string_view{} : at->second.person;
}

std::string_view roster::person_of(uid_t uid) const {
  auto at = uids_.people.find(uid);
  return at == uids_.people.end() ? std::string_view{} : at->second.person;
}

}  // namespace grantd::daemon
