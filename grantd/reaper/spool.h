// SPDX-License-Identifier: Apache-2.0
// Tells grantd who is inside: a datagram at each change, and all of it again and again (PROTOCOL.md,
// "Presence"). Never waits, never asks for an answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "reaper/session.h"
#include "reaper/state.h"

namespace grantd::reaper {

// Something that outlived a user's sessions: what `user_services` could not end.
struct remains {
  uint64_t number;  // of its own
  std::string user;
  std::string service;
  std::string what;
  base::boot_time since;
};

class spool {
 public:
  spool(std::string socket_path, uint64_t run) : path_(std::move(socket_path)), run_(run) {}

  // Remembers the ended ones there over restarts, those of before now included. `kept` must outlive it.
  void keep_in(const state& kept);

  void live(const session& s);
  // Said again for 15 min.
  void ended(const session& s, base::boot_time now);
  void left_over(const session& s);
  void left_over(const remains& r);
  void ended(const remains& r, base::boot_time now);
  // Says the ended ones again, forgets the old ones.
  void repeat_ended(base::boot_time now);

  // What there was no room for is sent as soon as there is: of each session the newest.
  void flush(base::boot_time now);
  [[nodiscard]] std::optional<base::boot_time> next() const;  // when flush() has something to do
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

 private:
  struct kept_end {
    std::vector<uint8_t> bytes;
    base::boot_time until;
  };
  [[nodiscard]] wire::presence about(const session& s) const;
  [[nodiscard]] wire::presence about(const remains& r) const;
  void keep(const wire::presence& p, base::boot_time now);
  void forget(uint64_t number);
  void say(const wire::presence& p);
  void say(uint64_t number, std::vector<uint8_t> bytes);
  void push();

  std::string path_;
  uint64_t run_;
  const state* kept_ = nullptr;
  base::unique_fd socket_;
  std::map<uint64_t, kept_end> ended_;  // by number
  std::map<uint64_t, std::vector<uint8_t>> waiting_;
  base::boot_time again_{};  // when to try what waits
};

}  // namespace grantd::reaper
