// SPDX-License-Identifier: Apache-2.0
// The gate in PAM hosts: looks the account up in the window table, and registers sessions with the reaper. It
// reads no other file, no environment and no name service; it never forks, allocates, asks a question, or
// lets anybody in by mistake, and it waits for nothing but the reaper's answer.
//
// account, auth (PAM_SUCCESS, else PAM_PERM_DENIED), session open with mode=audit:
//
//   allowed if                                   logged
//     a window is open now                       info
//     ... and grantd is down                     info: the table stands without it
//     the account is a service_user              -
//     the account is an exempt_user              alert
//     mode=audit, whatever would deny            notice: "would be denied", once a login
//   denied if
//     no window is open: none, not yet, ended, revoked
//     the account is locked, or the whole table
//     the table is missing or cannot be trusted, for whatever reason
//     the user is missing or no name             "unknown account"
//     the service is missing or no name
//
// session open (PAM_SUCCESS, else PAM_SESSION_ERR):
//
//   allowed if
//     the reaper registered it and found a window open for it
//     the reaper says that it is nested in a registered session, which covers it: sudo, su
//     the account is a service_user, or an exempt_user (alert): not registered
//   denied if
//     the reaper found no window open for it, after it had registered it
//     the reaper cannot register it, does not answer in 5 s or at all, or is not root's
//     the user or the service is missing or no name
//
// session close tells the reaper and succeeds, as setcred does; password is PAM_SERVICE_ERR. Options that
// mean nothing are logged and open nothing.
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include <array>

#include "base/clock.h"
#include "base/ident.h"
#include "base/names.h"
#include "guest/check.h"
#include "guest/line.h"
#include "guest/registration.h"
#include "guest/report.h"
#include "guest/words.h"
#include "options.h"

namespace grantd::pam {
namespace {

constexpr std::string_view unknown_account = "unknown account";
constexpr std::string_view unknown_service = "unknown service";
constexpr int64_t close_patience_ns = base::ns_per_s;

using text = std::array<char, 384>;

enum class phase : uint8_t { auth, account, session };

// One call of one phase; views into what PAM keeps for its duration.
struct visit {
  pam_handle_t* pamh;
  phase at;
  bool silent;
  options opts;
  std::string_view user;     // empty: none, or no name
  std::string_view service;  // the same
  std::string_view remote;   // empty: none, or not printable
};

std::string_view item(const pam_handle_t* pamh, int which) noexcept {
  const void* value = nullptr;
  if (pam_get_item(pamh, which, &value) != PAM_SUCCESS || value == nullptr) return {};
  return static_cast<const char*>(value);
}

std::string_view if_name(std::string_view s) noexcept {
  return base::is_account_name(s) ? s : std::string_view{};
}

visit arrive(pam_handle_t* pamh, phase at, int flags, int argc, const char** argv) noexcept {
  visit v{.pamh = pamh,
          .at = at,
          .silent = (flags & static_cast<int>(PAM_SILENT)) != 0,
          .opts = read_options(argc, argv),
          .user = if_name(item(pamh, PAM_USER)),
          .service = {},
          .remote = item(pamh, PAM_RHOST)};
  v.service = if_name(v.opts.service != nullptr ? v.opts.service : item(pamh, PAM_SERVICE));
  if (!base::is_printable_utf8(v.remote)) v.remote = {};
  for (unsigned i = 0; i < v.opts.refused_count; ++i) {
    pam_syslog(pamh, LOG_ERR, "option refused: %.128s", v.opts.refused[i]);
  }
  return v;
}

// Before a password was checked, a name that the table does not know may be one. In account and session the
// service has authenticated it.
std::string_view loggable(const visit& v, const guest::answer& a) noexcept {
  if (v.user.empty()) return unknown_account;
  bool known = a.verdict.why != decision::reason::no_window && a.verdict.why != decision::reason::table_bad;
  return v.at == phase::auth && !known ? unknown_account : v.user;
}

void log(const visit& v, int priority, std::string_view what, std::string_view who,
         const char* why) noexcept {
  text t;
  guest::line l{t};
  l.add(what).add(": ").add(who);
  if (!v.remote.empty()) l.add(" from ").add(guest::cut(v.remote, 64));
  if (why[0] != '\0') l.add(": ").add(why);
  pam_syslog(v.pamh, priority, "%s", t.data());
}

void report(const visit& v, const guest::answer& a, wire::outcome outcome, std::string_view who) noexcept {
  decision::account account{decision::identity_class::os, who};
  guest::login reported{
      .proved = {&account, 1},
      .where = {decision::point_kind::pam, v.service.empty() ? unknown_service : v.service, {}},
      .role = {}};
  guest::send_report(v.opts.report, reported, a, outcome, v.remote);
}

void tell(const visit& v, int style, const char* sentence) noexcept {
  if (!v.silent) (void)pam_prompt(v.pamh, style, nullptr, "%s", sentence);
}

int allow(const visit& v, const guest::answer& a) noexcept {
  text said;
  guest::say_allowed(a, said);
  if (v.at == phase::session) {
    tell(v, PAM_TEXT_INFO, said.data());
    return PAM_SUCCESS;
  }
  text why;
  guest::line{why}.add(said.data()).add(", grant ").add(base::print_id('g', a.verdict.grant).view());
  log(v, LOG_INFO, "let in", v.user, why.data());
  report(v, a, wire::outcome::allowed, v.user);
  return PAM_SUCCESS;
}

// A login that audit lets in goes through each phase: what an earlier one has told is not told again. Kept
// with the handle, under a name that says it all; where that is lost (sshd may ask for the account in a
// process of its own), or was another try, it is told twice rather than never.
bool told_before(const visit& v, const guest::answer& a, std::string_view who) noexcept {
  static std::array<phase, 3> phases{phase::auth, phase::account, phase::session};
  const char reason = static_cast<char>('0' + static_cast<int>(a.verdict.why));
  text name;
  guest::line{name}.add("pam_grantd would deny ").add({&reason, 1}).add(" ").add(v.service).add(" ").add(who);
  const void* told = nullptr;
  if (pam_get_data(v.pamh, name.data(), &told) == PAM_SUCCESS && told != nullptr &&
      *static_cast<const phase*>(told) < v.at)
    return true;
  (void)pam_set_data(v.pamh, name.data(), &phases[static_cast<size_t>(v.at)], nullptr);
  return false;
}

int deny(const visit& v, const guest::answer& a) noexcept {
  text why, help, sentence;
  guest::say_denied(a, {decision::point_kind::pam, v.service.empty() ? unknown_service : v.service, {}}, why);
  bool bad = a.verdict.why == decision::reason::table_bad || a.table_locked;
  std::string_view who = loggable(v, a);
  if (v.opts.audit && told_before(v, a, who)) return PAM_SUCCESS;
  log(v, bad ? LOG_ERR : LOG_NOTICE, v.opts.audit ? "would be denied (mode=audit)" : "denied", who,
      why.data());
  report(v, a, v.opts.audit ? wire::outcome::would_deny : wire::outcome::denied, who);
  if (v.opts.audit) return PAM_SUCCESS;
  guest::say_help(a, help);
  guest::line{sentence}.add(why.data()).add("; ").add(help.data());
  tell(v, PAM_ERROR_MSG, sentence.data());
  return v.at == phase::session ? PAM_SESSION_ERR : PAM_PERM_DENIED;
}

int break_glass(const visit& v) noexcept {
  guest::answer none{};
  none.now = base::boot_now();
  log(v, LOG_ALERT, "break-glass account let in without a grant", v.user, "");
  report(v, none, wire::outcome::break_glass, v.user);
  return PAM_SUCCESS;
}

guest::registered ask_reaper(const visit& v, wire::registration_kind kind, int64_t patience_ns) noexcept {
  constexpr size_t most = 63;
  std::string_view tty = item(v.pamh, PAM_TTY);
  if (!base::is_printable_utf8(tty)) tty = {};
  return guest::register_session(v.opts.session,
                                 {.kind = kind,
                                  .service = v.service,
                                  .user = v.user,
                                  .remote = guest::cut(v.remote, most),
                                  .tty = guest::cut(tty, most)},
                                 {base::boot_now().ns + patience_ns});
}

int register_session(const visit& v) noexcept {
  guest::registered r = ask_reaper(v, wire::registration_kind::open, guest::registration_patience_ns);
  switch (r.result) {
    case wire::registration_result::covered:
      return allow(v, r.a);
    case wire::registration_result::nested:
      return PAM_SUCCESS;
    case wire::registration_result::denied:
      return deny(v, r.a);
    case wire::registration_result::failed:
    case wire::registration_result::closed:
      break;
  }
  text why, sentence;
  guest::line{why}.add("the session could not be registered: ").add(r.why);
  log(v, LOG_ERR, "denied", v.user, why.data());
  guest::line{sentence}.add(why.data()).add("; tell the administrator: systemctl status grantd-reaper");
  tell(v, PAM_ERROR_MSG, sentence.data());
  return PAM_SESSION_ERR;
}

int gate(pam_handle_t* pamh, phase at, int flags, int argc, const char** argv) noexcept {
  visit v = arrive(pamh, at, flags, argc, argv);
  guest::answer a{};
  if (v.user.empty()) return deny(v, a);
  if (v.opts.exempt_users.has(v.user)) return break_glass(v);
  if (v.opts.service_users.has(v.user)) return PAM_SUCCESS;
  if (v.service.empty()) return deny(v, a);
  if (at == phase::session && !v.opts.audit) return register_session(v);

  decision::account account{decision::identity_class::os, v.user};
  a = guest::check(v.opts.table, {.proved = {&account, 1},
                                  .where = {decision::point_kind::pam, v.service, {}},
                                  .role = {},
                                  .name_resource = at == phase::session});
  if (v.opts.debug) {
    pam_syslog(pamh, LOG_DEBUG, "table %s: %s, reason %d", v.opts.table, table::describe(a.table),
               static_cast<int>(a.verdict.why));
  }
  return a.verdict.allows() ? allow(v, a) : deny(v, a);
}

int leave(pam_handle_t* pamh, int flags, int argc, const char** argv) noexcept {
  visit v = arrive(pamh, phase::session, flags, argc, argv);
  bool registered = !v.opts.audit && !v.user.empty() && !v.service.empty() &&
                    !v.opts.exempt_users.has(v.user) && !v.opts.service_users.has(v.user);
  if (registered) (void)ask_reaper(v, wire::registration_kind::close, close_patience_ns);
  return PAM_SUCCESS;
}

}  // namespace
}  // namespace grantd::pam

#define GRANTD_EXPORT extern "C" __attribute__((visibility("default")))

GRANTD_EXPORT int pam_sm_acct_mgmt(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  return grantd::pam::gate(pamh, grantd::pam::phase::account, flags, argc, argv);
}

GRANTD_EXPORT int pam_sm_authenticate(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  return grantd::pam::gate(pamh, grantd::pam::phase::auth, flags, argc, argv);
}

GRANTD_EXPORT int pam_sm_setcred(pam_handle_t*, int, int, const char**) { return PAM_SUCCESS; }

GRANTD_EXPORT int pam_sm_open_session(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  return grantd::pam::gate(pamh, grantd::pam::phase::session, flags, argc, argv);
}

GRANTD_EXPORT int pam_sm_close_session(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  return grantd::pam::leave(pamh, flags, argc, argv);
}

GRANTD_EXPORT int pam_sm_chauthtok(pam_handle_t*, int, int, const char**) { return PAM_SERVICE_ERR; }
