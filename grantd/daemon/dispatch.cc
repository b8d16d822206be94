// SPDX-License-Identifier: Apache-2.0
// The table of what may be asked, and by whom.
#include "daemon/dispatch.h"

#include <fmt/core.h>

#include "daemon/heard.h"

namespace grantd::daemon {
namespace {

constexpr method table[] = {
    {"Grant", role::grant, handlers::grant},
    {"Revoke", role::grant, handlers::revoke},
    {"GiveBack", role::person, handlers::give_back},
    {"List", role::person, handlers::list},
    {"Show", role::person, handlers::show},
    {"Status", role::anyone, handlers::status},
    {"Explain", role::person, handlers::explain},
    {"Resources", role::anyone, handlers::resources},
    {"People", role::person, handlers::people},
    {"Check", role::person, handlers::check},
    {"Clock", role::anyone, handlers::clock},
    {"AcceptClock", role::root, handlers::accept_clock},
    {"Store", role::anyone, handlers::store_state},
    {"UnlockStore", role::root, handlers::unlock_store},
    {"Audit", role::see, handlers::audit},
    {"Seen", role::see, handlers::seen},
    {"Keys", role::root_or_ask, handlers::keys},
    {"OnBehalf", role::ask, handlers::on_behalf},
    {"Watch", role::person, handlers::watch},
    {"Sessions", role::person, handlers::sessions},
    {"Lock", role::grant, handlers::lock},
    {"Unlock", role::grant, handlers::unlock},
    {"Locks", role::person, handlers::locks},
    {"Request", role::person, handlers::request_window},
    {"Approve", role::person, handlers::approve},
    {"Deny", role::person, handlers::deny},
    {"Cancel", role::person, handlers::cancel},
    {"Review", role::person, handlers::review},
    {"Requests", role::person, handlers::requests},
    {"ShowRequest", role::person, handlers::show_request},
    {"ApprovalText", role::person, handlers::approval_text},
    {"ReloadPolicy", role::root, handlers::reload_policy},
    {"AuditChain", role::see, handlers::audit_chain},
    {"Checkpoint", role::see, handlers::checkpoint},
    {"Provision", role::provision, handlers::provision},
    {"Provisioned", role::provision, handlers::provisioned},
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
  }
  return false;
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
    case role::anyone:
      break;
  }
  std::string who =
      c.person.empty() ? fmt::format("uid {} is nobody of the policy", c.uid) : "you are " + c.person;
  return refusal("NotAllowed", fmt::format("{} {}; {}", m.name, what, who),
                 m.needs == role::root ? "as root, the same again" : "grantctl people");
}

}  // namespace

std::span<const method> methods() { return table; }

caller identify(const core& c, const session& s) {
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
  who.may_grant = who.root || (person != nullptr && person->may_grant);
  who.may_see = who.may_grant || (person != nullptr && person->may_see);
  return who;
}

std::string caller::carrier() const {
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
      if (!has_role(who, m.needs)) return not_allowed(m, who);
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
