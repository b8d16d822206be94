// SPDX-License-Identifier: Apache-2.0
// org.varlink.service: what this service is and what it can be asked. The description's text is the varlink
// interface definition of PROTOCOL.md section 3.
#include "daemon/dispatch.h"

namespace grantd::daemon {
namespace {

constexpr std::string_view service_text = R"(# What every varlink service answers
interface org.varlink.service

method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)
method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
)";

constexpr std::string_view access_text = R"(# Who may get in where, and until when
interface org.grantd.Access

# Times are microseconds of UTC since 1970
type Grant (
  id: string, person: string, resource: string, access: string, not_before_us: int, not_after_us: int, left_us: int,
  state: string, made_us: int, made_by: string, reason: string, login_points: []string,
  ended_us: ?int, ended_by: ?string, ended_reason: ?string, request: ?string, break_glass: ?bool, reviewed_by: ?string,
  reviewed_us: ?int, first_use_us: ?int, why: ?string, member_of: ?string, opening: ?string
)
# state: pending, granted, denied, cancelled, lapsed
type Request (
  id: string, person: string, resource: string, role: ?string, access: string, break_glass: ?bool, reason: string,
  for_us: int, start_us: ?int, until_us: ?int, first_use: ?bool, state: string, needs: int, signed: bool, approved_by: []string,
  approvers: ?[]string, missing: ?int, uncounted: ?[]string, notify: ?[]string, rule: string, made_us: int, made_by: string, lapses_us: int, left_us: ?int, extends: ?string,
  ended_us: ?int, ended_by: ?string, ended_reason: ?string, grant: ?string, grant_ended: ?string, approvals: ?[]Approval
)
type Approval (person: string, at_us: int, for_us: int, key: ?string, signature: ?string, text: string)
type Daemon (
  version: string, pid: int, started_us: int, sequence: int, windows: int, locked: ?string, clock_behind: bool,
  policy_error: ?string, not_durable: int, table_error: ?string, leftovers: int, provision: ?string,
  memberships: ?[]Membership
)
# state: opening, closing, leftover
type Membership (system: string, account: string, role: string, state: string, since_us: int, error: ?string)
type Point (
  login_point: string, account: string, role: ?string, allowed: bool, reason: string, until_us: ?int, lock: ?Lock
)
type Resource (
  name: string, description: string, login_points: []string, access: string, default_us: int, max_us: int,
  roles: []string, member_of: ?string
)
type Person (
  name: string, email: string, os: []string, pg: []string, dn: []string, krb: []string, rights: []string, keys: int
)
type Record (sequence: int, at_us: int, event: string, fields: [string]string, chained: string)
type Seen (
  at_us: int, reporter: int, outcome: string, reason: string, account: string, login_point: string, role: ?string,
  remote: ?string, grant: ?string, pid: int
)
# state: live, ending, silent, leftover, ungated
type Session (
  person: ?string, account: string, login_point: string, role: ?string, access: string, state: string, since_us: int,
  heard_us: int, until_us: ?int, left_us: ?int, grant: ?string, cause: ?string, text: ?string, tty: ?string,
  remote: ?string, pid: int, reporter: int, run: string, number: int
)
type Key (person: string, key: string)
type RelayKey (relay: string, key: string)
type News (
  sequence: int, at_us: int, event: string, person: string, resource: string, email: ?string, by: ?string, reason: ?string,
  grant: ?Grant, request: ?Request
)
type Lock (
  id: string, person: ?string, resource: ?string, all: ?bool, message: string, from_us: int, until_us: int, left_us: int,
  made_by: string, covers: ?int
)

method Grant(person: string, resource: string, for_us: ?int, from_us: ?int, read_only: ?bool, reason: ?string) -> (
  grant: Grant, warning: ?string
)
method Revoke(id: ?string, person: ?string, resource: ?string, reason: ?string) -> (grants: []Grant, durable: bool)
method GiveBack(id: ?string) -> (grants: []Grant, durable: bool)
method List(person: ?string, resource: ?string, all: ?bool, limit: ?int) -> (grants: []Grant)
method Show(id: string) -> (grant: Grant)
method Status() -> (person: ?string, relay: ?string, grants: []Grant, requests: ?[]Request, to_approve: ?int, unreviewed: ?int,
  to_review: ?[]Grant, locks: ?[]Lock, daemon: Daemon
)
method Explain(person: string, resource: string) -> (
  allowed: bool, until_us: ?int, left_us: ?int, grant: ?string, lock: ?Lock, points: []Point, why: string, help: string
)
method Resources() -> (resources: []Resource)
method People() -> (people: []Person)
method Check(account: string, login_point: string, role: ?string) -> (
  allowed: bool, reason: string, until_us: ?int, grant: ?string, lock: ?Lock
)
method Clock() -> (utc_us: int, high_water_us: int, synchronised: bool, behind: bool, offset_us: int)
method AcceptClock() -> (utc_us: int, high_water_us: int, synchronised: bool, behind: bool, offset_us: int)
method Store() -> (
  schema: int, grants: int, open: int, records: int, sequence: int, file_bytes: int, reserve: string, locked: ?string,
  check: string
)
method UnlockStore() -> (
  schema: int, grants: int, open: int, records: int, sequence: int, file_bytes: int, reserve: string, locked: ?string,
  check: string
)
method Audit(after: ?int, limit: ?int) -> (records: []Record)
method AuditChain(after: ?int, limit: ?int) -> (batch: string, count: int, last: int)
method Checkpoint() -> (note: string, verifier: string)
method Seen(limit: ?int) -> (events: []Seen, dropped: int)
method Sessions(person: ?string, limit: ?int) -> (sessions: []Session, total: int, missed: int)
method Keys() -> (keys: []Key, relays: []RelayKey)
method OnBehalf(person: ?string, relay: ?string, chat: ?string, email: ?string) -> (person: ?string, email: ?string)
method News(after: ?int, limit: ?int) -> (events: []News, last: int, newest: int)
method Watch(person: ?string) -> (event: string, grant: ?Grant, request: ?Request)
method Request(
  resource: ?string, extends: ?string, for_us: ?int, until_us: ?int, from_us: ?int, reason: ?string, role: ?string, read_write: ?bool,
  break_glass: ?bool
) -> (request: Request, grant: ?Grant, repeated: ?bool, warning: ?string)
method Approve(id: string, for_us: ?int, signature: ?string) -> (request: Request, grant: ?Grant, warning: ?string)
method Deny(id: string, reason: ?string) -> (request: Request)
method Cancel(id: string) -> (request: Request)
method Requests(person: ?string, resource: ?string, all: ?bool, mine_to_approve: ?bool, limit: ?int) -> (requests: []Request)
method ShowRequest(id: string) -> (request: Request)
method ApprovalText(id: string, for_us: ?int) -> (
  text: string, signed: bool, keys: []string, not_yours: ?string
)
method Review(id: string, note: ?string) -> (grant: Grant)
method ReloadPolicy(dry_run: ?bool) -> (ok: bool, message: ?string, ends: []Grant, lapses: []Request)
method Lock(person: ?string, resource: ?string, name: ?string, all: ?bool, for_us: int, message: string) -> (
  lock: Lock, durable: bool
)
method Unlock(id: ?string, person: ?string, resource: ?string, name: ?string, all: ?bool) -> (
  locks: []Lock, durable: bool
)
method Locks() -> (locks: []Lock)
method Provision(systems: []string) -> (work: int, step: string, system: string, account: ?string, role: ?string)
method Provisioned(work: int, error: ?string, found: ?[](account: string, role: string), partial: ?bool) -> ()

error BadMessage (message: string)
error NoSuchPerson (message: string, help: ?string)
error NoSuchResource (message: string, help: ?string)
error NoSuchGrant (message: string, help: ?string)
error NoSuchLock (message: string, help: ?string)
error NoSuchRequest (message: string, help: ?string)
error NotPending (message: string, help: ?string, request: ?Request)
error AlreadyApproved (message: string, help: ?string)
error NotApprover (message: string, help: ?string)
error BadSignature (message: string, help: ?string)
error NoRule (message: string, help: ?string)
error Denied (message: string, help: ?string)
error ReasonNeeded (message: string, help: ?string)
error OutsideHours (message: string, help: ?string)
error Quota (message: string, help: ?string)
error TooMany (message: string, help: ?string)
error NoAccount (message: string, help: ?string)
error TooLong (message: string, help: ?string, max_us: int)
error TooManyWindows (message: string, help: ?string)
error AlreadyEnded (message: string, help: ?string)
error NotInTheFuture (message: string, help: ?string)
error NotAllowed (message: string, help: ?string)
error NotDurable (message: string, help: ?string, grants: ?[]Grant, lock: ?Lock)
error NoTable (message: string, help: ?string)
error Locked (message: string, help: ?string)
error NoSpace (message: string, help: ?string)
error ClockBehind (message: string, help: ?string)
error NoKey (message: string, help: ?string)
error NoPolicy (message: string, help: ?string)
error Busy (message: string, help: ?string)
)";

}  // namespace

std::optional<reply> varlink_service(const call& message) {
  parameters given(message.parameters);
  reply done;
  if (message.method == "org.varlink.service.GetInfo") {
    if (auto bad = given.fault()) return bad;
    done.parameters.set("vendor", "grantd");
    done.parameters.set("product", "grantd");
    done.parameters.set("version", GRANTD_VERSION);
    done.parameters.set("url", "https://varlink.org");
    done.parameters.set("interfaces", json::value::array{"org.varlink.service", "org.grantd.Access"});
    return done;
  }
  if (message.method == "org.varlink.service.GetInterfaceDescription") {
    std::string name = given.required("interface");
    if (auto bad = given.fault()) return bad;
    if (name == "org.grantd.Access") {
      done.parameters.set("description", access_text);
    } else if (name == "org.varlink.service") {
      done.parameters.set("description", service_text);
    } else {
      done.error = "org.varlink.service.InterfaceNotFound";
      done.parameters.set("interface", name);
    }
    return done;
  }
  return std::nullopt;
}

}  // namespace grantd::daemon
