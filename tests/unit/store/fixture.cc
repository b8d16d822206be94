// SPDX-License-Identifier: Apache-2.0
// A store of the test and grants to put in it.
#include "unit/store/fixture.h"

#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/siphash.h"

namespace grantd::test {

store::digest chain(const store::digest& previous, std::span<const uint8_t> record) {
  store::digest out{};
  for (uint64_t lane = 0; lane < 4; ++lane) {
    base::siphash24 h({.k0 = lane, .k1 = 7});
    h.add(previous.data(), previous.size());
    h.add(record.data(), record.size());
    uint64_t value = h.finish();
    for (unsigned i = 0; i < 8; ++i) out[lane * 8 + i] = static_cast<uint8_t>(value >> (8 * i));
  }
  return out;
}

std::vector<uint8_t> canonical(uint64_t sequence, base::utc_time at, std::string_view event,
                               std::span<const store::field> fields) {
  std::vector<uint8_t> out;
  auto number = [&](uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  auto text = [&](std::string_view s) {
    number(s.size());
    out.insert(out.end(), s.begin(), s.end());
  };
  number(sequence);
  number(static_cast<uint64_t>(at.us));
  text(event);
  for (const store::field& f : fields) {
    text(f.first);
    text(f.second);
  }
  return out;
}

store::options options_in(const std::string& root, const std::string& vfs) {
  return {.directory = root + "/store",
          .anchor = root + "/anchor",
          .chain = chain,
          .canonical = canonical,
          .reserve_bytes = 1 << 20,
          .checkpoint_frames = 1000,
          .vfs = vfs};
}

std::unique_ptr<store::store> open_in(const std::string& root, const std::string& vfs) {
  auto s = store::store::open(options_in(root, vfs));
  if (!s) TEST_FAIL_MESSAGE("open: " + s.error().what);
  return std::move(*s);
}

std::string refusal_in(const std::string& root) {
  auto s = store::store::open(options_in(root));
  if (s) TEST_FAIL_MESSAGE("opened, though it must be refused");
  return s.error().what;
}

store::grant a_grant(const std::string& person, int64_t made_us) {
  store::grant g;
  g.person = person;
  g.resource = "orders-db";
  g.not_before.us = made_us;
  g.not_after.us = made_us + 3'600'000'000;
  g.made.us = made_us;
  g.made_by = "root";
  g.reason = "ticket 7";
  g.mapped.start.ns = 5;
  g.mapped.end.ns = 3'600'000'000'005;
  g.mapped_boot.fill(9);
  policy::scope ssh{.proved_by = 1, .account = person, .where = {}, .role = "", .read_write = true};
  ssh.where.where = policy::login_point::kind::pam;
  ssh.where.place = "sshd";
  policy::scope pg{.proved_by = 2, .account = person, .where = {}, .role = person, .read_write = false};
  pg.where.where = policy::login_point::kind::postgres;
  pg.where.place = "main";
  pg.where.any_database = true;
  g.scopes = {ssh, pg};
  return g;
}

uint64_t add(store::store& s, const store::grant& g) {
  TEST_ASSERT_TRUE(s.begin().has_value());
  auto number = s.add_grant(g);
  TEST_ASSERT_TRUE(number.has_value());
  TEST_ASSERT_TRUE(s.commit(false).has_value());
  return *number;
}

void end(store::store& s, uint64_t number, store::state how) {
  TEST_ASSERT_TRUE(s.begin().has_value());
  TEST_ASSERT_TRUE(s.end_grant(number, how, "root", "over", base::utc_time{9'000'000}).has_value());
  TEST_ASSERT_TRUE(s.commit(true).has_value());
}

store::request a_request(const std::string& person, int64_t made_us) {
  store::request r;
  r.person = person;
  r.resource = "orders-db";
  r.reason = "OPS-12";
  r.needs = 2;
  r.for_us = 3'600'000'000;
  r.rule = "read-orders";
  r.made_by = person;
  r.made.us = made_us;
  r.lapses.us = made_us + 1'000'000;
  r.scopes = a_grant(person).scopes;
  return r;
}

store::approval an_approval(const std::string& person) {
  return {.person = person,
          .at = base::utc_time{1'500'000},
          .for_us = 60'000'000,
          .key = "ssh-ed25519 AAAA",
          .signature = "-----BEGIN SSH SIGNATURE-----\n",
          .text = "grantd approval\n",
          .by = {}};
}

uint64_t ask(store::store& s, const store::request& r) {
  auto number = in_batch(s, [&] { return s.add_request(r); });
  TEST_ASSERT_TRUE(number.has_value());
  return *number;
}

std::vector<uint64_t> open_numbers(store::store& s) {
  std::vector<uint64_t> out;
  auto r = s.each_open([&](store::grant&& g) {
    out.push_back(g.number);
    return true;
  });
  TEST_ASSERT_TRUE(r.has_value());
  return out;
}

void check_audit(store::store& s) {
  store::digest head{};
  uint64_t sequence = 0;
  for (;;) {
    auto rows = s.audit(sequence, 1000);
    TEST_ASSERT_TRUE(rows.has_value());
    if (rows->empty()) break;
    for (const store::audit_row& row : *rows) {
      TEST_ASSERT_EQUAL_UINT64(sequence + 1, row.sequence);
      std::vector<store::field> fields(row.fields.begin(), row.fields.end());
      head = chain(head, canonical(row.sequence, row.at, row.event, fields));
      TEST_ASSERT_TRUE(head == row.chained);
      sequence = row.sequence;
    }
  }
  TEST_ASSERT_EQUAL_UINT64(sequence, s.sequence());
  TEST_ASSERT_TRUE(head == s.head());
}

store::store::check_state check_all(store::store& s) {
  for (;;) {
    auto state = s.check_slice();
    if (state != store::store::check_state::more) return state;
  }
}

void in_private_tmpfs(const std::string& where, const std::string& mount_options,
                      const std::function<void()>& body) {
  std::fflush(nullptr);
  pid_t child = fork();
  TEST_ASSERT_TRUE(child >= 0);
  if (child == 0) {
    int status = 77;
    if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("tmpfs", where.c_str(), "tmpfs", 0, mount_options.c_str()) == 0) {
      status = 1;
      try {
        body();
        status = 0;
      } catch (const failure& f) {
        std::fprintf(stderr, "%s:%d: %s\n", f.file, f.line, f.what.c_str());
      } catch (...) {
        std::fprintf(stderr, "escaped exception\n");
      }
    }
    std::fflush(nullptr);
    _exit(status);
  }
  int status = 0;
  TEST_ASSERT_TRUE(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) TEST_IGNORE_MESSAGE("needs root for a private mount");
  TEST_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

std::string raw_sql(const std::string& root, const std::string& sql) {
  sqlite3* db = nullptr;
  char* message = nullptr;
  std::string out;
  if (sqlite3_open_v2(file_in(root).c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
    out = "cannot open";
  } else if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
    out = message != nullptr ? message : "failed";
  }
  sqlite3_free(message);
  sqlite3_close(db);
  return out;
}

}  // namespace grantd::test
