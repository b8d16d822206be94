// SPDX-License-Identifier: Apache-2.0
// All clients of api.sock: accepted, counted, heard in order, answered, dropped. What any of them can grow is
// bounded here, per uid and in all; root is counted apart.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/connection.h"
#include "daemon/core.h"
#include "daemon/fair_queue.h"
#include "service/loop.h"

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
inline constexpr unsigned watchers_per_uid = 256;   // every change is written to each of them
inline constexpr int64_t hearing_ns = 5'000'000;    // then whoever came meanwhile is looked for

class clients {
 public:
  clients(service::loop& l, core& c, const heard& all, client_limits limits);

  void set_limits(client_limits limits) { limits_ = limits; }
  void accept_some(int listener);
  void ready(uint64_t number, uint32_t events);
  // Answers complete calls, one of a connection at a time, uids in turn, for at most hearing_ns.
  void hear();
  [[nodiscard]] bool unheard() const { return !queue_.empty(); }
  void answer(const std::vector<finished>& answers);
  void tell_watchers(const std::vector<event>& events);
  // To the one connection that asked for it last.
  void tell_provisioner(const std::vector<core::provision_work>& work);
  // Who spoke for somebody was let in by a key of the old policy: they come again by the new one. What they
  // asked already is answered still.
  void drop_on_behalf();
  // Drops who said nothing, or read nothing, for too long.
  void sweep(base::boot_time now);
  void flush_all();
  [[nodiscard]] size_t count() const { return all_.size(); }

 private:
  struct usage {
    unsigned connections = 0;
    unsigned watchers = 0;
    size_t bytes = 0;
  };
  void admit(base::unique_fd fd, uid_t uid);
  void hear_one(uint64_t number, connection& c);
  void call_one(uint64_t number, connection& c, std::string_view message);
  [[nodiscard]] bool begin_watching(uint64_t number, connection& c);  // false: the uid has too many
  void begin_listening(uint64_t number);
  [[nodiscard]] bool charge(connection& c);                           // false: its uid holds too much
  void tell(uint64_t number, connection& c, std::string_view bytes);  // may drop it
  void settle(uint64_t number, connection& c);                        // flush, arm, count; may drop it
  void drop(uint64_t number);

  service::loop& loop_;
  core& core_;
  const heard& heard_;
  client_limits limits_;
  base::unique_fd spare_;  // given up for a moment to accept and refuse when descriptors run out
  std::unordered_map<uint64_t, std::unique_ptr<connection>> all_;
  std::map<uid_t, usage> usage_;
  std::set<uint64_t> watchers_;
  uint64_t provisioner_ = 0;  // the client that is given work; 0: none
  fair_queue queue_;
  std::vector<uint64_t> waiting_;
  uint64_t next_ = first_client;
  unsigned not_root_ = 0;
};

}  // namespace grantd::daemon
