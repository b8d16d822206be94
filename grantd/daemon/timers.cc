// SPDX-License-Identifier: Apache-2.0
// Two timers.
#include "daemon/timers.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <ctime>

namespace grantd::daemon {

timers::timers()
    : end_(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)),
      step_(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
  arm_step();
}

void timers::set_end(std::optional<base::boot_time> at) {
  if (at == at_) return;
  at_ = at;
  itimerspec when{};
  if (at) {
    int64_t ns = std::max<int64_t>(1, at->ns);  // 0 would disarm
    when.it_value = {static_cast<time_t>(ns / base::ns_per_s), static_cast<long>(ns % base::ns_per_s)};
  }
  timerfd_settime(end_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void timers::end_rang() {
  uint64_t times = 0;
  (void)!read(end_.get(), &times, sizeof times);
  at_.reset();
}

void timers::step_rang() {
  uint64_t times = 0;
  (void)!read(step_.get(), &times, sizeof times);  // ECANCELED: the clock was set (timerfd_create(2))
  arm_step();
}

void timers::arm_step() {
  itimerspec never{};
  never.it_value.tv_sec = 253'402'300'799;  // 9999-12-31T23:59:59Z
  timerfd_settime(step_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

}  // namespace grantd::daemon
