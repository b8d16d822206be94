// SPDX-License-Identifier: Apache-2.0
// grantd from nothing to ready: store, policy, sockets, the first table.
#include <fmt/core.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstring>

#include "daemon/descriptors.h"
#include "daemon/files.h"
#include "daemon/local_offset.h"
#include "daemon/server.h"
#include "proof/chain.h"
#include "service/log.h"

namespace grantd::daemon {
namespace {

// At start and at a reload only: asks the name service.
gid_t group_of(const std::string& name) {
  gid_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size()) return number;
  if (const group* g = getgrnam(name.c_str())) return g->gr_gid;
  service::log(level::warning,
               fmt::format("there is no group {}: the table is readable by our own group only", name));
  return static_cast<gid_t>(-1);
}

reporters reporters_of(const policy::config& c) {
  reporters known;
  for (const auto& r : c.reporters) {
    if (const passwd* p = getpwnam(r.user.c_str())) known[p->pw_uid].push_back(r.cluster);
  }
  return known;
}

store::options store_options(const policy::config& c) {
  store::options o;
  o.directory = c.store;
  o.anchor = c.anchor;
  o.chain = [](const store::digest& before, std::span<const uint8_t> bytes) {
    return proof::link(before, bytes);
  };
  o.canonical = [](uint64_t sequence, base::utc_time at, std::string_view event,
                   std::span<const store::field> fields) {
    return proof::canonical({sequence, at.us, event, fields});
  };
  return o;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

base::unique_fd take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return {};
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error like a full disk
  return base::unique_fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// What a publication or a policy took for a moment goes back to the system: glibc would otherwise raise its
// threshold after the first large block and keep the next ones.
void keep_memory_small() {
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
}

}  // namespace

server::server(policy::config c, std::string config_path, bool config_optional)
    : config_(std::move(c)),
      config_path_(std::move(config_path)),
      config_optional_(config_optional),
      clock_(config_.run + "/clock.sock") {}

std::string server::start() {
  keep_memory_small();
  signals_ = take_signals();
  if (!signals_.valid() || !loop_.valid() || !timers_.valid()) return "cannot watch signals and timers";
  if (!proof::start()) return "libsodium cannot start";
  if (std::string wrong = check_run_directory(config_.run); !wrong.empty()) return wrong;
  auto boot = base::read_boot_id();
  if (!boot) return "/proc/sys/kernel/random/boot_id cannot be read";
  settings s;
  s.boot = *boot;
  s.table = config_.run + "/windows";
  s.group = group_of(config_.table_group);
  if (getrandom(&s.key, sizeof s.key, 0) != sizeof s.key) return "no random bytes to be had";
  s.utc_offset_s = local_offset_s();
  s.policy_file = config_.policy;
  s.pending_us = int64_t{config_.pending_hours} * 3600 * base::us_per_s;
  s.read_policy = [this] { return read_policy(); };
  const rlim_t descriptors = raise_descriptors(config_);
  if (descriptors < spare_descriptors + 2) {
    return fmt::format("{} descriptors are too few, {} is the least: LimitNOFILE= in the unit, or ulimit -n",
                       descriptors, spare_descriptors + 2);
  }
  auto truth = store::store::open(store_options(config_));
  if (!truth) return "the store: " + truth.error().what;
  s.node = node_;
  core_ = std::make_unique<core>(std::move(s), clock_, std::move(*truth));
  load_node_key();
  std::optional<service::journal> journal;
  if (service::stderr_is_journal()) journal.emplace(service::journal_socket);
  audit_ = std::make_unique<audit_out>(
      *core_, audit_out::places{config_.audit_file, host_name(), std::move(journal)});
  reports_ = std::make_unique<reports>(*core_, base::boot_now());
  clients_ = std::make_unique<clients>(loop_, *core_, reports_->all(), limits_within(config_, descriptors));
  apply(config_);
  load_policy();
  core_->start();
  audit_->begin();
  // Sockets last: a second grantd was stopped by the store's lock before it could take them away.
  auto made = open_listeners(config_.run);
  if (!made) return made.error();
  listeners_ = std::move(*made);
  bool watched = loop_.add(listeners_.api.get(), EPOLLIN, 1) &&
                 loop_.add(listeners_.report.get(), EPOLLIN, 2) && loop_.add(signals_.get(), EPOLLIN, 3) &&
                 loop_.add(timers_.end_fd(), EPOLLIN, 4) && loop_.add(timers_.step_fd(), EPOLLIN, 5);
  if (!watched) return std::string("epoll: ") + std::strerror(errno);
  timers_.set_end(core_->next_end());
  speak();
  service::log(level::notice, fmt::format("grantd {} is ready: {} grants open, table {}", GRANTD_VERSION,
                                          core_->grants().open().size(), core_->table().sequence()));
  malloc_trim(0);
  notify_.send("READY=1");
  return {};
}

void server::load_node_key() {
  node_->key.reset();
  auto key = load_or_make_node_key(config_.node_key);
  if (!key) {
    node_->trouble = key.error();
    service::log(level::alert, "no checkpoint can be signed; the node key " + node_->trouble);
    return;
  }
  node_->key.emplace(std::move(*key));
  const std::array<uint8_t, 16> uuid = core_->truth().uuid();
  if (uuid == std::array<uint8_t, 16>{}) return;  // a LOCKED store without a name
  std::string wrong =
      keep_verifier(config_.node_key, proof::print_verifier(proof::node_name(uuid), node_->key->shown()));
  if (!wrong.empty()) service::log(level::warning, "the node key's verifier cannot be kept: " + wrong);
}

void server::apply(const policy::config& c) {
  reports_->set_reporters(reporters_of(c));
  core_->set_provisioner(c.provision_user.empty() ? std::nullopt : system_names().uid_of(c.provision_user));
  const rlim_t descriptors = raise_descriptors(c);
  const client_limits limits = limits_within(c, descriptors);
  if (limits.connections < c.connections) {
    service::log(
        level::warning,
        fmt::format(
            "{} descriptors do not suffice for {} connections: {} in all and {} of one user are taken; "
            "LimitNOFILE={} in the unit (or ulimit -n) helps",
            descriptors, c.connections, limits.connections, limits.connections_per_uid,
            uint64_t{c.connections} * 2 + spare_descriptors));
  }
  clients_->set_limits(limits);
  core_->set_utc_offset(local_offset_s());
}

std::expected<loaded_policy, std::string> server::read_policy() const {
  auto fresh = daemon::load_policy(config_.policy);
  if (!fresh) return std::unexpected(std::move(fresh.error()));
  auto signers = load_signers(config_.allowed_signers);
  if (!signers) return std::unexpected(std::move(signers.error()));
  uid_map uids = load_uids(fresh->get(), config_.ask_user);
  return loaded_policy{std::move(*fresh), std::move(uids), std::move(*signers)};
}

void server::load_policy() {
  auto fresh = read_policy();
  if (!fresh) return core_->policy_failed(fresh.error());
  core_->take_policy(std::move(*fresh));
  malloc_trim(0);  // the parser's leavings
}

}  // namespace grantd::daemon
