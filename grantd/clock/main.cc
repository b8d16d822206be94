// SPDX-License-Identifier: Apache-2.0
// grantd-clock: for each byte on standard input, a socket, it says whether the kernel calls the clock
// synchronised. Only so that grantd itself need not be allowed the system call that could also set it. Must
// never know more.
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

int main() {
  for (char question; read(STDIN_FILENO, &question, 1) == 1;) {
    const char answer = grantd::base::clock_synchronised() ? 'y' : 'n';
    if (send(STDIN_FILENO, &answer, 1, MSG_NOSIGNAL) != 1) return 1;
  }
  return 0;
}
