// SPDX-License-Identifier: Apache-2.0
// Runs single PAM calls through pam_start_confdir(), and stands before libc's syslog.
#include "pam/pam_host.h"

#include <syslog.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace grantd::test {
namespace {

int listen(int count, const pam_message** messages, pam_response** answers, void* data) {
  auto* host = static_cast<pam_host*>(data);
  for (int i = 0; i < count; ++i) host->heard.push_back({messages[i]->msg_style, messages[i]->msg});
  *answers = static_cast<pam_response*>(std::calloc(static_cast<size_t>(count), sizeof(pam_response)));
  return *answers != nullptr ? PAM_SUCCESS : PAM_BUF_ERR;
}

const char* level_name(int priority) {
  static const char* const names[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
  return names[LOG_PRI(priority)];
}

__attribute__((format(printf, 2, 0))) void keep(int priority, const char* format, va_list arguments) {
  char text[4096];
  std::vsnprintf(text, sizeof text, format, arguments);
  syslog_lines().push_back({priority, text});
}

}  // namespace

std::vector<logged>& syslog_lines() {
  static std::vector<logged> lines;
  return lines;
}

std::string module_log() {
  std::string out;
  for (const logged& l : syslog_lines()) {
    size_t colon = l.text.find(": ");
    if (!l.text.starts_with("pam_grantd(") || colon == std::string::npos) continue;
    out += std::string(level_name(l.priority)) + " " + l.text.substr(colon + 2) + "\n";
  }
  return out;
}

pam_host::pam_host(const table_fixture& t, std::string options, std::string service)
    : reaper(fake_reaper::by_table(t.path())), service_(std::move(service)) {
  std::ofstream file(confdir_ / service_);
  for (const char* facility : {"auth", "account", "session", "password"}) {
    file << facility << " required " << PAM_GRANTD_SO << " table=" << t.path()
         << " report=" << (t.dir() / "report.sock") << " session=" << reaper.path() << " " << options << "\n";
  }
  if (!file.flush()) throw std::runtime_error("cannot write the service file");
  syslog_lines().clear();
}

pam_host::~pam_host() = default;

int pam_host::call(const char* user, const phase& what, int flags) {
  heard.clear();
  pam_conv conversation{converse ? listen : nullptr, this};
  pam_handle_t* pamh = nullptr;
  if (pam_start_confdir(service_.c_str(), user, &conversation, confdir_.path().c_str(), &pamh) !=
      PAM_SUCCESS) {
    throw std::runtime_error("pam_start_confdir");
  }
  pam_set_item(pamh, PAM_RHOST, rhost);
  pam_set_item(pamh, PAM_TTY, tty);
  int result = what(pamh, flags);
  pam_end(pamh, result);
  return result;
}

int pam_host::account(const char* user, int flags) { return call(user, pam_acct_mgmt, flags); }
int pam_host::auth(const char* user, int flags) { return call(user, pam_authenticate, flags); }
int pam_host::setcred(const char* user) { return call(user, pam_setcred, PAM_ESTABLISH_CRED); }
int pam_host::open_session(const char* user, int flags) { return call(user, pam_open_session, flags); }
int pam_host::close_session(const char* user) { return call(user, pam_close_session, 0); }
int pam_host::password(const char* user) { return call(user, pam_chauthtok, 0); }

int pam_host::login(const char* user, const std::vector<phase>& phases) {
  const auto all = [&](pam_handle_t* pamh, int flags) {
    for (const phase& one : phases) {
      if (const int result = one(pamh, flags); result != PAM_SUCCESS) return result;
    }
    return PAM_SUCCESS;
  };
  return call(user, all, 0);
}

std::string pam_host::heard_one(int style) const {
  if (heard.size() != 1) throw std::runtime_error(std::to_string(heard.size()) + " sentences instead of one");
  if (heard[0].style != style) throw std::runtime_error("said in another style: " + heard[0].text);
  return heard[0].text;
}

}  // namespace grantd::test

#define GRANTD_BEFORE_LIBC extern "C" __attribute__((visibility("default"), used))

GRANTD_BEFORE_LIBC __attribute__((format(printf, 3, 4))) void __syslog_chk(int priority, int,
                                                                           const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  grantd::test::keep(priority, format, arguments);
  va_end(arguments);
}

GRANTD_BEFORE_LIBC __attribute__((format(printf, 3, 0))) void __vsyslog_chk(int priority, int,
                                                                            const char* format,
                                                                            va_list arguments) {
  grantd::test::keep(priority, format, arguments);
}
