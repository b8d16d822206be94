// SPDX-License-Identifier: Apache-2.0
// Sessions in the audit's words: what it lacks of them, at a rate, and nothing forgotten meanwhile.
#include <fmt/core.h>

#include "daemon/answers.h"
#include "daemon/sessions.h"

namespace grantd::daemon {
namespace {

using state = wire::presence_state;
using fields = sessions::fields;

constexpr size_t most_looked = 500;  // at once, in the store: after a restart everybody is said anew

fields who_and_where(const inside& s) {
  fields f{{"session", id_of(s)}, {"account", account_of(s)}, {"login_point", point_of(s)}};
  return f;
}

fields opened(const base::clock_reading& now, uid_t reporter, const inside& s) {
  fields f = who_and_where(s);
  if (!s.role.empty()) f.emplace_back("role", s.role);
  f.emplace_back("access", access_word(s));
  if (s.state == state::ungated) f.emplace_back("state", "ungated");
  if (s.grant != 0) f.emplace_back("grant", std::to_string(s.grant));
  f.emplace_back("since_us", std::to_string(utc_us(now, s.since)));
  if (!s.remote.empty()) f.emplace_back("remote", s.remote);
  f.emplace_back("pid", std::to_string(s.pid));
  f.emplace_back("reporter", std::to_string(reporter));
  return f;
}

fields over(const base::clock_reading& now, uid_t reporter, const inside& s) {
  fields f = who_and_where(s);
  if (s.grant != 0) f.emplace_back("grant", std::to_string(s.grant));
  f.emplace_back("cause", cause_word(s.cause));
  f.emplace_back("at_us", std::to_string(utc_us(now, s.until)));
  f.emplace_back("reporter", std::to_string(reporter));
  if (s.state == state::leftover) f.emplace_back("text", s.text);
  return f;
}

}  // namespace

std::string_view cause_word(wire::presence_cause c) {
  using cause = wire::presence_cause;
  switch (c) {
    case cause::none:
      return "";
    case cause::closed:
      return "closed";
    case cause::expired:
      return "expired";
    case cause::revoked:
      return "revoked";
    case cause::given_back:
      return "given-back";
    case cause::locked:
      return "locked";
    case cause::narrowed:
      return "narrowed";
    case cause::lost:
      return "lost";
  }
  return "unknown";
}

std::string_view access_word(const inside& s) {
  if (s.point == static_cast<uint8_t>(policy::login_point::kind::pam))
    return "full";  // reading only holds in a database
  return s.access == static_cast<uint8_t>(decision::access::read_write) ? "read-write" : "read-only";
}

std::string account_of(const inside& s) {
  return print(decision::account{static_cast<decision::identity_class>(s.proved_by), s.name});
}

std::string point_of(const inside& s) {
  return policy::print(policy::login_point{static_cast<policy::login_point::kind>(s.point), s.place,
                                           s.database, false, s.replication});
}

std::string run_of(const inside& s) { return fmt::format("{:016x}", s.run); }
std::string id_of(const inside& s) { return fmt::format("{}:{}", run_of(s), s.number); }

int64_t utc_us(const base::clock_reading& now, base::boot_time at) {
  return now.utc.us + (at.ns - now.boot.ns) / base::ns_per_us;
}

// Does the audit know how it stands?
bool sessions::settled(const kept& k) {
  switch (k.what.state) {
    case state::ended:
      return k.audit == told::ended;
    case state::leftover:
      return k.audit == told::leftover;
    case state::live:
    case state::ungated:
      return k.audit == told::opened;
  }
  return true;
}

void sessions::queue(ender& e, key k, kept& one) {
  if (settled(one) || one.queued) return;
  one.queued = true;
  e.unrecorded.push_back(k);
}

// Of what is not settled: what the audit wants first.
sessions::told sessions::lacking(const kept& k) {
  const state now = k.what.state;
  if (k.audit == told::nothing || now == state::live || now == state::ungated) return told::opened;
  return now == state::leftover ? told::leftover : told::ended;
}

void sessions::record(const base::clock_reading& now, const audit& to) {
  for (auto& [who, e] : enders_) {
    size_t looked = 0;
    while (!e.unrecorded.empty()) {
      auto at = e.all.find(e.unrecorded.front());
      if (at == e.all.end() || settled(at->second)) {
        if (at != e.all.end()) at->second.queued = false;
        e.unrecorded.pop_front();
        continue;
      }
      if (looked++ == most_looked) break;
      kept& one = at->second;
      const inside& s = one.what;
      const told next = lacking(one);
      const std::string_view event = next == told::opened     ? "session"
                                     : next == told::leftover ? "leftover"
                                                              : "session-end";
      // It may turn out not to be lost, and then has another end.
      const std::string_view what = next == told::ended && one.presumed ? "lost" : event;
      std::string once =
          fmt::format("{} {}{}{} {}", what, who.first, who.second.empty() ? "" : "/", who.second, id_of(s));
      if (!to.has(once)) {
        if (!e.recorded.take(now.boot)) break;
        fields f = next == told::opened ? opened(now, who.first, s) : over(now, who.first, s);
        if (!to.keep(std::string(event), std::move(f), std::move(once))) return;
      }
      one.audit = next;
    }
    forget(e, now.boot);
  }
}

size_t sessions::unrecorded() const {
  size_t n = 0;
  for (const auto& [who, e] : enders_) n += e.unrecorded.size();
  return n;
}

}  // namespace grantd::daemon
