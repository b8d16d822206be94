// SPDX-License-Identifier: Apache-2.0
// Which grants may be made: every check between a request to open and the store. Deny is the default.
#include <fmt/core.h>

#include "base/duration.h"
#include "daemon/answers.h"
#include "daemon/core.h"
#include "table/codec.h"

namespace grantd::daemon {
namespace {

constexpr int64_t most_ahead_us = int64_t{366} * 86400 * base::us_per_s;
constexpr int64_t just_now_us = base::us_per_s;  // a start this little ago means "now"

bool fits_record(const pool& names, scopes_id scopes) {
  std::array<uint8_t, table::record_size> bytes;
  for (const scope_ref& s : names.scopes(scopes)) {
    decision::record r = names.as_record(s);
    r.kind = decision::record_kind::window;
    r.end = {1};
    r.grant = 1;
    if (!table::encode_record(r, bytes)) return false;
  }
  return true;
}

}  // namespace

std::vector<core::opening> core::prepare_opens(std::vector<finished>& out) {
  std::vector<opening> ready;
  for (const open_request& asked : opens_) {
    auto one = prepare(asked);
    if (one) {
      ready.push_back(std::move(*one));
    } else {
      out.push_back({asked.from, std::move(one.error())});
    }
  }
  return ready;
}

std::optional<reply> core::nothing_opens() const {
  if (store_->locked() != store::lock_reason::none) {
    return refusal("Locked", "the store is locked, nobody gets in: " + store_->locked_text(),
                   "grantctl store unlock");
  }
  if (unread_) {
    return refusal("Busy", "the store cannot be read, so nothing opens: it is tried again every second",
                   "journalctl -u grantd");
  }
  if (roster_.policy() == nullptr) {
    return refusal("NoPolicy", "no policy is in force: " + roster_.error(), "grantd -t");
  }
  if (was_behind_) {
    return refusal("ClockBehind", "the clock is behind the last time that was known, so nothing new opens",
                   "grantctl clock accept");
  }
  return std::nullopt;
}

std::expected<int64_t, reply> core::start_of(std::optional<int64_t> from_us,
                                             const std::string& without) const {
  int64_t from = from_us.value_or(time_.utc().us);
  if (from < time_.utc().us - just_now_us)
    return std::unexpected(refusal("NotInTheFuture", "the start lies in the past", without));
  if (from > time_.utc().us + most_ahead_us)
    return std::unexpected(invalid_parameter("from_us", "more than 366 days ahead"));
  return std::max(from, time_.utc().us);
}

std::expected<core::opening, reply> core::prepare(const open_request& asked) {
  auto no = [](std::string_view name, std::string message, std::string help = {}) {
    return std::unexpected(refusal(name, std::move(message), std::move(help)));
  };
  if (auto closed = nothing_opens()) return std::unexpected(std::move(*closed));
  const policy::policy* p = roster_.policy();
  const policy::person* person = p->find_person(asked.person);
  if (person == nullptr) {
    return no("NoSuchPerson", policy::no_such_person(*p, asked.person), "grantctl people");
  }
  const policy::resource* resource = p->find_resource(asked.resource);
  if (resource == nullptr) {
    return no("NoSuchResource", policy::no_such_resource(*p, asked.resource), "grantctl resources");
  }
  const std::string without_times = fmt::format("grantctl grant {} {}{}", person->name, resource->name,
                                                asked.read_only ? " --read-only" : "");
  int64_t length = asked.for_us.value_or(resource->default_us);
  if (length > resource->max_us) {
    auto r = refusal(
        "TooLong",
        fmt::format("{} is opened for at most {} at a time", resource->name,
                    base::print_duration(resource->max_us).view()),
        fmt::format("{} --for {}", without_times, base::print_duration_short(resource->max_us).view()));
    r.parameters.set("max_us", resource->max_us);
    return std::unexpected(std::move(r));
  }
  auto from = start_of(asked.from_us, without_times);
  if (!from) return std::unexpected(std::move(from.error()));
  store::grant g;
  g.person = person->name;
  g.resource = resource->name;
  g.not_before = {*from};
  g.not_after = {*from + length};
  g.made = time_.utc();
  g.made_by = asked.by;
  g.reason = asked.reason;
  g.scopes = policy::scopes_of(*person, *resource, !asked.read_only, {});
  auto one = reserve(std::move(g));
  if (one) one->asked = &asked;
  return one;
}

std::expected<core::opening, reply> core::reserve(store::grant g) {
  if (g.scopes.empty()) {
    return std::unexpected(
        refusal("NoAccount", fmt::format("{} has no account that fits {}", g.person, g.resource),
                fmt::format("add one under [person.{}] in {}, then: grantctl policy reload", g.person,
                            settings_.policy_file)));
  }
  scopes_id set = pool_.put(g.scopes);
  if (!fits_record(pool_, set)) {
    return std::unexpected(
        refusal("NoAccount",
                fmt::format("the names of {}'s account and of a login point of {} are too long together "
                            "for the window table",
                            g.person, g.resource),
                "shorten the database's, the cluster's or the role's name"));
  }
  if (!windows_.reserve(set)) {
    return std::unexpected(refusal("TooManyWindows",
                                   fmt::format("an account of {} would have more than {} windows", g.person,
                                               decision::max_windows_per_account),
                                   fmt::format("grantctl list --person {}", g.person)));
  }
  g.mapped = decision::map_first({g.not_before, g.not_after}, time_.now());
  g.mapped_boot = settings_.boot;
  return opening{.asked = nullptr, .record = std::move(g), .scopes = set};
}

}  // namespace grantd::daemon
