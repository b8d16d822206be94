// SPDX-License-Identifier: Apache-2.0
// grantd-provision as it runs: work from grantd, adapters, answers. Decides nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "provision/adapter.h"
#include "provision/config.h"
#include "provision/link.h"
#include "service/loop.h"
#include "service/notify.h"

namespace grantd::provision {

class server {
 public:
  explicit server(config c);
  [[nodiscard]] std::string start();  // empty: ready to run; else why not
  [[nodiscard]] int run();            // until SIGTERM

 private:
  struct place {
    const system* how;
    queue steps;
    std::optional<adapter> running;
    uint64_t number;     // of its adapter in the loop
    std::string said{};  // the last failure that was logged
    bool stale = false;  // what runs was asked for by a connection that is over
  };
  void reach_grantd(base::boot_time now);
  void lose_grantd(const std::string& why, base::boot_time now);
  void hear(base::boot_time now);
  void begin(const std::string& name, place& p, base::boot_time now);
  void settle(const std::string& name, place& p, const outcome& o, base::boot_time now);
  [[nodiscard]] int patience_ms(base::boot_time now) const;

  config config_;
  service::notify notify_;
  service::loop loop_;
  base::unique_fd signals_;
  link link_;
  std::map<std::string, place> places_;
  base::boot_time try_again_{};
  std::string away_;  // why grantd is not reached, as it was logged
  bool stopping_ = false;
};

}  // namespace grantd::provision
