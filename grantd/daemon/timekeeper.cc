// SPDX-License-Identifier: Apache-2.0
// What the daemon knows about time.
#include "daemon/timekeeper.h"

namespace grantd::daemon {
namespace {

decision::high_water make_water(const std::optional<timekeeper::known_mark>& mark,
                                const decision::clock_pair& now) {
  if (!mark) return {now.utc, now.boot, true, now};
  return {mark->mark, mark->at, mark->this_boot, now};
}

}  // namespace

timekeeper::timekeeper(clock_source& source, const std::optional<known_mark>& mark)
    : source_(source), last_(source.read()), mapped_at_(now()), water_(make_water(mark, now())) {
  water_.advance(now(), last_.synchronised);
  behind_ = water_.behind(now());
}

void timekeeper::read() {
  last_ = source_.read();
  water_.advance(now(), last_.synchronised);
  behind_ = water_.behind(now()) || (behind_ && !last_.synchronised);
}

void timekeeper::mapped() {
  offset_us_ += stepped_us();
  mapped_at_ = now();
}

}  // namespace grantd::daemon
