// SPDX-License-Identifier: Apache-2.0
// grantd-provision: a table of contents. It gives up what it does not need, reads its file, and runs.
#include <getopt.h>

#include <cstdio>

#include "provision/server.h"
#include "service/harden.h"
#include "service/log.h"

namespace {

using namespace grantd;

constexpr char usage[] =
    "usage: grantd-provision [--config FILE] [-t]\n"
    "  --config FILE  default /etc/grantd/provision.toml\n"
    "  -t             check that file, and go\n";

}  // namespace

int main(int argc, char** argv) {
  std::string path = "/etc/grantd/provision.toml";
  bool check = false;
  const option options[] = {{"config", required_argument, nullptr, 'c'},
                            {"help", no_argument, nullptr, 'h'},
                            {nullptr, 0, nullptr, 0}};
  for (int c; (c = getopt_long(argc, argv, "th", options, nullptr)) != -1;) {
    if (c == 'c') {
      path = optarg;
    } else if (c == 't') {
      check = true;
    } else {
      std::fputs(usage, c == 'h' ? stdout : stderr);
      return c == 'h' ? 0 : 2;
    }
  }
  if (optind != argc) {
    std::fputs(usage, stderr);
    return 2;
  }
  service::harden();
  auto config = provision::load_config(path);
  if (!config) {
    service::log(service::level::alert, config.error());
    return 1;
  }
  if (check) {
    std::printf("%s: %zu system%s\n", path.c_str(), config->systems.size(),
                config->systems.size() == 1 ? "" : "s");
    return 0;
  }
  provision::server s(std::move(*config));
  if (std::string wrong = s.start(); !wrong.empty()) {
    service::log(service::level::alert, wrong);
    return 1;
  }
  return s.run();
}
