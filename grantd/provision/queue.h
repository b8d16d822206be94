// SPDX-License-Identifier: Apache-2.0
// What is to be done in one system: one step at a time, in the order it came, again and longer after each
// failure. Pure: no clock, no process.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "provision/answer.h"

namespace grantd::provision {

struct work {
  uint64_t number = 0;  // grantd's, to answer with
  std::string step;     // "open", "close", "list"
  membership of{};      // empty: list
};

class queue {
 public:
  // Takes the place of what waits for the same account and role (or of a list): only the last word counts.
  void put(work w);
  void clear() { waiting_.clear(), again_ = false; }

  // What may begin now; nothing while something runs. It runs until finished().
  [[nodiscard]] std::optional<work> begin(base::boot_time now);
  // What ran was done, or has to be tried again, unless something took its place meanwhile.
  void finished(bool done, base::boot_time now);
  [[nodiscard]] const work& running() const { return running_; }
  [[nodiscard]] bool busy() const { return busy_; }
  // When begin() is worth calling again; nothing: not before something else happens.
  [[nodiscard]] std::optional<base::boot_time> next() const;

 private:
  struct item {
    work what;
    base::boot_time due{};
    int64_t delay_ns = base::ns_per_s;
  };
  std::deque<item> waiting_;
  item current_;
  work running_;
  bool busy_ = false;
  bool again_ = false;  // what runs is still wanted
};

inline constexpr int64_t longest_delay_ns = 60 * base::ns_per_s;

}  // namespace grantd::provision
