// SPDX-License-Identifier: Apache-2.0
// grantd as it runs: core, clients, reports, timers and signals around one loop.
#pragma once

#include <memory>
#include <string>

#include "daemon/asked_clock.h"
#include "daemon/audit_out.h"
#include "daemon/clients.h"
#include "daemon/core.h"
#include "daemon/listener.h"
#include "daemon/node_key_file.h"
#include "daemon/reports.h"
#include "daemon/timers.h"
#include "policy/config.h"
#include "service/notify.h"

namespace grantd::daemon {

class server {
 public:
  // `config_path` is read again at SIGHUP.
  server(policy::config c, std::string config_path, bool config_optional);
  // Opens store and sockets, publishes. Empty: ready to run; else why not.
  [[nodiscard]] std::string start();
  // Until SIGTERM (0) or the store fails (1).
  [[nodiscard]] int run();

 private:
  [[nodiscard]] std::expected<loaded_policy, std::string> read_policy() const;
  void load_policy();
  void reload();
  void apply(const policy::config& c);
  void load_node_key();
  void handle(uint64_t number, uint32_t events);
  void take_signal();
  void one_turn();
  void speak();
  [[nodiscard]] int patience_ms(bool work_left) const;
  void each_second(base::boot_time now);

  policy::config config_;
  std::string config_path_;
  bool config_optional_;
  asked_clock clock_;
  service::notify notify_;
  service::loop loop_;
  listeners listeners_;
  timers timers_;
  base::unique_fd signals_;
  std::unique_ptr<core> core_;
  std::shared_ptr<node_identity> node_ = std::make_shared<node_identity>();
  std::unique_ptr<audit_out> audit_;
  std::unique_ptr<reports> reports_;
  std::unique_ptr<clients> clients_;
  base::boot_time last_second_{};
  base::boot_time last_turn_{};
  base::boot_time last_sweep_{};
  base::boot_time last_watchdog_{};
  uint64_t readings_ = 0;  // of the policy, that the clients have heard of
  bool turn_due_ = false;
  bool reload_due_ = false;
  bool stopping_ = false;
  std::string status_;
};

}  // namespace grantd::daemon
