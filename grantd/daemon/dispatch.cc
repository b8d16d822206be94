// SPDX-License-Identifier: Apache-2.0
// The table of what may be asked, and by whom.
#include "daemon/dispatch.h"

#include <fmt/core.h>

#include "daemon/heard.h"

namespace grantd::daemon {
namespace {

constexpr method table[] = {
    {"Grant", "grant", role::grant, handlers::grant},
    {"Revoke", "revoke", role::grant, handlers::revoke},
    {"GiveBack", "give-back", role::person, handlers::give_back, relayed::asking},
    {"List", "list", role::person, handlers::list, relayed::asking_or_itself},
    {"Show", "show", role::person, handlers::show},
    {"Status", "status", role::anyone, handlers::status, relayed::always},
    {"Explain", "explain", role::person, handlers::explain},
    {"Resources", "resources", role::anyone, handlers::resources, relayed::always},
    {"People", "people", role::person, handlers::people},
    {"Check", "", role::person, handlers::check},
    {"Clock", "clock", role::anyone, handlers::clock},
    {"AcceptClock", "clock accept", role::root, handlers::accept_clock},
    {"Store", "store", role::anyone, handlers::store_state},
    {"UnlockStore", "store unlock", role::root, handlers::unlock_store},
    {"Audit", "audit", role::see, handlers::audit},
    {"Seen", "", role::see, handlers::seen},
    {"Keys", "keys", role::root_or_ask, handlers::keys},
    {"OnBehalf", "", role::ask, handlers::on_behalf, relayed::itself},
    {"News", "", role::relay, handlers::news, relayed::itself},
    {"Watch", "watch", role::person, handlers::watch, relayed::itself},
    {"Sessions", "sessions", role::person, handlers::sessions},
    {"Lock", "lock", role::grant, handlers::lock},
    {"Unlock", "unlock", role::grant, handlers::unlock},
    {"Locks", "locks", role::person, handlers::locks},
    {"Request", "request", role::person, handlers::request_window, relayed::asking},
    {"Approve", "approve", role::person, handlers::approve},
    {"Deny", "deny", role::person, handlers::deny, relayed::answering},
    {"Cancel", "cancel", role::person, handlers::cancel, relayed::asking},
    {"Review", "review", role::person, handlers::review},
    {"Requests", "requests", role::person, handlers::requests, relayed::always},
    {"ShowRequest", "show", role::person, handlers::show_request},
    {"ApprovalText", "approve", role::person, handlers::approval_text, relayed::itself},
    {"ReloadPolicy", "policy reload", role::root, handlers::reload_policy},
    {"AuditChain", "audit", role::see, handlers::audit_chain},
    {"Checkpoint", "audit checkpoint", role::see, handlers::checkpoint},
    {"Provision", "", role::provision, handlers::provision},
    {"Provisioned", "", role::provision, handlers::provisioned},
};

bool has_role(const caller& c, role needed) {
  switch (needed) {
    case role::anyone:
      return true;
    case role::person:
      return c.root || c.may_see || !c.person.empty();
    case role::see:
      return c.may_see;
    case role::grant:
      return c.may_grant;
    case role::root:
      return c.root;
    case role::ask:
      return c.ask;
    case role::root_or_ask:
      return c.root || c.ask;
    case role::provision:
      return c.provision;
    case role::relay:
      return false;  // may_carry() knows them
  }
  return false;
}

bool may_carry(const caller& c, const method& m) {
  const auto by = c.person.empty() ? relayed::itself : static_cast<relayed>(c.carried);
  return (static_cast<uint8_t>(m.through) & static_cast<uint8_t>(by)) != 0;
}

// As the caller knows it; what no command calls goes by its own name.
std::string what_is_called(const method& m) {
  return m.command.empty() ? std::string(m.name) : fmt::format("grantctl {}", m.command);
}

reply not_through_relay(const method& m, const caller& c) {
  const std::string& relay = c.relay->name;
  if (c.person.empty()) {
    return refusal("NotAllowed",
                   fmt::format("{} is nothing that relay {} may do for itself", what_is_called(m), relay),
                   "grantctl people");
  }
  return refusal(
      "NotAllowed",
      fmt::format("{} is nothing that relay {} may carry for {}", what_is_called(m), relay, c.person),
      "grantctl status, as " + c.person);
}

// Nobody is anybody while no policy could be read: then that is what is wrong.
bool is_for_people(const method& m) {
  return m.needs == role::person || m.needs == role::see || m.needs == role::grant;
}

// What would let the caller do it, and nothing that would not.
std::string help_for(const method& m, const caller& c) {
  if (m.needs == role::root || m.needs == role::root_or_ask) return "as root, the same again";
  if (m.needs == role::ask || m.needs == role::provision) return "grantd -T, which says who that is";
  if (!is_for_people(m)) return "[relay.NAME] of policy.toml, by who keeps it";
  if (c.person.empty()) return "os = \"USER\" in your [person.NAME] of policy.toml, by who keeps it";
  return fmt::format("rights = [\"{}\"] in [person.{}] of policy.toml, by who keeps it",
                     m.needs == role::see ? "see" : "grant", c.person);
}

reply not_allowed(const method& m, const caller& c) {
  std::string_view what;
  switch (m.needs) {
    case role::person:
      what = "is for people of the policy";
      break;
    case role::see:
      what = "needs the right \"see\" or \"grant\"";
      break;
    case role::grant:
      what = "needs the right \"grant\"";
      break;
    case role::root:
      what = "is for root only";
      break;
    case role::ask:
    case role::root_or_ask:
      what = "is for the account `ask` of grantd.toml only";
      break;
    case role::provision:
      what = "is for the account `provision_user` of grantd.toml only";
      break;
    case role::relay:
      what = "is for relays of the policy";
      break;
    case role::anyone:
      break;
  }
  if (m.needs == role::grant && c.locked)
    return refusal("NotAllowed",
                   fmt::format("{} {}; {} is locked, and uses none", what_is_called(m), what, c.person),
                   "grantctl locks");
  const std::string who =
      c.person.empty() ? fmt::format("uid {} is nobody of the policy", c.uid) : "you are " + c.person;
  return refusal("NotAllowed", fmt::format("{} {}; {}", what_is_called(m), what, who), help_for(m, c));
}

}  // namespace

std::span<const method> methods() { return table; }

namespace {

// The relay that a session is, by its uid or by what the account ask said of it. Nothing: it is none. Null:
// it was one, and is not any more.
std::optional<const policy::relay*> relay_of(const core& c, const session& s) {
  const roster& people = c.people();
  const std::string_view name = s.relay.empty() ? people.relay_of(s.uid) : s.relay;
  if (name.empty() || s.uid == 0) return std::nullopt;
  const policy::policy* p = people.policy();
  if (p == nullptr || (!s.relay.empty() && !people.is_ask(s.uid))) return nullptr;
  return p->find_relay(name);
}

caller identify_relay(const core& c, const session& s, const policy::relay* relay) {
  caller who{s.uid, {}};
  if (relay == nullptr) return who;
  if (!s.on_behalf.empty()) {
    who.carried = policy::speech_of(*c.people().policy(), *relay, s.on_behalf);
    if (who.carried == policy::speech::none) return who;  // nobody: it never falls back to being itself
    who.person = s.on_behalf;
  }
  who.relay = relay;
  return who;
}

}  // namespace

caller identify(const core& c, const session& s) {
  if (auto relay = relay_of(c, s)) return identify_relay(c, s, *relay);
  caller who{s.uid, {}};
  if (!s.on_behalf.empty()) {
    // The account that spoke for them may be `ask` no longer.
    who.on_behalf = true;
    if (c.people().is_ask(s.uid)) who.person = s.on_behalf;
  } else {
    who.root = s.uid == 0;
    who.ask = c.people().is_ask(s.uid);
    if (!who.root) who.person = c.people().person_of(s.uid);
    // An account that is somebody else's too is not believed.
    who.provision = c.is_provisioner(s.uid) && !who.ask && who.person.empty();
  }
  const policy::policy* p = c.people().policy();
  const policy::person* person = p == nullptr || who.person.empty() ? nullptr : p->find_person(who.person);
  if (person == nullptr) who.person.clear();  // gone from the policy since
  who.locked = person != nullptr && c.locks().by_name(who.person, c.time().boot());
  who.may_grant = who.root || (person != nullptr && person->may_grant && !who.locked);
  who.may_see = who.root || (person != nullptr && (person->may_grant || person->may_see));
  return who;
}

std::string caller::carrier() const {
  if (relay != nullptr) return by();
  if (!on_behalf && !name().empty()) return name();
  std::string account = "uid " + std::to_string(uid);
  return on_behalf ? person + " through " + account : account;
}

answer dispatch(core& c, session& s, const heard& all, const call& message, ticket to) {
  constexpr std::string_view ours = "org.grantd.Access.";
  constexpr std::string_view varlink = "org.varlink.service.";
  std::string_view full = message.method;
  bool first = !std::exchange(s.spoke, true);
  if (message.upgrade) return invalid_parameter("upgrade", "there is no other protocol to upgrade to");
  if (full.starts_with(varlink)) {
    auto done = varlink_service(message);
    if (done) return done;
  } else if (full.starts_with(ours)) {
    for (const method& m : table) {
      if (m.name != full.substr(ours.size())) continue;
      caller who = identify(c, s);
      if (who.relay != nullptr && !may_carry(who, m)) return not_through_relay(m, who);
      if (who.relay == nullptr && !has_role(who, m.needs)) {
        if (c.people().policy() == nullptr && is_for_people(m))
          return refusal("NoPolicy",
                         "no policy is in force: the policy file has a mistake, or there is none; root can "
                         "read why: grantctl status",
                         "grantd -t, as root");
        return not_allowed(m, who);
      }
      if (m.run == handlers::on_behalf && !first) {
        return refusal("NotAllowed", "OnBehalf comes first on a connection, and once");
      }
      parameters given(message.parameters);
      request r{c, who, given, s, all.seen, all.inside, to, message.more};
      return m.run(r);
    }
  } else {
    auto dot = full.rfind('.');
    reply r;
    r.error = "org.varlink.service.InterfaceNotFound";
    r.parameters.set("interface", full.substr(0, dot == std::string_view::npos ? full.size() : dot));
    return r;
  }
  reply r;
  r.error = "org.varlink.service.MethodNotFound";
  r.parameters.set("method", full.substr(0, 200));
  return r;
}

}  // namespace grantd::daemon
