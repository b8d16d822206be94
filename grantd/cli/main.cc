// SPDX-License-Identifier: Apache-2.0
// grantctl: gives the process's descriptors, environment, clock and zone to run(); does nothing else.
#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>

#include "base/clock.h"
#include "cli/run.h"

namespace {

std::string own_path() {
  char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  return n > 0 && static_cast<size_t>(n) < sizeof path ? std::string(path, static_cast<size_t>(n))
                                                       : std::string();
}

// A standard descriptor that is closed would be given to the next thing opened.
bool standard_descriptors_exist() {
  for (int fd : {0, 1, 2}) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace grantd;
  if (!standard_descriptors_exist()) return static_cast<int>(cli::exit_code::usage);
  (void)signal(SIGPIPE, SIG_IGN);
  cli::surroundings here;
  here.environment = [](const char* name) -> std::optional<std::string> {
    const char* v = std::getenv(name);
    if (v == nullptr) return {};
    return v;
  };
  here.now = base::utc_now;
  here.local = cli::system_zone();
  here.self = own_path();
  return static_cast<int>(cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), here));
}
