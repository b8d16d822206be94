// SPDX-License-Identifier: Apache-2.0
// Draws test cases. Must not know what decide() makes of them.
#include "unit/decision/random_case.h"

#include <algorithm>
#include <array>

namespace grantd::test {

using namespace decision;
using namespace std::literals;

namespace {

constexpr std::array names{"a"sv, "b"sv, "A"sv, "a\0"sv, ""sv};
constexpr std::array places{"p"sv, "q"sv, ""sv};
constexpr std::array databases{"d"sv, "e"sv, ""sv};
constexpr std::array roles{"r"sv, "R"sv, ""sv};

}  // namespace

question random_case::question() {
  decision::question q{};
  q.who = {static_cast<identity_class>(one_in(40) ? below(7) : 1 + below(4)),
           names[one_in(8) ? below(names.size()) : 0]};
  q.where = {static_cast<point_kind>(one_in(40) ? below(4) : 1 + below(2)), places[below(places.size())],
             databases[below(databases.size())], one_in(4)};
  q.role = roles[below(roles.size())];
  q.at_least = static_cast<access>(one_in(40) ? below(4) : one_in(3) ? 2 : 1);
  q.live = one_in(3);
  return q;
}

record random_case::record(const decision::question& near) {
  decision::record r{};
  const uint64_t kind = below(12);
  r.kind = kind == 0 ? record_kind::lock : kind < 4 ? record_kind::ended : record_kind::window;
  r.who = near.who;
  r.where = {near.where.kind, near.where.place, near.where.database,
             one_in(4),       one_in(4),        near.where.replication};
  r.role = near.role;
  if (one_in(9)) r.who.name = names[below(names.size())];
  if (one_in(20)) r.who.proved_by = static_cast<identity_class>(below(7));
  if (one_in(12)) r.where.place = places[below(places.size())];
  if (one_in(12)) r.where.database = databases[below(databases.size())];
  if (one_in(20)) r.where.kind = static_cast<point_kind>(below(4));
  if (one_in(20)) r.where.replication = !r.where.replication;
  if (one_in(12)) r.role = roles[below(roles.size())];
  if (one_in(30)) r.kind = static_cast<record_kind>(below(6));
  r.access = static_cast<access>(one_in(20) ? below(5) : 1 + below(2));
  r.how = static_cast<ending>(one_in(10) ? below(6) : 1 + below(3));
  r.start = {tick()};
  r.end = {r.start.ns + static_cast<int64_t>(below(7)) - (one_in(8) ? 3 : 0)};
  r.grant = next_grant_++;
  r.end_utc_s = static_cast<int64_t>(below(1000));
  r.utc_offset_s = static_cast<int32_t>(below(1000));
  r.text = roles[below(roles.size())];
  return r;
}

records random_case::some_records(const decision::question& near) {
  records all;
  const uint64_t n = one_in(25) ? 25 + below(30) : below(10);
  for (uint64_t i = 0; i < n; ++i) all.push_back(record(near));
  std::shuffle(all.begin(), all.end(), random_);
  return all;
}

void random_case::spoil(decision::record& r) {
  switch (below(6)) {
    case 0:
      r.kind = static_cast<record_kind>(4 + below(252));
      break;
    case 1:
      r.who.proved_by = static_cast<identity_class>(5 + below(251));
      break;
    case 2:
      r.where.kind = static_cast<point_kind>(3 + below(253));
      break;
    case 3:
      r.access = static_cast<access>(one_in(2) ? 0 : 3 + below(253));
      break;
    case 4:
      r.end = {r.start.ns - static_cast<int64_t>(below(5))};
      break;
    default:
      r.who.name = {};
      break;
  }
}

}  // namespace grantd::test
