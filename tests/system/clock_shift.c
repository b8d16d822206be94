// SPDX-License-Identifier: Apache-2.0
// Preloaded: shifts CLOCK_REALTIME of one process by the seconds in the file that GRANTD_CLOCK_SHIFT names.
// The machine's clock is never touched.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
  const char* path = getenv("GRANTD_CLOCK_SHIFT");
  char text[32] = "";
  long fd = path == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  (void)!syscall(SYS_read, fd, text, sizeof text - 1);
  (void)syscall(SYS_close, fd);
  return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  int rc = (int)syscall(SYS_clock_gettime, clock, out);
  if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += shift();
  return rc;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
