// SPDX-License-Identifier: Apache-2.0
// Mistakes go to stderr, one line each; one line to stdout says that there are none.
#include "daemon/check.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "daemon/files.h"
#include "daemon/roster.h"
#include "policy/expect.h"

namespace grantd::daemon {
namespace {

constexpr char service_user[] = "grantd";

void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

[[noreturn]] void try_as(const passwd& who, const std::vector<std::string>& files) {
  if (initgroups(who.pw_name, who.pw_gid) != 0 || setresgid(who.pw_gid, who.pw_gid, who.pw_gid) != 0 ||
      setresuid(who.pw_uid, who.pw_uid, who.pw_uid) != 0) {
    say(fmt::format("whether the user {} can read the policy cannot be tried: {}", service_user,
                    std::strerror(errno)));
    _exit(1);
  }
  int unread = 0;
  for (const std::string& file : files) {
    base::unique_fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (fd.valid()) continue;
    say(fmt::format("{}: the user {} cannot read it: {} (chmod 644, and 755 for directories above it)", file,
                    service_user, std::strerror(errno)));
    unread = 1;
  }
  _exit(unread);
}

// Only root can try what another user may read.
bool service_reads(const std::vector<std::string>& files) {
  const passwd* who = geteuid() == 0 ? getpwnam(service_user) : nullptr;
  if (who == nullptr) return true;
  const pid_t child = fork();
  if (child == 0) try_as(*who, files);
  if (child < 0) {
    say(fmt::format("whether the user {} can read the policy cannot be tried: {}", service_user,
                    std::strerror(errno)));
    return false;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string count(size_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

// Whoever has no key can approve nothing that a rule wants signed.
void warn_of_keys(const policy::policy& p, const std::vector<proof::allowed_signer>& signers) {
  auto has_key = [&](const std::string& name) {
    const policy::person* who = p.find_person(name);
    return who != nullptr && (!who->keys.empty() || std::ranges::any_of(signers, [&](const auto& s) {
             return std::ranges::any_of(s.principals,
                                        [&](const std::string& n) { return p.find_person(n) == who; });
           }));
  };
  for (const auto& [name, rule] : p.rules) {
    const auto able = std::ranges::count_if(rule.approvers, has_key);
    if (!rule.is_signed || rule.deny || able >= rule.approvals) continue;
    say(fmt::format(
        "warning: rule {} wants {} signed, and {} of its approvers {} an ssh key here: see keys in "
        "policy.toml(5)",
        name, count(rule.approvals, "approval", "approvals"), able, able == 1 ? "has" : "have"));
  }
}

}  // namespace

int check_files(const std::string& config, bool installed) {
  bool good = true;
  auto settings = load_config(config, installed);
  if (!settings) {
    say(settings.error());
    good = false;
  }
  const std::string file = settings ? settings->policy : policy::config().policy;
  auto rules = load_policy(file);
  if (!rules) {
    say(rules.error());
    return 1;
  }
  const policy::policy& p = **rules;
  for (const std::string& warning : p.warnings) say("warning: " + warning);
  for (const std::string& complaint : load_uids(&p, {}, system_names()).complaints)
    say("warning: " + complaint);
  auto signers = load_signers(settings ? settings->allowed_signers : "");
  if (!signers) say(signers.error());
  good = good && signers.has_value();
  warn_of_keys(p, signers.value_or(std::vector<proof::allowed_signer>{}));
  for (const policy::unmet& u : policy::run_expectations(p, base::utc_now())) {
    say(policy::print(u));
    good = false;
  }
  if (auto files = policy_files(file); installed && files) good = service_reads(*files) && good;
  if (!good) return 1;
  std::printf("%s: %s, %s, %s, %s: good\n", file.c_str(), count(p.people.size(), "person", "people").c_str(),
              count(p.resources.size(), "resource", "resources").c_str(),
              count(p.rules.size(), "rule", "rules").c_str(),
              count(p.expectations.size(), "expected case", "expected cases").c_str());
  return 0;
}

}  // namespace grantd::daemon
