// SPDX-License-Identifier: Apache-2.0
// The daemons' first act; see harden.h. Must never read or open anything.
#include "service/harden.h"

#include <sys/prctl.h>
#include <sys/stat.h>

#include <csignal>

namespace grantd::service {

void harden() {
  umask(077);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace grantd::service
