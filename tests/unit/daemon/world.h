// SPDX-License-Identifier: Apache-2.0
// A grantd without sockets: a real store and table in a directory of its own, clocks that the test turns.
#pragma once

#include <memory>
#include <string>

#include "daemon/core.h"
#include "daemon/dispatch.h"
#include "daemon/heard.h"
#include "daemon/node_key_file.h"
#include "support/temp_dir.h"
#include "support/unity.h"
#include "table/snapshot.h"

namespace grantd::test {

class turned_clock : public daemon::clock_source {
 public:
  base::clock_reading now{{1'700'000'000'000'000}, {1'000'000'000'000}, true};
  [[nodiscard]] base::clock_reading read() override { return now; }
  void pass(int64_t seconds) {  // both clocks, as time does
    now.utc.us += seconds * base::us_per_s;
    now.boot.ns += seconds * base::ns_per_s;
  }
  void step(int64_t seconds) { now.utc.us += seconds * base::us_per_s; }  // as `date` does
};

inline constexpr char usual_policy[] = R"(
[person.alice]
email = "alice@example.com"
os = "alice"
pg = "alice"
[person.bob]
pg = "bob"
[person.carol]
pg = "carol"
rights = ["grant"]
[person.dave]
pg = "dave"
rights = ["see"]
[resource.orders-db]
login_points = ["pg:main/orders"]
default = "1h"
max = "8h"
[resource.shell]
login_points = ["pam:sshd"]
pam_access = "full"
)";

inline constexpr uid_t provision_uid = 901;
inline constexpr uid_t relay_uid = 1100;

class world {
 public:
  // `store`: its directory instead of one of its own. `vfs`: of SQLite.
  explicit world(std::string store = {}, std::string vfs = {});
  // A fresh process on the same files: what was not on disk is gone.
  void restart(const char* policy = usual_policy, bool another_boot = false);
  void make(const char* policy = usual_policy, bool another_boot = false);  // as restart(), before start()
  void kill() { core.reset(); }
  // What was copied by keep_copy() takes the store's place, as a human who restores a backup would do it.
  void keep_copy();
  void put_back();
  void load(const char* policy);  // the OS user of a relay is relay_uid
  std::string policy_on_disk;     // what ReloadPolicy reads

  // One call by a uid or, with `person`, by that person; the answer after a turn.
  daemon::reply ask(uid_t uid, const std::string& method, const std::string& parameters = "{}");
  daemon::reply ask(const std::string& person, const std::string& method,
                    const std::string& parameters = "{}");
  // One call on that connection.
  daemon::reply ask(daemon::session& s, const std::string& method, const std::string& parameters = "{}");
  daemon::reply root(const std::string& method, const std::string& parameters = "{}") {
    return ask(uid_t{0}, method, parameters);
  }
  // Grants alice orders-db; its id.
  std::string grant(int64_t seconds = 3600, const std::string& more = "");
  void turn() { (void)core->turn(); }

  // What a login would be told by the file that is published; `now` is the turned clock's.
  decision::verdict lookup(const std::string& role = "alice");
  bool allowed(const std::string& role = "alice") { return lookup(role).allows(); }
  [[nodiscard]] std::string state_of(const std::string& id);

  temp_dir dir{true};
  turned_clock clock;
  daemon::heard heard;
  base::boot_id boot{};
  std::shared_ptr<daemon::node_identity> node;  // of the next make()
  std::string store;
  std::string vfs;
  unsigned words_at_once = 1'000'000;  // from the next restart on
  std::unique_ptr<daemon::core> core;
};

// As grantd reads it from its files; else the first mistake.
std::expected<daemon::loaded_policy, std::string> read(const std::string& policy);

// The text or number of one member; fails the test when it is not there.
std::string member(const daemon::json::value& v, std::string_view key);
int64_t number(const daemon::json::value& v, std::string_view key);
std::string short_error(const daemon::reply& r);  // "NotDurable"; empty for success

}  // namespace grantd::test
