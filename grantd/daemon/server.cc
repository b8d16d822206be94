// SPDX-License-Identifier: Apache-2.0
// grantd as it runs: the loop.
#include "daemon/server.h"

#include <fmt/core.h>
#include <sys/signalfd.h>

#include <csignal>

#include "base/clock.h"
#include "daemon/files.h"
#include "service/log.h"

namespace grantd::daemon {
namespace {

enum number : uint64_t { api = 1, report = 2, signals = 3, window_end = 4, clock_set = 5 };
static_assert(clock_set < first_client);

constexpr int64_t second_ns = base::ns_per_s;
constexpr int64_t turn_at_least_every_ns = 30 * second_ns;
constexpr int between_slices_ms = 5;  // the store's check takes a fifth of a processor, and only an idle one

}  // namespace

int server::run() {
  while (!stopping_) {
    auto heard = loop_.wait(patience_ms(clients_->unheard() || core_->has_work() || audit_->behind()));
    for (const epoll_event& e : heard) handle(e.data.u64, e.events);
    clients_->hear();
    if (reload_due_) reload();
    if (std::exchange(readings_, core_->readings()) != core_->readings()) clients_->drop_on_behalf();
    base::boot_time now = base::boot_now();
    if (now.ns - last_second_.ns >= second_ns) each_second(now);
    if (turn_due_ || core_->has_work() || now.ns - last_turn_.ns >= turn_at_least_every_ns) one_turn();
    audit_->slice();
    speak();
    if (core_->must_exit()) return 1;
    if (heard.empty() && !core_->has_work()) (void)core_->check_slice();
  }
  notify_.send("STOPPING=1");
  one_turn();
  core_->stop();
  clients_->flush_all();
  audit_->finish();
  speak();
  service::log(level::notice, "stopped; the window table stays");
  return 0;
}

void server::handle(uint64_t n, uint32_t events) {
  switch (n) {
    case api:
      return clients_->accept_some(listeners_.api.get());
    case report:
      return reports_->receive(listeners_.report.get());
    case signals:
      return take_signal();
    case window_end:
      timers_.end_rang();
      turn_due_ = true;
      return;
    case clock_set:
      timers_.step_rang();
      turn_due_ = true;
      return;
    default:
      return clients_->ready(n, events);
  }
}

void server::take_signal() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGHUP) {
      reload_due_ = true;
    } else {
      stopping_ = true;
    }
  }
}

void server::one_turn() {
  turn_due_ = false;
  last_turn_ = base::boot_now();
  auto answers = core_->turn();
  if (core_->must_exit()) return;  // what failed to reach the disk is not acknowledged
  clients_->answer(answers);
  timers_.set_end(core_->next_end());
}

void server::speak() {
  clients_->tell_watchers(core_->take_events());
  clients_->tell_provisioner(core_->take_work());
  for (auto& l : core_->take_lines()) audit_->pass(std::move(l));
  for (auto& l : reports_->take_lines()) audit_->pass(std::move(l));
  for (const auto& l : audit_->take_lines()) service::log(l.at, l.text);
}

void server::each_second(base::boot_time now) {
  last_second_ = now;
  reports_->settle(base::read_clocks());
  audit_->each_second(now);
  if (core_->troubled()) {
    core_->retry();
    turn_due_ = true;
  }
  if (!core_->has_work()) (void)core_->check_slice();
  if (now.ns - last_sweep_.ns >= 5 * second_ns) {
    last_sweep_ = now;
    clients_->sweep(now);
  }
  int64_t watchdog = notify_.watchdog_ns();
  if (watchdog != 0 && now.ns - last_watchdog_.ns >= watchdog - second_ns) {
    last_watchdog_ = now;
    notify_.send("WATCHDOG=1");
  }
  std::string status =
      fmt::format("STATUS={} grants open, table {}{}", core_->grants().open().size(),
                  core_->table().sequence(), core_->table().error().empty() ? "" : " MISSING");
  if (status != status_) notify_.send(status_ = std::move(status));
}

int server::patience_ms(bool work_left) const {
  if (work_left) return 0;
  if (core_->check() == store::store::check_state::more) return between_slices_ms;
  bool often = core_->troubled() || reports_->unsettled() || audit_->unsettled() || clients_->count() != 0 ||
               notify_.watchdog_ns() != 0;
  return often ? 1000 : 30000;
}

void server::reload() {
  reload_due_ = false;
  notify_.send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", base::boot_now().ns / base::ns_per_us));
  auto fresh = load_config(config_path_, config_optional_);
  if (!fresh) {
    service::log(level::error, "the configuration stays as it was: " + fresh.error());
  } else {
    if (fresh->store != config_.store || fresh->anchor != config_.anchor || fresh->run != config_.run ||
        fresh->table_group != config_.table_group) {
      service::log(level::warning, "store, anchor, run and table_group are taken over by a restart only");
    }
    config_.policy = fresh->policy;
    config_.allowed_signers = fresh->allowed_signers;
    config_.pending_hours = fresh->pending_hours;
    core_->set_pending_us(int64_t{fresh->pending_hours} * 3600 * base::us_per_s);
    config_.ask_user = fresh->ask_user;
    config_.provision_user = fresh->provision_user;
    config_.reporters = fresh->reporters;
    config_.connections = fresh->connections;
    config_.connections_per_uid = fresh->connections_per_uid;
    config_.message_bytes = fresh->message_bytes;
    config_.idle_seconds = fresh->idle_seconds;
    const bool other_key = fresh->node_key != config_.node_key;
    config_.node_key = fresh->node_key;
    config_.audit_file = fresh->audit_file;
    if (other_key || !node_->key) load_node_key();
    apply(config_);
  }
  audit_->reopen(config_.audit_file);
  load_policy();
  notify_.send("READY=1");
}

}  // namespace grantd::daemon
