// SPDX-License-Identifier: Apache-2.0
// grantd-reaper as it runs: session.sock, the watch on the window table, cgroups and timers around one loop.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "reaper/sessions.h"
#include "service/loop.h"
#include "service/notify.h"
#include "table/watch.h"

namespace grantd::reaper {

// Absolute paths.
struct places {
  std::string run = "/run/grantd-reaper";  // session.sock and the state; root's, 0700
  std::string table = "/run/grantd/windows";
  std::string report = "/run/grantd/report.sock";
  std::string kept = "/var/lib/grantd-reaper";
  std::string linger = "/var/lib/systemd/linger";
};

class server {
 public:
  explicit server(places where) : where_(std::move(where)) {}
  // Empty: ready to run; else why not.
  [[nodiscard]] std::string start();
  // Until SIGTERM. Sessions go on, and are found again at the next start.
  [[nodiscard]] int run();

 private:
  struct client {
    base::unique_fd socket;
    base::boot_time arrived;
  };
  [[nodiscard]] std::string listen();
  void accept_some(base::boot_time now);
  void hear(uint64_t number, base::boot_time now);
  void drop_late(base::boot_time now);
  void watch_table();
  void arm(base::boot_time next);
  void say_status();
  [[nodiscard]] std::string table_directory() const;

  places where_;
  std::string directory_;  // of the table; directory_watch keeps a pointer
  service::notify notify_;
  service::loop loop_;
  base::unique_fd listener_;
  base::unique_fd signals_;
  base::unique_fd timer_;
  table::directory_watch watch_;
  int watched_fd_ = -1;
  base::boot_time looked_{};
  base::boot_time last_watchdog_{};
  std::unique_ptr<hierarchy> groups_;
  std::unique_ptr<state> state_;
  std::unique_ptr<spool> spool_;
  std::unique_ptr<user_services> services_;
  std::unique_ptr<sessions> sessions_;
  std::map<uint64_t, client> clients_;
  bool listening_ = true;  // not while there is no room for another client
  size_t most_sessions_ = 0;
  uint64_t next_client_ = 0;
  std::string status_;
};

}  // namespace grantd::reaper
