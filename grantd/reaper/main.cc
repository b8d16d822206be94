// SPDX-License-Identifier: Apache-2.0
// grantd-reaper: a table of contents. It gives up what it does not need, opens its socket, and runs.
#include <getopt.h>

#include <cstdio>

#include "reaper/server.h"
#include "service/harden.h"
#include "service/log.h"

namespace {

using namespace grantd;

constexpr char usage[] =
    "usage: grantd-reaper [--run DIR] [--table FILE] [--report SOCKET] [--kept DIR] [--linger DIR]\n"
    "  --run DIR        session.sock and what must survive a restart (default /run/grantd-reaper)\n"
    "  --table FILE     the window table (default /run/grantd/windows)\n"
    "  --report SOCKET  where grantd hears about sessions (default /run/grantd/report.sock)\n"
    "  --kept DIR       what must survive a reboot (default /var/lib/grantd-reaper)\n"
    "  --linger DIR     logind's (default /var/lib/systemd/linger)\n"
    "All of them absolute.\n";

}  // namespace

int main(int argc, char** argv) {
  reaper::places where;
  const option options[] = {{"run", required_argument, nullptr, 'r'},
                            {"table", required_argument, nullptr, 't'},
                            {"report", required_argument, nullptr, 's'},
                            {"kept", required_argument, nullptr, 'k'},
                            {"linger", required_argument, nullptr, 'l'},
                            {"help", no_argument, nullptr, 'h'},
                            {nullptr, 0, nullptr, 0}};
  for (int c; (c = getopt_long(argc, argv, "h", options, nullptr)) != -1;) {
    std::string* to = c == 'r'   ? &where.run
                      : c == 't' ? &where.table
                      : c == 's' ? &where.report
                      : c == 'k' ? &where.kept
                      : c == 'l' ? &where.linger
                                 : nullptr;
    if (to == nullptr || optarg[0] != '/') {
      std::fputs(usage, c == 'h' ? stdout : stderr);
      return c == 'h' ? 0 : 2;
    }
    *to = optarg;
  }
  if (optind != argc) {
    std::fputs(usage, stderr);
    return 2;
  }
  service::harden();
  reaper::server s(std::move(where));
  if (std::string wrong = s.start(); !wrong.empty()) {
    service::log(service::level::alert, wrong);
    return 1;
  }
  return s.run();
}
