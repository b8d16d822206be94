// SPDX-License-Identifier: Apache-2.0
// From a call to its handler: one table of methods and the role each needs. What is not listed is refused.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/core.h"
#include "daemon/parameters.h"
#include "daemon/varlink.h"
#include "policy/relay.h"

namespace grantd::daemon {

struct heard;
class seen_log;
class sessions;

// What one connection has said about itself so far.
struct session {
  uid_t uid = 65534;
  std::string on_behalf{};  // of which person (OnBehalf)
  std::string relay{};      // as which relay (OnBehalf of the account ask)
  bool spoke = false;       // a call came in: too late for OnBehalf
  bool watching = false;
  bool watch_all = false;
  std::string watch_person{};
  uint64_t listener = 0;  // it is given the work of grantd-provision, under this number
};

// Who calls, by the policy in force now.
struct caller {
  uid_t uid;
  std::string person;  // empty: none
  bool root = false;
  bool ask = false;
  bool provision = false;
  bool on_behalf = false;  // the uid is an `ask` account's, which said whom it speaks for
  bool may_grant = false;
  bool locked = false;  // by name: the right "grant" rests, or a lock could be lifted with what was stolen
  bool may_see = false;
  // A program that carries what `person` says or, when there is none, speaks for itself. It has no rights,
  // and `person` none of theirs through it.
  const policy::relay* relay = nullptr;
  policy::speech carried = policy::speech::none;  // what the relay may carry for `person`

  [[nodiscard]] std::string name() const { return root ? "root" : person; }  // for the record
  // The same with the relay that carried it: "alice through relay chatbot".
  [[nodiscard]] std::string by() const {
    return relay == nullptr ? name() : through_relay(person, relay->name);
  }
  // Who it really was on the socket: an `ask` account that speaks for a person is named with them.
  [[nodiscard]] std::string carrier() const;
  [[nodiscard]] bool is_relay_itself() const { return relay != nullptr && person.empty(); }
  // What a relay may hear or carry of; everything where there is none.
  [[nodiscard]] bool concerns(std::string_view who, std::string_view resource) const {
    return relay == nullptr || policy::carries(*relay, who, resource);
  }
  [[nodiscard]] bool may_ask_about(std::string_view who) const {
    return may_see || (!person.empty() && person == who);
  }
};
[[nodiscard]] caller identify(const core& c, const session& s);

enum class role : uint8_t { anyone, person, see, grant, root, ask, root_or_ask, provision, relay };

// Who may call it through a relay: the relay for itself, a person it may ask for, one who answers requests
// (policy::speech). Nobody, unless the table says so.
enum class relayed : uint8_t {
  never = 0,
  asking = 1,
  answering = 2,
  itself = 4,
  asking_or_itself = 5,
  always = 7
};

struct request {
  core& in;
  const caller& by;
  parameters& given;
  session& from;
  const seen_log& seen;
  const daemon::sessions& inside;
  ticket to;
  bool more;
};

// Nothing: the answer comes out of a turn().
using answer = std::optional<reply>;
using handler = answer (*)(request&);

struct method {
  std::string_view name;
  std::string_view command;  // of grantctl, that calls it; empty: none
  role needs;
  handler run;
  relayed through = relayed::never;
};
[[nodiscard]] std::span<const method> methods();  // of org.grantd.Access

[[nodiscard]] answer dispatch(core& c, session& s, const heard& all, const call& message, ticket to);

namespace handlers {
answer grant(request& r);
answer revoke(request& r);
answer give_back(request& r);
answer lock(request& r);
answer unlock(request& r);
answer locks(request& r);
json::value locks_seen_by(const request& r);  // newest first: everybody's, resources' and one's own
answer list(request& r);
answer show(request& r);
answer status(request& r);
answer explain(request& r);
answer check(request& r);
answer resources(request& r);
answer people(request& r);
answer keys(request& r);
answer clock(request& r);
answer accept_clock(request& r);
answer store_state(request& r);
answer unlock_store(request& r);
answer audit(request& r);
answer audit_chain(request& r);
answer checkpoint(request& r);
answer seen(request& r);
answer on_behalf(request& r);
answer news(request& r);
answer sessions(request& r);
answer watch(request& r);
answer request_window(request& r);
answer approve(request& r);
answer deny(request& r);
answer cancel(request& r);
answer review(request& r);
answer requests(request& r);
answer show_request(request& r);
answer approval_text(request& r);
answer reload_policy(request& r);
answer provision(request& r);
answer provisioned(request& r);
}  // namespace handlers

// org.varlink.service.
[[nodiscard]] std::optional<reply> varlink_service(const call& message);

}  // namespace grantd::daemon
