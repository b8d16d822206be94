// SPDX-License-Identifier: Apache-2.0
// report.sock: what guests saw, and how enders' sessions stand. Believed as far as the reporter's uid goes,
// logged and recorded at a bounded rate, never answered, never waited for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/core.h"
#include "daemon/heard.h"
#include "daemon/rate.h"

namespace grantd::daemon {

// Which PostgreSQL clusters a uid may report for. uid 0 reports for PAM and needs no entry.
using reporters = std::map<uid_t, std::vector<std::string>>;

// May this uid say that about this login point?
[[nodiscard]] bool may_report(const reporters& known, uid_t uid, const wire::report& r);
[[nodiscard]] bool may_report(const reporters& known, uid_t uid, const wire::presence& p);

class reports {
 public:
  // `from`: now, when the socket is about to be listened to.
  reports(core& c, base::boot_time from) : core_(c) { heard_.inside = sessions(from); }
  void set_reporters(reporters known) { known_ = std::move(known); }
  void receive(int socket);
  // Gives the core what there is room for; call it every second while unsettled().
  void settle(const base::clock_reading& now);
  [[nodiscard]] bool unsettled() const { return heard_.inside.unrecorded() != 0; }
  [[nodiscard]] const heard& all() const { return heard_; }
  [[nodiscard]] std::vector<core::line> take_lines();

 private:
  [[nodiscard]] bool take_one(uid_t uid, std::span<const uint8_t> bytes);  // false: not believed
  void take_report(uid_t uid, const wire::report& r);

  core& core_;
  reporters known_;
  heard heard_;
  rate logged_{200, 20};
  rate recorded_{100, 10};
  uint64_t unsaid_ = 0;
  std::vector<core::line> lines_;
};

}  // namespace grantd::daemon
