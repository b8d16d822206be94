// SPDX-License-Identifier: Apache-2.0
// Tells grantd who is inside: a datagram at each change, and all of it again and again (PROTOCOL.md,
// "Presence"). Never waits, never asks for an answer.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "reaper/session.h"

namespace grantd::reaper {

class spool {
 public:
  spool(std::string socket_path, uint64_t run) : path_(std::move(socket_path)), run_(run) {}

  void live(const session& s);
  // Said again for 15 min.
  void ended(const session& s, base::boot_time now);
  void left_over(const session& s);
  // What `user_services` could not end; `number` of its own.
  void left_over(uint64_t number, const std::string& user, const std::string& service,
                 const std::string& what, base::boot_time since);
  // Says the ended ones again, forgets the old ones.
  void repeat_ended(base::boot_time now);

 private:
  struct kept {
    std::vector<uint8_t> bytes;
    base::boot_time until;
  };
  [[nodiscard]] wire::presence about(const session& s) const;
  std::vector<uint8_t> send(const wire::presence& p);
  void send(const std::vector<uint8_t>& bytes);

  std::string path_;
  uint64_t run_;
  base::unique_fd socket_;
  std::deque<kept> ended_;
};

}  // namespace grantd::reaper
