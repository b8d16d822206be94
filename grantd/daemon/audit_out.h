// SPDX-License-Identifier: Apache-2.0
// How the audit leaves the daemon: each record, once it is durable, as a line of the NDJSON file and as an
// entry of the journal; checkpoints at their rhythm. A slice a turn: must never hold up an answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/audit_file.h"
#include "daemon/checkpoints.h"
#include "daemon/core.h"
#include "service/journal.h"

namespace grantd::daemon {

inline constexpr size_t audit_slice = 256;                        // records of each kind a turn
inline constexpr int64_t exported_every_ns = 5 * base::ns_per_s;  // then the file is synced
inline constexpr int64_t last_words_ns = 2 * base::ns_per_s;      // at stop

class audit_out {
 public:
  struct places {
    std::string file;                           // empty: none
    std::string host;                           // host.name of its lines
    std::optional<service::journal> journal{};  // nothing: none
  };
  // The file goes on behind what the store knows as written, the journal behind what is there now: make it
  // before the start is recorded.
  audit_out(core& c, places p);

  // After the core's start.
  void begin() { rhythm_.look_back(core_.truth()); }
  // Once a turn, after the answers.
  void slice();
  // slice() has something to do that has not just failed.
  [[nodiscard]] bool behind() const;
  // Something failed and is tried again, or waits for the disk: each_second() is wanted soon.
  [[nodiscard]] bool unsettled() const;
  void each_second(base::boot_time now);
  // SIGHUP: the file is opened by name again; another path goes on where the old one stopped.
  void reopen(const std::string& path);
  // After the core's stop: the last checkpoint, and everything out within last_words_ns.
  void finish();
  // A line for the log, unless the journal gets its record as an entry: one text, not two. It is said after
  // all when a second later the record could not be written.
  void pass(core::line l);
  [[nodiscard]] std::vector<core::line> take_lines() { return std::exchange(lines_, {}); }

 private:
  // How far one of the two has come.
  struct outlet {
    bool is = false;
    uint64_t position = 0;  // the last record that went out
    bool failed = false;    // until the next second
  };
  void write_file();
  void send_journal();
  void sign(bool stopping);
  void keep_position();
  void settle_held();
  [[nodiscard]] bool waits(const outlet& o) const;
  void say(service::level at, std::string text) { lines_.push_back({at, std::move(text)}); }

  core& core_;
  audit_file named_;
  std::string host_;
  std::optional<service::journal> socket_;
  outlet file_;
  outlet journal_;
  uint64_t kept_ = 0;  // position of the file that the store was told of
  bool said_unreadable_ = false;
  base::boot_time last_kept_{};
  bool alarmed_ = false;
  checkpoint_rhythm rhythm_;
  std::vector<core::line> lines_;
  std::vector<core::line> held_;  // their records are to come
  std::vector<core::line> late_;  // since the second before
};

}  // namespace grantd::daemon
