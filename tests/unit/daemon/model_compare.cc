// SPDX-License-Identifier: Apache-2.0
// What must hold after every step of the model test, by the names of DESIGN section 5.
#include <fmt/core.h>
#include <sys/stat.h>

#include "model_run.h"

namespace grantd::test {
namespace {

using namespace reference;

[[noreturn]] void broken(const char* invariant, const std::string& what) {
  TEST_FAIL_MESSAGE(std::string(invariant) + ": " + what);
}

base::utc_time utc(seconds s) { return {s * base::us_per_s}; }
base::boot_time boot(seconds s) { return {s * base::ns_per_s}; }

std::string print(const entry& e) {
  return e.in ? fmt::format("in until {}{}", e.until, e.read_write ? ", read-write" : "") : "out";
}

// Made for the reader of the chain alone, and as often as it likes.
bool is_aside(std::string_view event) {
  return event == "start" || event == "policy" || event == "remap" || event == "clock-accept";
}

}  // namespace

// The same file at the same time says the same.
void model_run::read_table() {
  struct stat file{};
  const std::string path = w_.dir / "run/windows";
  if (stat(path.c_str(), &file) != 0) broken("I7", "there is no table");
  const int64_t now = w_.clock.now.boot.ns;
  const std::pair<uint64_t, int64_t> is{file.st_ino, file.st_mtim.tv_nsec};
  if (is == read_file_ && now == read_at_) return;
  read_file_ = is, read_at_ = now;
  table::snapshot table;
  TEST_ASSERT_TRUE(table.open(path.c_str()) == table::fault::none);
  TEST_ASSERT_TRUE(table.not_from_future(w_.clock.now.boot) == table::fault::none);
  for (size_t p = 0; p < people_count; ++p) {
    decision::question q;
    q.who = {decision::identity_class::pg, names[p]};
    q.role = names[p];
    table::found found;
    TEST_ASSERT_TRUE(table.find(q.who, found) == table::fault::none);
    for (size_t at = 0; at < place_count; ++at) {
      q.where = {decision::point_kind::postgres, "main", places[at], false};
      const auto v = decision::decide(found.all(), q, w_.clock.now.boot);
      told_[p][at] = {};
      if (v.allows())
        told_[p][at] = {true, v.given == decision::access::read_write, v.until.ns / base::ns_per_s};
    }
  }
}

// I1, I2, I7: nobody gets in but who the model says, where and until when it says.
void model_run::compare_table() {
  read_table();
  for (size_t p = 0; p < people_count; ++p) {
    for (size_t at = 0; at < place_count; ++at) {
      const entry right = m_.lookup(static_cast<person>(p), static_cast<place>(at));
      if (told_[p][at] == right) continue;
      broken("I1", fmt::format("{} at {}: the table says {}, the model {}", names[p], places[at],
                               print(told_[p][at]), print(right)));
    }
  }
}

void model_run::compare_memory() {
  const auto& open = w_.core->grants().open();
  size_t count = 0;
  for (const auto& [number, g] : m_.grants) {
    auto known = open.find(number);
    if (g.is != fate::open) {
      if (known != open.end()) broken("I2", fmt::format("grant {} is open again in memory", number));
      continue;
    }
    ++count;
    if (known == open.end()) broken("I3", fmt::format("grant {} is not in memory", number));
    const auto& k = known->second;
    if (k.not_after != utc(g.until) || k.in_force != g.in_force ||
        (g.in_force && k.mapped.end != boot(g.end)) ||
        (g.in_force && k.mapped.start != boot(g.start) && g.start > m_.boot))
      broken("I4", fmt::format("grant {} ends at {} in memory, at {} in the model", number,
                               k.mapped.end.ns / base::ns_per_s, g.end));
  }
  if (count != open.size()) broken("I1", "memory has a grant that the model has not");
  count = 0;
  for (const auto& [number, r] : m_.requests) {
    const auto* known = w_.core->pending().find(number);
    if (r.is != phase::pending) {
      if (known != nullptr) broken("I2", fmt::format("request {} waits again", number));
      continue;
    }
    ++count;
    if (known == nullptr) broken("I3", fmt::format("request {} does not wait in memory", number));
    if (known->is.approvals.size() != r.approvals.size())
      broken("I3", fmt::format("request {} has other approvals in memory", number));
  }
  if (count != w_.core->pending().all().size()) broken("I2", "memory has a request that the model has not");
}

// By what the store keeps alone: distinct people, never the requester, as many as it needs.
void model_run::approved_as_demanded(const store::grant& g) {
  if (g.request == 0 || !looked_at_.insert(g.number).second) return;
  auto r = w_.core->truth().find_request(g.request);
  if (!r) broken("I1", fmt::format("grant {} is of a request that is not there", g.number));
  std::set<std::string> who;
  for (const auto& a : r->approvals) {
    if (a.person != r->person && (!r->is_signed || !a.signature.empty())) who.insert(a.person);
  }
  if (who.size() < r->needs || r->person != g.person || r->resource != g.resource)
    broken("I1", fmt::format("grant {} is not approved as its rule demands", g.number));
  if (r->grant != g.number || r->is != store::request::state::granted)
    broken("one request, one grant",
           fmt::format("request {} has another grant than {}", r->number, g.number));
}

void model_run::compare_store() {
  size_t count = 0;
  auto read = w_.core->truth().each_open([&](store::grant&& g) {
    ++count;
    auto known = m_.grants.find(g.number);
    if (known == m_.grants.end() || known->second.is != fate::open)
      broken("I2", fmt::format("the store has grant {} open", g.number));
    auto [last, fresh] = ends_.try_emplace(g.number, g.not_after.us);
    if (g.not_after.us > last->second) broken("I4", fmt::format("grant {} ends later than before", g.number));
    last->second = g.not_after.us;
    if (g.not_after != utc(known->second.until) || g.request != known->second.request)
      broken("I3", fmt::format("the store has another grant {}", g.number));
    approved_as_demanded(g);
    return true;
  });
  TEST_ASSERT_TRUE(read.has_value());
  for (const auto& [number, g] : m_.grants) count -= g.is == fate::open ? 1 : 0;
  if (count != 0) broken("I3", "the store lacks an open grant");
  read = w_.core->truth().each_pending([&](store::request&& r) {
    ++count;
    auto known = m_.requests.find(r.number);
    if (known == m_.requests.end() || known->second.is != phase::pending)
      broken("I2", fmt::format("request {} waits in the store", r.number));
    if (r.approvals.size() != known->second.approvals.size())
      broken("I3", fmt::format("request {} has other approvals in the store", r.number));
    return true;
  });
  TEST_ASSERT_TRUE(read.has_value());
  for (const auto& [number, r] : m_.requests) count -= r.is == phase::pending ? 1 : 0;
  if (count != 0) broken("I3", "the store lacks a pending request");
}

void model_run::compare_audit() {
  auto rows = w_.core->truth().audit(audited_, 1000);
  TEST_ASSERT_TRUE(rows.has_value());
  for (const auto& row : *rows) {
    if (row.sequence != audited_ + 1) broken("I5", fmt::format("audit record {} is missing", audited_ + 1));
    audited_ = row.sequence;
    if (!is_aside(row.event)) --m_.events[row.event], ++happened_[row.event];
  }
  if (w_.core->truth().sequence() != audited_) broken("I5", "the audit has other records than it says");
  for (const auto& [event, missing] : m_.events) {
    if (missing != 0)
      broken("I6", fmt::format("{} \"{}\" records {}", std::abs(missing), event,
                               missing > 0 ? "are missing" : "are too many"));
  }
  m_.events.clear();
}

// When all is over: as it ended, so it is on disk.
void model_run::compare_ended() {
  std::set<uint64_t> of;
  for (const auto& [number, g] : m_.grants) {
    auto kept = w_.core->truth().find(number);
    if (!kept) broken("I3", fmt::format("grant {} is gone from the store", number));
    if (static_cast<fate>(kept->state) != g.is)
      broken("I2", fmt::format("grant {} ended otherwise in the store", number));
    if (kept->not_after != utc(g.until)) broken("I4", fmt::format("grant {} has another end", number));
    if (kept->reviewed_by.empty() == g.reviewed) broken("I3", fmt::format("review of grant {}", number));
    if (g.request != 0 && !of.insert(g.request).second)
      broken("one request, one grant", fmt::format("request {} has two", g.request));
    approved_as_demanded(*kept);
  }
  for (const auto& [number, r] : m_.requests) {
    auto kept = w_.core->truth().find_request(number);
    if (!kept) broken("I3", fmt::format("request {} is gone from the store", number));
    if (static_cast<phase>(kept->is) != r.is || kept->grant != r.grant)
      broken("I2", fmt::format("request {} ended otherwise in the store", number));
    if (kept->approvals.size() != r.approvals.size())
      broken("I3", fmt::format("request {} has other approvals in the store", number));
  }
  auto next = w_.core->truth().summarise();
  TEST_ASSERT_TRUE(next.has_value());
  // Numbers are foretold one by one, so none is used twice.
  if (next->grants != m_.last_grant - 32767) broken("I5", "the store has other grants than were ever opened");
}

void model_run::compare() {
  compare_table();
  compare_memory();
  // Whatever changed the store left a record (I6); where neither has one, there is nothing new to read.
  if (w_.core->truth().sequence() == audited_ && m_.events.empty()) return;
  compare_store();
  compare_audit();
}

}  // namespace grantd::test
