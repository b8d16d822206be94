// SPDX-License-Identifier: Apache-2.0
// grantd: a table of contents. Privileges are given up first, then files are read, then the loop runs.
#include <getopt.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "daemon/check.h"
#include "daemon/files.h"
#include "daemon/node_key_file.h"
#include "daemon/server.h"
#include "service/harden.h"
#include "service/log.h"

namespace {

using namespace grantd;
using namespace grantd::daemon;

constexpr char usage[] =
    "usage: grantd [-c FILE] [-t [--diff] | -T] [-f]\n"
    "  -c FILE  configuration (default /etc/grantd/grantd.toml)\n"
    "  -t       check configuration and policy, say every mistake, and exit\n"
    "  --diff   after that: whose grants and requests the running grantd would end by it\n"
    "  -T       print the configuration in force, and exit\n"
    "  -f       stay in the foreground (it always does)\n";

struct command_line {
  std::string config = "/etc/grantd/grantd.toml";
  bool config_given = false;
  bool check = false;
  bool print = false;
  bool diff = false;
};

// What is open only the running grantd knows, and grantctl asks it.
int show_difference() {
  execlp("grantctl", "grantctl", "policy", "reload", "--dry-run", nullptr);
  std::fprintf(stderr, "grantctl cannot be run: %s\n", std::strerror(errno));
  return 1;
}

int print(const command_line& line) {
  auto config = load_config(line.config, !line.config_given);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().c_str());
    return 1;
  }
  std::fputs(policy::print(*config).c_str(), stdout);
  auto verifier = read_verifier(config->node_key);
  std::printf("# node key: %s\n",
              verifier ? verifier->c_str() : ("none to be read: " + verifier.error()).c_str());
  return 0;
}

int run(const command_line& line) {
  service::harden();
  auto config = load_config(line.config, !line.config_given);
  if (!config) {
    service::log(level::alert, config.error());
    return 1;
  }
  server s(std::move(*config), line.config, !line.config_given);
  if (std::string wrong = s.start(); !wrong.empty()) {
    service::log(level::alert, wrong);
    return 1;
  }
  return s.run();
}

}  // namespace

int main(int argc, char** argv) {
  command_line line;
  constexpr option long_options[] = {{"diff", no_argument, nullptr, 'd'}, {}};
  for (int option; (option = getopt_long(argc, argv, "c:tTfh", long_options, nullptr)) != -1;) {
    switch (option) {
      case 'c':
        line.config = optarg;
        line.config_given = true;
        break;
      case 't':
        line.check = true;
        break;
      case 'd':
        line.diff = true;
        break;
      case 'T':
        line.print = true;
        break;
      case 'f':
        break;
      case 'h':
        std::fputs(usage, stdout);
        return 0;
      default:
        std::fputs(usage, stderr);
        return 2;
    }
  }
  if (optind != argc || (line.check && line.print) || (line.diff && !line.check)) {
    std::fputs(usage, stderr);
    return 2;
  }
  if (line.check) {
    int rc = check_files(line.config, !line.config_given);
    return rc == 0 && line.diff ? show_difference() : rc;
  }
  if (line.print) return print(line);
  return run(line);
}
