// SPDX-License-Identifier: Apache-2.0
// Fills a store with open and ended grants, through the store's own code, for the start-up figure.
// Ten thousand people hold them (p0, p1, ...).
//   store_fill DIRECTORY ANCHOR OPEN ENDED
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "base/time.h"
#include "proof/chain.h"
#include "store/store.h"

namespace {

using namespace grantd;

constexpr size_t people = 10000;

void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "store_fill: %s failed\n", what);
  std::exit(1);
}

store::grant one(size_t i, base::utc_time now) {
  store::grant g;
  g.person = "p" + std::to_string(i);
  g.resource = "orders-db";
  g.not_before = {now.us - base::us_per_s};
  g.not_after = {now.us + 86400 * base::us_per_s};
  g.made = now;
  g.made_by = "root";
  g.scopes.push_back({2, g.person, {policy::login_point::kind::postgres, "main", "orders"}, g.person, false});
  return g;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || !proof::start()) return 2;
  size_t open = std::strtoul(argv[3], nullptr, 10), ended = std::strtoul(argv[4], nullptr, 10);
  store::options o;
  o.directory = argv[1];
  o.anchor = argv[2];
  o.chain = [](const store::digest& d, std::span<const uint8_t> b) { return proof::link(d, b); };
  o.canonical = [](uint64_t sequence, base::utc_time t, std::string_view event,
                   std::span<const store::field> f) { return proof::canonical({sequence, t.us, event, f}); };
  // Two indices are filled in another order than their keys': their pages stay in memory, and reach the file
  // once for many batches.
  o.cache_kib = 512 * 1024;
  o.checkpoint_frames = 100000;
  auto s = store::store::open(o);
  must(s.has_value(), "open");
  base::utc_time now = base::utc_now();
  for (size_t i = 0; i < open + ended;) {
    must((*s)->begin().has_value(), "begin");
    for (size_t n = 0; n < 50000 && i < open + ended; ++n, ++i) {
      auto number = (*s)->add_grant(one(i % people, now));
      must(number.has_value(), "add_grant");
      if (i < ended) {
        base::utc_time then{now.us - 3600 * base::us_per_s};
        must((*s)->end_grant(*number, store::state::expired, "grantd", "", then).has_value(), "end_grant");
      }
    }
    must((*s)->commit(false).has_value(), "commit");
  }
  return 0;
}
