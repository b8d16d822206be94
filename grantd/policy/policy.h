// SPDX-License-Identifier: Apache-2.0
// People and resources as policy.toml names them. Parsing is pure: text in, values or mistakes out; no files,
// no name service. Format: packaging/examples/policy.toml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/mistake.h"

namespace grantd::policy {

inline constexpr size_t max_policy_bytes = 4 << 20;
inline constexpr int64_t longest_us = int64_t{366} * 86400 * 1'000'000;  // any duration of any file

// What one record of the window table holds, and what one account may have open (table::max_strings and
// decision::max_windows_per_account, which this library may not include: the daemon asserts that they agree).
// parse_policy refuses people and resources that together would need more.
inline constexpr size_t max_scope_strings = 136;
inline constexpr size_t max_scopes_per_account = 32;

// What the audit calls grantd's own doings and root's ("by"): no person may be called so.
inline constexpr std::string_view reserved_names[] = {"root", "clock", "policy", "table", "unlock", "grantd"};

// [person.alice]: accounts by what proves them. Strings or arrays of strings in the file. No account of a
// class (os:bob and pg:bob are two), no e-mail and no key belongs to two people.
struct person {
  std::string name;               // plain name (base::is_plain_name), none of reserved_names
  std::string email;              // may be empty
  std::vector<std::string> os;    // OS users; api.sock knows the person by these, too
  std::vector<std::string> pg;    // database roles
  std::vector<std::string> dn;    // certificate subjects, as PostgreSQL prints them in authn_id
  std::vector<std::string> krb;   // Kerberos principals
  std::vector<std::string> chat;  // ids of chat accounts, as the chat itself gives them ("U012ABC")
  std::vector<std::string> keys;  // OpenSSH public keys ("ssh-ed25519 AAAA... comment") for `ssh ask@host`
  bool may_grant = false;         // rights = ["grant"]: may open and shut windows for anybody
  bool may_see = false;           // rights = ["see"]: may ask about others ("grant" includes it)
};

// "pam:sshd", "pg:main/orders", "pg:main/*", "replication:main", "replication:main/orders"
struct login_point {
  enum class kind : uint8_t { pam = 1, postgres = 2 } where;  // numbers are decision::point_kind
  std::string place;                                          // PAM service or cluster
  std::string database;  // empty: pam, physical replication, or any_database
  bool any_database = false;
  bool replication = false;
  friend bool operator==(const login_point&, const login_point&) = default;
};
[[nodiscard]] std::string print(const login_point& p);  // as written in the file

// [resource.orders-db]. One login point belongs to one resource only.
struct resource {
  std::string name;                       // plain name
  std::string description;                // may be empty
  std::vector<login_point> login_points;  // at least one
  std::vector<std::string> roles;  // shared database roles, for people known by os, dn or krb; nobody's own
  std::string member_of;    // a role that people's own roles are members of for the window; may be empty
  bool read_write = false;  // access = "read-only" (default) | "read-write"
  int64_t default_us = 0;   // default = "1h": when absent 1h, or max if that is less
  int64_t max_us = 0;       // max = "8h": when absent 8h, or default if that is more; >= default_us
};

// hours = "Mon-Fri 08:00-18:00 Europe/Berlin". The rules of the zone were read when the policy was.
struct time_zone;  // policy/zone.h
struct hours {
  uint8_t days = 0;  // bit 0: Monday
  int from_minute = 0;
  int to_minute = 0;  // exclusive; at most 1440; not above from_minute: over midnight, into the next day
  std::string zone;
  std::shared_ptr<const time_zone> offsets;
  std::string text;  // as written
};

// [rule.NAME]: who may ask for what, and what it takes. Groups are people by now.
struct rule {
  std::string name;
  bool deny = false;
  std::string message;  // of a deny rule, for people; may be empty
  std::set<std::string, std::less<>> who;
  bool anybody = false;      // who = "*"
  bool who_unclear = false;  // it names a Unix group that this host does not know now
  std::set<std::string, std::less<>> resources;
  bool any_resource = false;  // resource = "*"
  int64_t max_us = 0;         // longest_us when absent; cut to the resource's when it is used; deny: 0
  unsigned approvals = 0;     // distinct people; 0: opens at once
  std::set<std::string, std::less<>> approvers;
  bool approvers_unclear = false;
  bool is_signed = true;  // approvals are signatures; signed = false: the approver's uid is enough
  bool reason_required = false;
  std::string reason_pattern;            // POSIX extended; empty: any
  std::shared_ptr<const void> compiled;  // of reason_pattern
  std::vector<hours> when;               // empty: always
  std::optional<unsigned> quota;         // self-service grants per person in 24 hours
  // access = "read-write": up to that; else read-only only. Deny: of read-write only; else of both.
  bool read_write = false;
  bool break_glass = false;
  std::set<std::string, std::less<>> notify;  // of a break-glass rule: who is told, and may sign it off
  bool first_use = false;                     // start = "first-use": the window begins with the first login
  std::string file;
  unsigned line = 0;
};

// [relay.chatbot]: a program that carries what people say to api.sock, as one of `os` or with one of `keys`
// through `ssh ask@host`. What it may carry is here, and nothing else is possible to it: no approval, and no
// right of the person it speaks for. No account and no key is a person's too, and no relay is called as one.
struct relay {
  std::string name;
  std::vector<std::string> os;
  std::vector<std::string> keys;
  std::set<std::string, std::less<>> people;  // may_ask_for
  bool anybody = false;                       // may_ask_for = "*"
  std::set<std::string, std::less<>> resources;
  bool any_resource = false;  // resources = "*"
  unsigned quota = 0;         // requests in 24 hours, of all people together
};

struct expectation {
  std::string file;
  unsigned line = 0;
  std::string sentence;
};

struct policy {
  std::map<std::string, person, std::less<>> people;
  std::map<std::string, resource, std::less<>> resources;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> groups;  // people
  std::map<std::string, rule, std::less<>> rules;
  std::map<std::string, relay, std::less<>> relays;
  std::vector<expectation> expectations;
  std::vector<std::string> warnings;  // "there is no Unix group dba on this host: nobody is in it"

  [[nodiscard]] const person* find_person(std::string_view name_or_email) const;
  [[nodiscard]] const resource* find_resource(std::string_view name) const;
  [[nodiscard]] const relay* find_relay(std::string_view name) const;
  [[nodiscard]] const person* person_of_os_user(std::string_view user) const;
};

// "the policy knows no resource order-db (did you mean "orders-db"?)"
[[nodiscard]] std::string no_such_resource(const policy& p, std::string_view name);
// The same of a person, and of what may be either. Only for those who may know who there is.
[[nodiscard]] std::string no_such_person(const policy& p, std::string_view name);
[[nodiscard]] std::string no_such_name(const policy& p, std::string_view name);

// One file of a policy: its text, and its name for messages.
struct source {
  std::string text;
  std::string file;
};

// What a policy names and does not hold. Functions that are absent know nothing.
struct surroundings {
  // The OS users of a Unix group; nothing: there is none of that name.
  std::function<std::optional<std::vector<std::string>>(const std::string& group)> members_of;
  // The bytes of a zone's TZif file ("Europe/Berlin"); nothing: there is none. "UTC" is never asked for.
  std::function<std::optional<std::string>(const std::string& zone)> zone_file;
};

// All sources are one policy, at most max_policy_bytes together; nothing may stand in two of them. A policy
// without people or without resources is a mistake: it would open nothing, and end every grant, without
// anybody having said so.
[[nodiscard]] std::expected<policy, mistakes> parse_policy(std::span<const source> sources,
                                                           const surroundings& around);
// One source, without surroundings: Unix groups are empty, and UTC is the only zone.
[[nodiscard]] std::expected<policy, mistakes> parse_policy(std::string_view text, std::string_view file);

// What a grant of `resource` to `who` would open, scope by scope, as it will stand in the store and the
// table.
//  pam points:  (os:a, no role) for each OS user.
//  pg points:   (pg:a, role a) for each role of the person; (os|dn|krb:i, role r) for each of their other
//               identities and each r in the person's own roles and the resource's shared ones.
// At a pg point (not of replication) the role is a member of the resource's member_of. Access is the
// resource's. Empty when the person has no account that fits.
struct scope {
  uint8_t proved_by;  // decision::identity_class
  std::string account;
  login_point where;
  std::string role;
  bool read_write = false;
  std::string member_of{};  // what `role` is made a member of in the cluster where.place; empty: nothing
  friend bool operator==(const scope&, const scope&) = default;
};
[[nodiscard]] std::vector<scope> scopes_of(const person& who, const resource& what);
// The same for a request: access as asked for (never more than the resource's); with a role only the database
// points, as that role (empty: everything).
[[nodiscard]] std::vector<scope> scopes_of(const person& who, const resource& what, bool read_write,
                                           std::string_view role);

}  // namespace grantd::policy
