// SPDX-License-Identifier: Apache-2.0
// report.sock: what guests saw. Believed as far as the reporter's uid goes, logged and recorded at a bounded
// rate, never answered, never waited for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/core.h"
#include "daemon/seen_log.h"

namespace grantd::daemon {

// So many at once, and so many a second after that.
class rate {
 public:
  rate(unsigned burst, unsigned per_second) : burst_(burst), per_second_(per_second), tokens_(burst) {}
  [[nodiscard]] bool take(base::boot_time now);

 private:
  unsigned burst_, per_second_;
  double tokens_;
  int64_t last_ns_ = 0;
};

// Which PostgreSQL clusters a uid may report for. uid 0 reports for PAM and needs no entry.
using reporters = std::map<uid_t, std::vector<std::string>>;

// May this uid say that about this login point?
[[nodiscard]] bool may_report(const reporters& known, uid_t uid, const wire::report& r);

class reports {
 public:
  explicit reports(core& c) : core_(c) {}
  void set_reporters(reporters known) { known_ = std::move(known); }
  void receive(int socket);
  [[nodiscard]] const seen_log& seen() const { return seen_; }
  [[nodiscard]] std::vector<core::line> take_lines() { return std::exchange(lines_, {}); }

 private:
  void take_one(uid_t uid, std::span<const uint8_t> bytes);

  core& core_;
  reporters known_;
  seen_log seen_;
  rate logged_{200, 20};
  rate recorded_{100, 10};
  uint64_t unsaid_ = 0;
  std::vector<core::line> lines_;
};

}  // namespace grantd::daemon
