// SPDX-License-Identifier: Apache-2.0
// How the audit leaves the daemon.
#include "daemon/audit_out.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "base/clock.h"
#include "daemon/audit_entry.h"
#include "daemon/audit_rows.h"
#include "proof/ecs.h"

namespace grantd::daemon {

audit_out::audit_out(core& c, places p)
    : core_(c), named_(p.file), host_(std::move(p.host)), socket_(std::move(p.journal)) {
  store::store& truth = core_.truth();
  kept_ = std::min(truth.exported(), truth.sequence());
  file_ = {!p.file.empty(), kept_, false};
  journal_ = {socket_ && socket_->open(), truth.sequence(), false};
}

bool audit_out::waits(const outlet& o) const {
  return o.is && !o.failed && o.position < core_.truth().sequence();
}
bool audit_out::behind() const { return waits(file_) || waits(journal_); }
bool audit_out::unsettled() const {
  return file_.failed || journal_.failed || (file_.is && file_.position != kept_);
}

void audit_out::slice() {
  if (waits(file_)) write_file();
  if (waits(journal_)) send_journal();
}

void audit_out::write_file() {
  auto some = read_audit(core_.truth(), file_.position, audit_slice);
  if (!some || some->empty()) {
    file_.failed = true;
    return;
  }
  std::vector<uint64_t> sequences;
  std::string lines;
  for (store::audit_row& row : some->rows) {
    sequences.push_back(row.sequence);
    const store::digest chained = row.chained;
    lines += proof::ecs_line(record_of(std::move(row)), chained, host_);
  }
  if (some->unreadable != 0) {  // its place is shown, so that nobody takes the gap for a lost line
    proof::record gap;
    gap.sequence = some->unreadable;
    gap.utc_us = core_.time().utc().us;
    gap.event = "unreadable";
    sequences.push_back(gap.sequence);
    lines += proof::ecs_line(gap, {}, host_);
    if (std::exchange(said_unreadable_, true) == false)
      say(level::alert,
          fmt::format("audit record {} was changed: it is no record any more; grantctl audit verify",
                      gap.sequence));
  }
  const size_t written = named_.append(lines);
  if (written != 0) file_.position = sequences[written - 1];
  const bool failed = written != sequences.size();
  file_.failed = failed || some->unreadable != 0;  // one of these a second: a gap may be made endless
  if (failed && !std::exchange(alarmed_, true)) {
    say(level::alert,
        fmt::format("the audit file cannot be written: {}; its records wait in the store, and it is "
                    "tried again each second",
                    named_.error()));
  } else if (!failed && std::exchange(alarmed_, false)) {
    say(level::notice, fmt::format("the audit file {} is written again", named_.path()));
  }
}

void audit_out::send_journal() {
  auto some = read_audit(core_.truth(), journal_.position, audit_slice);
  if (!some || some->empty()) {
    journal_.failed = true;
    return;
  }
  for (const store::audit_row& row : some->rows) {
    if (socket_->send(journal_entry(row)) == service::journal::outcome::later) {
      journal_.failed = true;
      return;
    }
    journal_.position = row.sequence;
  }
  if (some->unreadable != 0) {
    journal_.position = some->unreadable;
    journal_.failed = true;
  }
}

void audit_out::sign(bool stopping) {
  if (!rhythm_.due(core_, stopping)) return;
  auto now = sign_audit(core_);
  if (!now) return;
  rhythm_.signed_now(core_);
  pass({level::notice,
        fmt::format("checkpoint of {} records: {}", core_.truth().sequence(), on_one_line(now->note)), true});
  core_.keep_checkpoint(std::move(now->note));
}

void audit_out::keep_position() {
  if (!file_.is || file_.position == kept_) return;
  if (named_.sync()) {
    kept_ = file_.position;
    core_.exported(kept_);
    return;
  }
  // The kernel forgets what it could not write: all of it once more.
  file_.position = kept_;
  file_.failed = true;
  if (!std::exchange(alarmed_, true))
    say(level::alert,
        fmt::format("the audit file may lack lines, they are written again: {}", named_.error()));
}

void audit_out::pass(core::line l) { (l.recorded && journal_.is ? held_ : lines_).push_back(std::move(l)); }

void audit_out::settle_held() {
  if (core_.unrecorded()) {
    std::ranges::move(late_, std::back_inserter(lines_));
    late_ = std::exchange(held_, {});
  } else {
    late_.clear();
    held_.clear();
  }
}

void audit_out::each_second(base::boot_time now) {
  file_.failed = journal_.failed = false;
  settle_held();
  sign(false);
  if (now.ns - last_kept_.ns < exported_every_ns) return;
  last_kept_ = now;
  keep_position();
}

void audit_out::reopen(const std::string& path) {
  if (file_.is) keep_position();
  if (path == named_.path()) {
    named_.reopen();
  } else {
    named_ = audit_file(path);
    file_.is = !path.empty();
  }
  file_.failed = false;
}

void audit_out::finish() {
  sign(true);
  core_.retry();
  (void)core_.turn();
  settle_held();
  settle_held();
  file_.failed = journal_.failed = false;
  const int64_t until = base::boot_now().ns + last_words_ns;
  while (behind() && base::boot_now().ns < until) slice();
  keep_position();
  store::store& truth = core_.truth();
  if (!file_.is || kept_ == truth.exported() || core_.must_exit() || !truth.begin()) return;
  if (!truth.set_exported(kept_) || !truth.commit(false)) truth.rollback();
}

}  // namespace grantd::daemon
