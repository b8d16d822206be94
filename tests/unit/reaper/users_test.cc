// SPDX-License-Identifier: Apache-2.0
// What systemd runs for a user beside their sessions: ended with their last window, found again after a
// restart, and said to be left over only as long as it is.
#include "reaper/users.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

#include "base/clock.h"
#include "support/temp_dir.h"
#include "support/unity.h"
#include "unit/reaper/bare_root.h"
#include "unit/reaper/held.h"
#include "unit/reaper/house.h"

namespace grantd::test {
namespace {

using wire::presence_state;

constexpr uid_t uid = 7;

// Users of a logind that is a few directories; windows are names of services.
class host {
 public:
  host() : told(dir / "report.sock", 7) { start(); }

  void start() {
    users = std::make_unique<reaper::users>(reaper::user_surroundings{
        .services = services,
        .kept = kept,
        .told = told,
        .look_up = [this](const std::string&, const std::string& service) { return answer(service); },
        .ask_again =
            [this](const std::string&, const std::string& service, guest::answer& last) {
              last = answer(service);
              return last.verdict.allows() ? guest::fate::stays : guest::fate::ends;
            },
        .registered = [](uint64_t) { return false; },
        .has_sessions = [this](uid_t) { return has_sessions; },
        .next_number = [this] { return ++number; }});
    users->recall();
  }
  void log_in(const std::string& service) const {
    auto scope = g.groups.open(beside.path());
    TEST_ASSERT_TRUE(scope.has_value());
    reaper::session s;
    s.user = "alice";
    s.service = service;
    s.owner = uid;
    s.group = std::move(*scope);
    s.last = answer(service);
    users->add(s);
  }
  void look(base::boot_time now) const {
    users->look(now);
    users->chase(now);
  }
  // As `loginctl enable-linger alice`.
  void enable_linger() const {
    std::filesystem::create_directory(dir / "linger");
    std::ofstream(dir / "linger/alice") << "";
    TEST_ASSERT_TRUE(lingers());
  }
  [[nodiscard]] bool lingers() const { return access((dir / "linger/alice").c_str(), F_OK) == 0; }

  ground g;
  temp_dir dir{true};
  ear grantd{dir / "report.sock"};
  std::set<std::string> open;  // services with a window
  bool has_sessions = false;
  uint64_t number = 0;
  reaper::cgroup beside = g.make("user.slice/user-7.slice/session-1.scope");
  reaper::cgroup manager = g.make("user.slice/user-7.slice/user@7.service");
  reaper::state kept{dir.path()};
  reaper::spool told;
  reaper::user_services services{g.groups, dir / "linger", dir / "kept"};
  std::unique_ptr<reaper::users> users;

 private:
  [[nodiscard]] guest::answer answer(const std::string& service) const {
    guest::answer a{};
    a.verdict.why = open.contains(service) ? decision::reason::allowed : decision::reason::no_window;
    a.verdict.until = {INT64_MAX};
    return a;
  }
};

const heard* last_of(const std::vector<heard>& all, presence_state state) {
  const heard* out = nullptr;
  for (const heard& h : all) out = h.state == state ? &h : out;
  return out;
}

size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST(services_end_with_the_last_window_of_any_login_point) {
  host h;
  h.open = {"sshd", "login"};
  h.log_in("sshd");
  h.log_in("login");
  child service(h.g, h.manager);
  const auto now = base::boot_now();
  h.open = {"login"};
  h.look(now);
  TEST_ASSERT_EQUAL_INT(-1, service.ended_by());
  h.open = {};
  h.look(later(now, 1));
  TEST_ASSERT_TRUE(wait_until([&] { return service.ended_by() == SIGKILL; }));
  h.look(later(now, 2000));
  TEST_ASSERT_EQUAL_UINT64(0, h.users->count());
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
}

TEST(sessions_go_first_and_the_first_try_is_not_late) {
  host h;
  h.has_sessions = true;
  auto now = base::boot_now();
  for (const int64_t times : {1, 2}) {
    h.open = {"sshd"};
    h.log_in("sshd");
    child service(h.g, h.manager);
    h.open = {};
    h.look(now);
    h.look(later(now, 249));
    TEST_ASSERT_EQUAL_INT(-1, service.ended_by());
    hold_at_exit held(service.pid());  // that it is not seen to be empty at once
    h.look(later(now, 250));
    TEST_ASSERT_TRUE_MESSAGE(h.grantd.listen().empty(), "end " + std::to_string(times));
    int status = 0;
    TEST_ASSERT_TRUE(
        wait_until([&] { return waitpid(service.pid(), &status, __WALL | WNOHANG) == service.pid(); }));
    held.let_go();
    TEST_ASSERT_TRUE(wait_until([&] { return !h.manager.populated(); }));
    h.open = {"sshd"};
    h.look(later(now, 300));
    now = later(now, 2000);
  }
}

TEST(what_does_not_end_is_left_over_until_it_is_gone_and_then_said_to_be) {
  host h;
  h.open = {"sshd"};
  h.log_in("sshd");
  child service(h.g, h.manager);
  hold_at_exit held(service.pid());
  const auto now = base::boot_now();
  h.open = {};
  h.look(now);
  int status = 0;
  TEST_ASSERT_TRUE(
      wait_until([&] { return waitpid(service.pid(), &status, __WALL | WNOHANG) == service.pid(); }));
  TEST_ASSERT_TRUE(WIFSTOPPED(status));
  h.look(later(now, 999));
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
  h.look(later(now, 1000));
  auto said = h.grantd.listen();
  const heard* over = last_of(said, presence_state::leftover);
  TEST_ASSERT_TRUE(over != nullptr);
  TEST_ASSERT_EQUAL_UINT64(1, over->number);
  TEST_ASSERT_EQUAL_STRING(h.manager.path(), over->text);
  // A restart knows it, and under the same number.
  h.start();
  h.look(later(now, 1500));
  h.look(later(now, 2500));
  said = h.grantd.listen();
  over = last_of(said, presence_state::leftover);
  TEST_ASSERT_TRUE_MESSAGE(over != nullptr, "the restart lost sight of it");
  TEST_ASSERT_EQUAL_UINT64(1, over->number);
  const size_t files = open_files();
  h.look(later(now, 3500));
  TEST_ASSERT_EQUAL_UINT64(files, open_files());  // however long it takes
  TEST_ASSERT_TRUE(last_of(h.grantd.listen(), presence_state::leftover) != nullptr);
  held.let_go();
  TEST_ASSERT_TRUE(wait_until([&] { return !h.manager.populated(); }));
  h.look(later(now, 4500));
  said = h.grantd.listen();
  over = last_of(said, presence_state::ended);
  TEST_ASSERT_TRUE_MESSAGE(over != nullptr, "it stays left over for ever");
  TEST_ASSERT_EQUAL_UINT64(1, over->number);
  TEST_ASSERT_EQUAL_UINT64(0, h.users->count());
  TEST_ASSERT_TRUE(h.kept.all("user-").empty());
}

TEST(what_cannot_be_ended_is_left_over_and_tried_again_until_it_is) {
  host h;
  h.open = {"sshd"};
  h.log_in("sshd");
  h.enable_linger();
  std::ofstream(h.dir / "kept") << "no directory";
  const auto now = base::boot_now();
  h.open = {};
  h.look(now);
  TEST_ASSERT_TRUE(h.lingers());  // the fault happened
  h.look(later(now, 999));
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
  h.look(later(now, 1000));
  auto said = h.grantd.listen();
  const heard* over = last_of(said, presence_state::leftover);
  TEST_ASSERT_TRUE_MESSAGE(over != nullptr, "nobody hears of it");
  TEST_ASSERT_EQUAL_UINT64(1, over->number);
  TEST_ASSERT_TRUE_MESSAGE(over->text.starts_with(h.dir / "linger/alice cannot be put aside"), over->text);
  h.start();
  h.look(later(now, 1500));
  h.look(later(now, 2500));
  said = h.grantd.listen();
  over = last_of(said, presence_state::leftover);
  TEST_ASSERT_TRUE_MESSAGE(over != nullptr, "the restart lost sight of it");
  TEST_ASSERT_EQUAL_UINT64(1, over->number);
  TEST_ASSERT_TRUE(std::filesystem::remove(h.dir / "kept"));
  h.look(later(now, 3499));
  TEST_ASSERT_TRUE_MESSAGE(h.lingers(), "not every look tries it again");
  h.look(later(now, 3500));
  TEST_ASSERT_FALSE(h.lingers());
  said = h.grantd.listen();
  over = last_of(said, presence_state::ended);
  TEST_ASSERT_TRUE_MESSAGE(over != nullptr, "it stays left over for ever");
  TEST_ASSERT_EQUAL_UINT64(1, over->number);
}

TEST(a_manager_that_its_user_has_shut_is_left_over_until_it_is_gone) {
  host h;
  h.open = {"sshd"};
  h.log_in("sshd");
  child service(h.g, h.manager);
  TEST_ASSERT_EQUAL_INT(0, fchmodat(h.g.groups.root(), h.manager.path().c_str() + 1, 0, 0));
  const auto now = base::boot_now();
  bare_root us;
  h.open = {};
  h.look(now);
  TEST_ASSERT_TRUE(wait_until([&] { return service.ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
  h.look(later(now, 1000));
  auto said = h.grantd.listen();
  const heard* over = last_of(said, presence_state::leftover);
  TEST_ASSERT_TRUE(over != nullptr);
  TEST_ASSERT_TRUE_MESSAGE(over->text.starts_with(h.manager.path() + ": cannot be opened"), over->text);
  h.g.remove_one(h.manager.path());  // as systemd does
  h.look(later(now, 2000));
  said = h.grantd.listen();
  TEST_ASSERT_TRUE(last_of(said, presence_state::ended) != nullptr);
  TEST_ASSERT_EQUAL_UINT64(0, h.users->count());
}

TEST(a_new_window_ends_the_tries) {
  host h;
  h.open = {"sshd"};
  h.log_in("sshd");
  h.enable_linger();
  std::ofstream(h.dir / "kept") << "no directory";
  const auto now = base::boot_now();
  h.open = {};
  h.look(now);
  h.look(later(now, 1000));
  TEST_ASSERT_TRUE(last_of(h.grantd.listen(), presence_state::leftover) != nullptr);
  h.open = {"sshd"};
  child service(h.g, h.manager);  // begins with the login, which is not there yet
  h.look(later(now, 2000));
  TEST_ASSERT_EQUAL_INT(-1, service.ended_by());
  TEST_ASSERT_TRUE(last_of(h.grantd.listen(), presence_state::ended) != nullptr);
  h.look(later(now, 3000));
  TEST_ASSERT_EQUAL_INT(-1, service.ended_by());
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
  h.open = {};
  h.look(later(now, 4000));
  TEST_ASSERT_TRUE(wait_until([&] { return service.ended_by() == SIGKILL; }));
}

TEST(what_begins_once_the_end_is_seen_is_left_alone) {
  host h;
  h.open = {"sshd"};
  h.log_in("sshd");
  const auto shut = [&](mode_t mode) {
    TEST_ASSERT_EQUAL_INT(0, fchmodat(h.g.groups.root(), h.manager.path().c_str() + 1, mode, 0));
  };
  shut(0);
  child service(h.g, h.manager);
  const auto now = base::boot_now();
  bare_root us;
  h.open = {};
  h.look(now);
  TEST_ASSERT_TRUE(wait_until([&] { return service.ended_by() == SIGKILL; }));
  shut(0755);
  TEST_ASSERT_TRUE(h.users->next() && *h.users->next() <= later(now, 100));
  h.look(later(now, 100));
  TEST_ASSERT_EQUAL_UINT64(0, h.users->count());
  child another(h.g, h.manager);
  h.look(later(now, 1000));
  TEST_ASSERT_EQUAL_INT(-1, another.ended_by());
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
}

TEST(who_asks_to_linger_while_being_ended_does_not) {
  host h;
  h.open = {"sshd"};
  h.log_in("sshd");
  child service(h.g, h.manager);
  const auto now = base::boot_now();
  h.open = {};
  h.look(now);
  TEST_ASSERT_TRUE(wait_until([&] { return service.ended_by() == SIGKILL; }));
  TEST_ASSERT_TRUE(wait_until([&] { return !h.manager.populated(); }));
  h.enable_linger();  // between linger's end and the manager's
  h.look(later(now, 100));
  TEST_ASSERT_FALSE(h.lingers());
  TEST_ASSERT_TRUE(h.grantd.listen().empty());
}

TEST(linger_is_taken_and_comes_back_with_a_window_also_after_a_restart) {
  host h;
  h.open = {"a service"};  // a name may hold a space
  h.log_in("a service");
  h.enable_linger();
  const auto now = base::boot_now();
  h.start();
  h.look(now);
  TEST_ASSERT_TRUE_MESSAGE(h.lingers(), "taken while a window is open");
  h.open = {};
  h.look(later(now, 1));
  TEST_ASSERT_FALSE(h.lingers());
  h.start();
  h.look(later(now, 2));
  TEST_ASSERT_FALSE(h.lingers());
  h.open = {"a service"};
  h.look(later(now, 3));
  TEST_ASSERT_TRUE(h.lingers());
}

TEST(a_users_state_that_is_none_is_nobodys) {
  host h;
  child service(h.g, h.manager);
  std::ofstream(h.dir / "user-7") << "beside " << h.beside.path()
                                  << "\ndue 1\nname alice\nuid 7\n";  // no service
  std::ofstream(h.dir / "user-8") << "nonsense";
  h.start();
  h.look(base::boot_now());
  TEST_ASSERT_EQUAL_UINT64(0, h.users->count());
  TEST_ASSERT_EQUAL_INT(-1, service.ended_by());
}

}  // namespace grantd::test
