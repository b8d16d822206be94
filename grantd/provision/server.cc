// SPDX-License-Identifier: Apache-2.0
// grantd-provision as it runs.
#include "provision/server.h"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "service/log.h"

namespace grantd::provision {
namespace {

using service::level;

enum number : uint64_t { grantd = 1, signals = 2, first_place = 16 };
constexpr int64_t retry_ns = base::ns_per_s / 2;

std::vector<std::string> names_of(const config& c) {
  std::vector<std::string> all;
  for (const auto& [name, s] : c.systems) all.push_back(name);
  return all;
}

std::string words(const std::string& system, const work& w) {
  if (w.step == "list") return fmt::format("{}: list", system);
  return fmt::format("{}: {} {} as a member of {}", system, w.step, w.of.account, w.of.role);
}

}  // namespace

server::server(config c) : config_(std::move(c)), link_(config_.socket, names_of(config_)) {
  uint64_t number = first_place;
  for (const auto& [name, s] : config_.systems) places_.emplace(name, place{&s, {}, {}, number++});
}

std::string server::start() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT}) sigaddset(&set, s);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) == 0)
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid() || !loop_.valid() || !loop_.add(signals_.get(), EPOLLIN, number::signals))
    return "cannot watch signals";
  notify_.send("READY=1");
  return {};
}

int server::run() {
  while (!stopping_) {
    base::boot_time now = base::boot_now();
    if (!link_.connected() && now >= try_again_) reach_grantd(now);
    for (auto& [name, p] : places_) begin(name, p, now);
    if (link_.connected()) {
      if (!link_.flush())
        lose_grantd("grantd hung up", now);
      else
        loop_.change(link_.fd(), EPOLLIN | (link_.has_output() ? uint32_t{EPOLLOUT} : 0), number::grantd);
    }
    bool heard = false;
    for (const epoll_event& e : loop_.wait(patience_ms(now))) {
      if (e.data.u64 == number::signals) stopping_ = true;
      heard = heard || e.data.u64 == number::grantd;
    }
    now = base::boot_now();
    if (heard && link_.connected()) hear(now);
    for (auto& [name, p] : places_) {
      if (!p.running) continue;
      auto over = p.running->advance(now);
      if (over) settle(name, p, *over, now);
    }
  }
  notify_.send("STOPPING=1");
  return 0;  // adapters that run are killed; what they were asked for is asked for again
}

void server::reach_grantd(base::boot_time now) {
  auto done = link_.connect();
  if (done && !loop_.add(link_.fd(), EPOLLIN, number::grantd)) done = std::unexpected("epoll failed");
  if (!done) lose_grantd(done.error(), now);
}

void server::lose_grantd(const std::string& why, base::boot_time now) {
  link_.drop();
  try_again_ = {now.ns + retry_ns};
  // It tells everything again to whoever comes next.
  for (auto& [name, p] : places_) {
    p.steps.clear();
    p.stale = p.running.has_value();
  }
  if (why != away_) service::log(level::warning, why + "; tried again until it is there");
  away_ = why;
}

void server::hear(base::boot_time now) {
  auto all = link_.receive();
  if (!all) return lose_grantd(all.error(), now);
  for (told& t : *all) {
    auto at = places_.find(t.system);
    if (at == places_.end()) {
      link_.failed(t.what.number, "grantd-provision has no such system");
    } else {
      at->second.steps.put(std::move(t.what));
    }
  }
  if (!all->empty() && !std::exchange(away_, "").empty()) service::log(level::notice, "grantd is there");
}

void server::begin(const std::string& name, place& p, base::boot_time now) {
  auto next = p.steps.begin(now);
  if (!next) return;
  const bool list = next->step == "list";
  auto started = adapter::start(
      {config_.adapters + "/" + p.how->adapter, next->step,
       print_input(name, p.how->settings, list ? nullptr : &next->of), p.how->deadline_us * base::ns_per_us},
      now);
  if (!started) return settle(name, p, {{}, {}, started.error()}, now);
  p.running.emplace(std::move(*started));
  (void)loop_.add(p.running->fd(), EPOLLIN, p.number);
}

void server::settle(const std::string& name, place& p, const outcome& o, base::boot_time now) {
  p.running.reset();
  const work w = p.steps.running();
  auto answer = read_answer(w.step, o);
  p.steps.finished(answer.has_value(), now);
  if (!o.complaint.empty()) service::log(level::info, words(name, w) + ": " + sentence(o.complaint));
  if (answer) {
    service::log(level::info, words(name, w) + ": done");
    p.said.clear();
  } else if (answer.error() != p.said) {  // once, not each time it is tried
    service::log(level::error, words(name, w) + ": " + answer.error() + "; it is tried again");
    p.said = answer.error();
  }
  if (std::exchange(p.stale, false)) return;  // grantd asks again
  if (!answer) return link_.failed(w.number, answer.error());
  if (w.step == "list") return link_.found(w.number, *answer);
  link_.done(w.number);
}

int server::patience_ms(base::boot_time now) const {
  int64_t until = now.ns + 30 * base::ns_per_s;
  if (!link_.connected()) until = std::min(until, try_again_.ns);
  for (const auto& [name, p] : places_) {
    if (p.running) until = std::min(until, p.running->wake().ns);
    if (auto next = p.steps.next()) until = std::min(until, next->ns);
  }
  return static_cast<int>(std::max<int64_t>(0, (until - now.ns + 999'999) / 1'000'000));
}

}  // namespace grantd::provision
