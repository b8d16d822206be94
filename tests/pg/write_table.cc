// SPDX-License-Identifier: Apache-2.0
// Publishes a window table for the TAP tests from a description on standard input, through the daemon's own
// publisher. Usage: write_table TABLE [--again]: with --again it publishes anew, as fast as it can, until
// killed.
//
// One record a line, fields separated by tabs, the first the kind:
//	window  id=os:bob  database=orders  role=app  start=-60  end=3600
//	ended   id=pg:bob  database=orders  role=bob  how=revoked  ago=60
//	lock    id=pg:bob  text=...
//	point   database=orders  resource=orders-db
// Or a word about the table itself: locked; other-boot: written in another one; ahead: written an hour from
// now. Everywhere: cluster= (default main), database= (absent: any; empty: physical replication),
// replication=1. Times are seconds from now.
#include <sys/random.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/boot_id.h"
#include "base/clock.h"
#include "table/publisher.h"

namespace {

using namespace grantd;
using fields = std::map<std::string, std::string>;

struct description {
  std::vector<fields> records;
  std::vector<fields> points;
  uint32_t flags = 0;
  bool other_boot = false;
  bool ahead = false;
};

[[noreturn]] void complain(const std::string& what) {
  std::cerr << "write_table: " << what << "\n";
  std::exit(2);
}

std::string value(const fields& f, const char* key, const char* otherwise) {
  auto found = f.find(key);
  return found == f.end() ? otherwise : found->second;
}

const std::string& text(const fields& f, const char* key) {
  static const std::string none;
  auto found = f.find(key);
  return found == f.end() ? none : found->second;
}

description read_description() {
  description out;
  for (std::string line; std::getline(std::cin, line);) {
    fields f;
    size_t from = 0;
    for (size_t tab = 0; tab != std::string::npos; from = tab + 1) {
      tab = line.find('\t', from);
      std::string field = line.substr(from, tab - from);
      size_t equals = field.find('=');
      if (from == 0)
        f["kind"] = field;
      else if (equals == std::string::npos)
        complain("no '=' in " + field);
      else
        f[field.substr(0, equals)] = field.substr(equals + 1);
    }
    if (f["kind"].empty()) continue;
    if (f["kind"] == "locked")
      out.flags |= table::flag_locked;
    else if (f["kind"] == "other-boot")
      out.other_boot = true;
    else if (f["kind"] == "ahead")
      out.ahead = true;
    else if (f["kind"] == "point")
      out.points.push_back(f);
    else
      out.records.push_back(f);
  }
  return out;
}

decision::point_pattern where(const fields& f) {
  return {.kind = decision::point_kind::postgres,
          .place = f.contains("cluster") ? std::string_view{text(f, "cluster")} : "main",
          .database = text(f, "database"),
          .any_place = text(f, "cluster") == "*",
          .any_database = !f.contains("database"),
          .replication = f.contains("replication")};
}

decision::account who(const fields& f) {
  const std::string& id = text(f, "id");
  for (auto [prefix, by] :
       {std::pair{"os:", decision::identity_class::os}, std::pair{"pg:", decision::identity_class::pg},
        std::pair{"dn:", decision::identity_class::dn}}) {
    if (id.starts_with(prefix)) return {by, std::string_view{id}.substr(3)};
  }
  if (id.starts_with("krb:")) return {decision::identity_class::krb, std::string_view{id}.substr(4)};
  complain("no identity: " + id);
}

class described final : public table::source {
 public:
  described(const description& d, base::boot_time now, base::utc_time utc) : d_(d), now_(now), utc_(utc) {}
  [[nodiscard]] size_t size() const override { return d_.records.size(); }
  [[nodiscard]] decision::record at(size_t i) const override {
    const fields& f = d_.records[i];
    decision::record r{};
    r.who = who(f);
    r.where = where(f);
    r.role = text(f, "role");
    r.grant = i + 1;
    int64_t start = std::stoll(value(f, "start", "-60"));
    int64_t end = std::stoll(value(f, "end", "3600"));
    if (f.at("kind") == "window") {
      r.kind = decision::record_kind::window;
      r.access = value(f, "access", "read-write") == "read-only" ? decision::access::read_only
                                                                 : decision::access::read_write;
    } else if (f.at("kind") == "ended") {
      r.kind = decision::record_kind::ended;
      r.access = decision::access::read_write;
      std::string how = value(f, "how", "expired");
      r.how = how == "revoked"      ? decision::ending::revoked
              : how == "given-back" ? decision::ending::given_back
                                    : decision::ending::expired;
      start = -std::stoll(value(f, "ago", "60"));
      end = start + 900;
    } else if (f.at("kind") == "lock") {
      r.kind = decision::record_kind::lock;
      r.text = text(f, "text");
    } else {
      complain("no such kind: " + f.at("kind"));
    }
    r.start = {now_.ns + start * base::ns_per_s};
    r.end = {now_.ns + end * base::ns_per_s};
    r.end_utc_s = utc_.us / base::us_per_s + (r.kind == decision::record_kind::ended ? start : end);
    return r;
  }

 private:
  const description& d_;
  base::boot_time now_;
  base::utc_time utc_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) complain("usage: write_table TABLE [--again]");
  const bool again = argc > 2 && std::string{argv[2]} == "--again";
  const description d = read_description();
  auto boot = base::read_boot_id();
  if (!boot) complain("no boot id");
  if (d.other_boot) (*boot)[0] ^= 1;
  std::vector<table::point_name> points;
  for (const fields& f : d.points) points.push_back({where(f), text(f, "resource")});

  table::publisher out{argv[1], static_cast<gid_t>(-1)};
  bool first = true;
  do {
    const base::boot_time now = base::boot_now();
    table::publication what{.sequence = static_cast<uint64_t>(now.ns),
                            .boot = *boot,
                            .written = {now.ns + (d.ahead ? 3600 * base::ns_per_s : 0)},
                            .key = {},
                            .flags = d.flags,
                            .points = points};
    if (getrandom(&what.key, sizeof what.key, 0) != sizeof what.key) complain("no random bytes");
    if (auto done = out.publish(described{d, now, base::utc_now()}, what); !done)
      complain(done.error().about + ": " + std::to_string(done.error().number));
    if (first) std::cout << "published" << std::endl;
    first = false;
  } while (again);
}
