// SPDX-License-Identifier: Apache-2.0
// All clients of api.sock: accepted, counted, heard in order, answered, dropped. What any of them can grow is
// bounded here, per uid and in all; root is counted apart.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/connection.h"
#include "daemon/core.h"
#include "daemon/loop.h"

namespace grantd::daemon {

struct client_limits {
  unsigned connections;
  unsigned connections_per_uid;
  unsigned message_bytes;
  unsigned idle_seconds;  // 0: never
};

inline constexpr uint64_t first_client = 16;        // smaller numbers are the server's own descriptors
inline constexpr size_t bytes_per_uid = 64 << 20;   // buffered, in and out
inline constexpr size_t watcher_backlog = 1 << 20;  // a watcher that is further behind is dropped
inline constexpr unsigned calls_per_turn = 32;      // of one connection: the others come in between

class clients {
 public:
  clients(loop& l, core& c, const seen_log& seen, client_limits limits);

  void set_limits(client_limits limits) { limits_ = limits; }
  void accept_some(int listener);
  void ready(uint64_t number, uint32_t events);
  // Calls that are complete but had to wait for their turn. true: some are left for the next.
  bool hear();
  void answer(std::vector<finished> answers);
  void tell_watchers(const std::vector<event>& events);
  // Drops who said nothing, or read nothing, for too long.
  void sweep(base::boot_time now);
  void flush_all();
  [[nodiscard]] size_t count() const { return all_.size(); }

 private:
  struct usage {
    unsigned connections = 0;
    size_t bytes = 0;
  };
  void admit(base::unique_fd fd, uid_t uid);
  void hear_one(uint64_t number, connection& c);
  void settle(uint64_t number, connection& c);  // flush, arm, count; may drop it
  void drop(uint64_t number);

  loop& loop_;
  core& core_;
  const seen_log& seen_;
  client_limits limits_;
  base::unique_fd spare_;  // given up for a moment to accept and refuse when descriptors run out
  std::unordered_map<uint64_t, std::unique_ptr<connection>> all_;
  std::map<uid_t, usage> usage_;
  std::set<uint64_t> watchers_;
  std::vector<uint64_t> heard_later_;
  std::vector<uint64_t> waiting_;
  uint64_t next_ = first_client;
  unsigned not_root_ = 0;
};

}  // namespace grantd::daemon
