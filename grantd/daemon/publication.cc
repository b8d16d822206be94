// SPDX-License-Identifier: Apache-2.0
// Keeps the window table true.
#include "daemon/publication.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "table/snapshot.h"

namespace grantd::daemon {
namespace {

std::string words(const table::publish_error& e) {
  switch (e.kind) {
    case table::publish_error::what::too_many_for_account:
      return fmt::format("too many records for {}", e.about);
    case table::publish_error::what::record_too_long:
      return fmt::format("the names of {} are too long together", e.about);
    case table::publish_error::what::io:
      break;
  }
  return fmt::format("{}: {}", e.about, std::strerror(e.number));
}

}  // namespace

publication::publication(std::string path, gid_t group, const base::boot_id& boot, base::siphash_key key)
    : publisher_(std::move(path), group), boot_(boot), key_(key) {
  table::snapshot before;
  if (before.open(publisher_.path().c_str()) == table::fault::none) sequence_ = before.head().sequence;
}

void publication::at_least(uint64_t audit_sequence) {
  sequence_ = std::max(sequence_, audit_sequence << sequence_bits);
}

void publication::set_points(const policy::policy* policy) {
  points_.clear();
  point_texts_.clear();
  if (policy == nullptr) return;
  size_t count = 0;
  for (const auto& [name, resource] : policy->resources) count += resource.login_points.size();
  point_texts_.reserve(count * 3);  // views into it must stay
  auto keep = [&](const std::string& s) -> std::string_view { return point_texts_.emplace_back(s); };
  for (const auto& [name, resource] : policy->resources) {
    for (const policy::login_point& p : resource.login_points) {
      decision::point_pattern where{static_cast<decision::point_kind>(p.where),
                                    keep(p.place),
                                    keep(p.database),
                                    false,
                                    p.any_database,
                                    p.replication};
      points_.push_back({where, keep(name)});
    }
  }
}

bool publication::publish(windows& records, bool locked, base::boot_time now, int32_t utc_offset_s) {
  table::publication what{sequence_ + 1, boot_, now, key_, locked ? table::flag_locked : 0, points_};
  records.freeze(utc_offset_s, locked);
  auto done = publisher_.publish(records, what);
  records.thaw();
  if (done) {
    sequence_ = what.sequence;
    error_.clear();
    stale_ = false;
    return true;
  }
  error_ = fmt::format("the window table {} cannot be written: {}", publisher_.path(), words(done.error()));
  if (auto gone = publisher_.unlink(); gone) {
    error_ += "; it was removed, nobody gets in until it can be";
    stale_ = false;
  } else {
    error_ += fmt::format("; it cannot be removed either ({}): what it says is OLD", words(gone.error()));
    stale_ = true;
  }
  return false;
}

}  // namespace grantd::daemon
