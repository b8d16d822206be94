// SPDX-License-Identifier: Apache-2.0
// The bare timer beside the cuts: sleeps on a timerfd until a time of CLOCK_BOOTTIME (ns), then exits.
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

int main(int argc, char** argv) {
  constexpr int64_t ns_per_s = 1'000'000'000;
  const int64_t end = argc == 2 ? std::strtoll(argv[1], nullptr, 10) : 0;
  const int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
  itimerspec when{};
  when.it_value = {end / ns_per_s, end % ns_per_s};
  uint64_t rang = 0;
  if (end <= 0 || fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, nullptr) != 0) return 2;
  return read(fd, &rang, sizeof rang) == sizeof rang ? 0 : 2;
}
