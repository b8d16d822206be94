// SPDX-License-Identifier: Apache-2.0
// The clock's part of the core: which windows are in force on BOOTTIME, and what a step of the wall clock
// does to them. The rules are decision/mapping's.
#include <fmt/core.h>

#include <cstdlib>

#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {
namespace {

// Below this a window is left as it was published: slewing, and reading two clocks one after the other.
bool moved(const decision::boot_window& a, const decision::boot_window& b) {
  constexpr int64_t limit = decision::step_us * base::ns_per_us;
  return std::abs(a.start.ns - b.start.ns) > limit || std::abs(a.end.ns - b.end.ns) > limit;
}

}  // namespace

void core::load_open(store::grant&& g) {
  open_grant o = in_memory(g);
  if (g.mapped_boot == settings_.boot) {
    // The clock may have stepped while nobody watched.
    auto how = time_.synchronised() ? decision::trust::synchronised : decision::trust::none;
    auto again = decision::map_again(o.utc(), o.mapped, time_.now(), how);
    if (moved(again, o.mapped)) {
      o.mapped = again;
      remaps_.push_back({o.number, again});
      remap_why_ = "start";
    }
  } else if (time_.behind()) {
    o.in_force = false;
  } else {
    o.mapped = decision::map_first(o.utc(), time_.now());
    remaps_.push_back({o.number, o.mapped});
    remap_why_ = "boot";
  }
  windows_.load(std::move(o));
}

// All windows again after a step.
void core::map_again(decision::trust how, std::string_view why) {
  windows_.each_open([&](open_grant& g) {
    if (!g.in_force) return;
    auto again = decision::map_again(g.utc(), g.mapped, time_.now(), how);
    if (!moved(again, g.mapped)) return;
    g.mapped = again;
    remaps_.push_back({g.number, again});
  });
  time_.mapped();
  remap_why_ = why;
  dirty_ = true;
}

// Those that waited for the clock.
void core::bring_into_force() {
  windows_.each_open([&](open_grant& g) {
    if (g.in_force) return;
    g.in_force = true;
    g.mapped = decision::map_first(g.utc(), time_.now());
    remaps_.push_back({g.number, g.mapped});
  });
  bring_locks_into_force();
  remap_why_ = "clock-right";
  dirty_ = true;
}

reply core::accept_clock(const std::string& by) {
  time_.read();
  if (store_->locked() != store::lock_reason::none) {
    return refusal("Locked", "the store is locked: " + store_->locked_text(), "grantctl store unlock");
  }
  keep_note("clock-accept", {{"by", by}, {"before_us", std::to_string(time_.mark().us)}});
  time_.accept();
  map_again(decision::trust::accepted, "clock-accept");
  bring_into_force();
  was_behind_ = false;
  say(level::alert, "the clock was accepted by " + by);
  bool durable = write(nullptr).has_value();
  if (must_exit_) {
    return refusal(
        "Busy",
        "the store's file failed: grantd starts again from what is on disk, and the clock is as it was",
        "grantctl clock accept, once grantd is back");
  }
  publication_.at_least(store_->sequence());
  publish();
  next_end_ = earliest_end();
  if (!durable)
    return refusal("NotDurable", "in force, but not on disk yet: it is tried again every second",
                   "grantctl clock");
  return {};
}

}  // namespace grantd::daemon
