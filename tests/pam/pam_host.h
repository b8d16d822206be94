// SPDX-License-Identifier: Apache-2.0
// A PAM host of the test's own: the real libpam and module, service files in a temporary directory, what was
// said to the person and to syslog kept for looking at. Touches nothing of the machine.
#pragma once

#include <security/pam_appl.h>

#include <functional>
#include <string>
#include <vector>

#include "unit/guest/fake_reaper.h"
#include "unit/guest/table_fixture.h"

namespace grantd::test {

struct said {
  int style;  // PAM_TEXT_INFO, PAM_ERROR_MSG
  std::string text;
};

struct logged {
  int priority;  // facility and level, as given to syslog(3)
  std::string text;
};

// Everything libpam gave to syslog in this process since the last clear().
std::vector<logged>& syslog_lines();
// "LEVEL text", one a line, without the module's prefix: "notice denied: alice: ..."; only pam_grantd's own.
[[nodiscard]] std::string module_log();

// One service, "sshd" unless told otherwise, gated by the module in all four facilities with these options;
// table= and report= of the fixture and session= of a reaper that answers by that table are added. auth and
// session have nothing else, account neither.
class pam_host {
 public:
  explicit pam_host(const table_fixture& t, std::string options = {}, std::string service = "sshd");
  ~pam_host();
  pam_host(const pam_host&) = delete;
  pam_host& operator=(const pam_host&) = delete;

  std::vector<said> heard;  // by the person, since the last call

  // One whole conversation each: pam_start, the call, pam_end. `user` may be nullptr.
  int account(const char* user = "alice", int flags = 0);
  int auth(const char* user = "alice", int flags = 0);
  int setcred(const char* user = "alice");
  int open_session(const char* user = "alice", int flags = 0);
  int close_session(const char* user = "alice");
  int password(const char* user = "alice");
  // One conversation with all of these, until one fails.
  using phase = std::function<int(pam_handle_t*, int flags)>;
  int login(const char* user,
            const std::vector<phase>& phases = {pam_authenticate, pam_acct_mgmt, pam_open_session});

  // The text of the only sentence heard; throws when there was none or more.
  [[nodiscard]] std::string heard_one(int style) const;

  fake_reaper reaper;
  const char* rhost = nullptr;
  const char* tty = nullptr;
  bool converse = true;  // false: the application has no conversation function

 private:
  int call(const char* user, const phase& what, int flags);
  temp_dir confdir_;
  std::string service_;
};

}  // namespace grantd::test
