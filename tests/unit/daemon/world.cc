// SPDX-License-Identifier: Apache-2.0
// A grantd without sockets, for tests.
#include "world.h"

#include "proof/chain.h"

namespace grantd::test {
namespace {

store::options options_of(const world& w) {
  store::options o;
  o.directory = w.store;
  o.anchor = w.dir / "anchor";
  o.vfs = w.vfs;
  o.chain = [](const store::digest& before, std::span<const uint8_t> bytes) {
    return proof::link(before, bytes);
  };
  o.canonical = [](uint64_t sequence, base::utc_time at, std::string_view event,
                   std::span<const store::field> f) { return proof::canonical({sequence, at.us, event, f}); };
  return o;
}

constexpr uid_t alice_uid = 1001;

}  // namespace

world::world(std::string where, std::string with) : store(std::move(where)), vfs(std::move(with)) {
  if (store.empty()) store = dir / "store";
  TEST_ASSERT_TRUE(proof::start());
  boot = base::read_boot_id().value();
  std::filesystem::create_directory(dir / "run");
  restart();
}

void world::keep_copy() {
  kill();
  std::filesystem::copy(store, dir / "copy", std::filesystem::copy_options::recursive);
  restart();
}

void world::put_back() {
  kill();
  std::filesystem::remove_all(store);
  std::filesystem::copy(dir / "copy", store, std::filesystem::copy_options::recursive);
}

void world::restart(const char* policy, bool another_boot) {
  make(policy, another_boot);
  core->start();
}

void world::make(const char* policy, bool another_boot) {
  core.reset();
  if (another_boot) boot[0] ^= 1;
  daemon::settings s;
  s.boot = boot;
  s.table = dir / "run/windows";
  s.policy_file = "policy.toml";
  s.words_at_once = words_at_once;
  s.key = {1, 2};
  s.node = node;
  s.read_policy = [this] { return read(policy_on_disk); };
  auto truth = store::store::open(options_of(*this));
  TEST_ASSERT_TRUE_MESSAGE(truth.has_value(), truth ? "" : truth.error().what);
  core = std::make_unique<daemon::core>(s, clock, std::move(*truth));
  if (policy != nullptr) load(policy);
}

std::expected<daemon::loaded_policy, std::string> read(const std::string& policy) {
  auto parsed = policy::parse_policy(policy, "policy.toml");
  if (!parsed) return std::unexpected(policy::print(parsed.error().front()));
  daemon::uid_map uids;
  uids.people[alice_uid] = {"alice", "alice"};
  for (const auto& [name, relay] : parsed->relays) {
    if (!relay.os.empty()) uids.relays[relay_uid] = {relay.os.front(), name};
  }
  uids.ask = 900;
  return daemon::loaded_policy{
      std::make_shared<const policy::policy>(std::move(*parsed)), std::move(uids), {}};
}

void world::load(const char* policy) {
  auto fresh = read(policy);
  if (!fresh) return core->policy_failed(fresh.error());
  core->set_provisioner(provision_uid);
  core->take_policy(std::move(*fresh));
}

daemon::reply world::ask(daemon::session& s, const std::string& method, const std::string& parameters) {
  auto parsed = daemon::json::parse(parameters);
  TEST_ASSERT_TRUE_MESSAGE(parsed.has_value(), "the test's own JSON: " + parameters);
  daemon::call c;
  c.method = method.find('.') == std::string::npos ? "org.grantd.Access." + method : method;
  c.parameters = *parsed;
  constexpr daemon::ticket mine = 77;
  if (auto now = daemon::dispatch(*core, s, heard, c, mine)) {
    turn();
    return *now;
  }
  for (auto& f : core->turn()) {
    if (f.to == mine) return f.answer;
  }
  TEST_FAIL_MESSAGE("no answer to " + method);
}

daemon::reply world::ask(uid_t uid, const std::string& method, const std::string& parameters) {
  daemon::session s{.uid = uid};
  return ask(s, method, parameters);
}

daemon::reply world::ask(const std::string& person, const std::string& method,
                         const std::string& parameters) {
  daemon::session s{.uid = 900, .on_behalf = person};
  return ask(s, method, parameters);
}

std::string world::grant(int64_t seconds, const std::string& more) {
  auto r = root("Grant", R"({"person":"alice","resource":"orders-db","for_us":)" +
                             std::to_string(seconds * base::us_per_s) + more + "}");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  return member(*r.parameters.find("grant"), "id");
}

decision::verdict world::lookup(const std::string& role) {
  table::snapshot table;
  decision::verdict denied{.why = decision::reason::table_bad};
  if (table.open((dir / "run/windows").c_str()) != table::fault::none) return denied;
  if (table.not_from_future(clock.now.boot) != table::fault::none) return denied;
  if (table.locked()) return {.why = decision::reason::locked};
  decision::question q;
  q.who = {decision::identity_class::pg, role};
  q.where = {decision::point_kind::postgres, "main", "orders", false};
  q.role = role;
  table::found found;
  if (table.find(q.who, found) != table::fault::none) return denied;
  decision::verdict v = decision::decide(found.all(), q, clock.now.boot);
  v.text = {};
  return v;
}

std::string world::state_of(const std::string& id) {
  auto r = root("Show", R"({"id":")" + id + "\"}");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  return member(*r.parameters.find("grant"), "state");
}

std::string member(const daemon::json::value& v, std::string_view key) {
  const auto* found = v.find(key);
  TEST_ASSERT_TRUE_MESSAGE(found != nullptr && found->text() != nullptr,
                           std::string(key) + " in " + v.print());
  return *found->text();
}

int64_t number(const daemon::json::value& v, std::string_view key) {
  const auto* found = v.find(key);
  TEST_ASSERT_TRUE_MESSAGE(found != nullptr && found->integer() != nullptr,
                           std::string(key) + " in " + v.print());
  return *found->integer();
}

std::string short_error(const daemon::reply& r) { return r.error.substr(r.error.rfind('.') + 1); }

}  // namespace grantd::test
