// SPDX-License-Identifier: Apache-2.0
// Runs a subcommand against a fake grantd and keeps what it said; touches nothing of the machine.
#include "stage.h"

#include <sys/mman.h>

#include <csignal>

#include "base/unique_fd.h"

namespace grantd::test {
namespace {

std::string read_back(int fd) {
  std::string text;
  char buffer[4096];
  (void)lseek(fd, 0, SEEK_SET);
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  return text;
}

}  // namespace

outcome stage::run(const std::vector<std::string>& args) const {
  (void)signal(SIGPIPE, SIG_IGN);
  base::unique_fd in(memfd_create("in", MFD_CLOEXEC));
  base::unique_fd out(memfd_create("out", MFD_CLOEXEC));
  base::unique_fd err(memfd_create("err", MFD_CLOEXEC));
  if (write(in.get(), input.data(), input.size()) < 0) return {-1, "", ""};
  (void)lseek(in.get(), 0, SEEK_SET);
  cli::surroundings here;
  here.in = in.get();
  here.out = out_fd >= 0 ? out_fd : out.get();
  here.err = err_fd >= 0 ? err_fd : err.get();
  here.terminal = terminal;
  here.systemd = systemd;
  here.restart_patience_us = restart_patience_us;
  here.environment = [this](const char* name) -> std::optional<std::string> {
    auto at = environment.find(name);
    if (at == environment.end()) return {};
    return at->second;
  };
  here.now = [] { return base::utc_time{noon_us}; };
  here.local = local;
  here.self = self;
  here.timeout_us = timeout_us;
  here.ssh_patience_us = timeout_us;
  int code = static_cast<int>(cli::run(args, here));
  return {code, read_back(out.get()), read_back(err.get())};
}

outcome run_at(const std::string& socket, std::vector<std::string> args, const stage& s) {
  args.insert(args.begin(), {"--socket", socket});
  return s.run(args);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace grantd::test
