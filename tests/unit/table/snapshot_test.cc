// SPDX-License-Identifier: Apache-2.0
// The lookup on good tables: what it finds, that it needs no heap, and that it leaves nothing open.
#include <fcntl.h>

#include <cstdlib>

#include "fixture.h"

using namespace grantd;
using namespace grantd::test;
using table::fault;

namespace {
unsigned allocations = 0;
}

// Linked with --wrap: every allocation that our objects ask for is counted.
extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t n, size_t size);
void* __real_realloc(void* p, size_t size);
void* __real__Znwm(size_t size);
void* __wrap_malloc(size_t size);
void* __wrap_malloc(size_t size) {
  ++allocations;
  return __real_malloc(size);
}
void* __wrap_calloc(size_t n, size_t size);
void* __wrap_calloc(size_t n, size_t size) {
  ++allocations;
  return __real_calloc(n, size);
}
void* __wrap_realloc(void* p, size_t size);
void* __wrap_realloc(void* p, size_t size) {
  ++allocations;
  return __real_realloc(p, size);
}
void* __wrap__Znwm(size_t size);
void* __wrap__Znwm(size_t size) {
  ++allocations;
  return __real__Znwm(size);
}
}

namespace {

using decision::point_kind;

struct with_points : fixture {
  std::vector<table::point_name> points = {
      {{point_kind::postgres, {}, {}, true, true}, "everything"},
      {{point_kind::postgres, {}, "orders", true, false}, "orders-anywhere"},
      {{point_kind::postgres, "main", {}, false, true}, "main-any"},
      {{point_kind::postgres, "main", "orders"}, "orders-db"},
      {{point_kind::postgres, "main", {}, false, false, true}, "backups"},
      {{point_kind::pam, "sshd", {}}, "shell"},
  };
  with_points() {
    auto what = publication();
    what.points = points;
    publish(what);
  }
  [[nodiscard]] std::string resource(const decision::login_point& where) const {
    table::snapshot s;
    expect(fault::none, s.open(path.c_str()));
    table::snapshot::resource_name name{};
    expect(fault::none, s.find_resource(where, name));
    return {name.text, name.size};
  }
};

int open_descriptors() {
  int n = 0;
  for (int fd = 0; fd < 256; ++fd) n += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return n;
}

}  // namespace

TEST(most_exact_point_names_the_resource) {
  with_points t;
  TEST_ASSERT_EQUAL_STRING("orders-db", t.resource({point_kind::postgres, "main", "orders"}));
  TEST_ASSERT_EQUAL_STRING("main-any", t.resource({point_kind::postgres, "main", "other"}));
  TEST_ASSERT_EQUAL_STRING("orders-anywhere", t.resource({point_kind::postgres, "second", "orders"}));
  TEST_ASSERT_EQUAL_STRING("everything", t.resource({point_kind::postgres, "second", "other"}));
  TEST_ASSERT_EQUAL_STRING("backups", t.resource({point_kind::postgres, "main", "", true}));
  TEST_ASSERT_EQUAL_STRING("", t.resource({point_kind::postgres, "second", "orders", true}));
  TEST_ASSERT_EQUAL_STRING("shell", t.resource({point_kind::pam, "sshd", ""}));
  TEST_ASSERT_EQUAL_STRING("", t.resource({point_kind::pam, "sudo", ""}));
}

TEST(records_of_every_kind_are_found) {
  fixture t;
  auto ended = window("alice", 2);
  ended.kind = decision::record_kind::ended;
  ended.how = decision::ending::revoked;
  auto lock = window("alice", 3);
  lock.kind = decision::record_kind::lock;
  lock.text = "stolen laptop";
  t.source.records = {window("alice", 1), ended, lock};
  t.publish();
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  table::found f;
  t.expect(fault::none, s.find(os("alice"), f));
  TEST_ASSERT_EQUAL_INT(3, f.count);
  TEST_ASSERT_TRUE(f.records[1].how == decision::ending::revoked);
  TEST_ASSERT_EQUAL_STRING("stolen laptop", f.records[2].text);
}

TEST(one_open_is_one_snapshot_whatever_is_published_after) {
  fixture t;
  t.source.records = {window("alice", 1)};
  t.publish();
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  t.source.records = {window("bob", 2)};
  t.publish(publication(2));
  table::found f;
  t.expect(fault::none, s.find(os("alice"), f));
  TEST_ASSERT_EQUAL_INT(1, f.count);
  t.expect(fault::none, s.find(os("bob"), f));
  TEST_ASSERT_EQUAL_INT(0, f.count);
  TEST_ASSERT_TRUE(t.grants(os("bob")) == std::vector<uint64_t>{2});
}

TEST(locked_table_says_so) {
  fixture t;
  t.source.records = {window("alice", 1)};
  auto what = publication();
  what.flags = table::flag_locked;
  t.publish(what);
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  TEST_ASSERT_TRUE(s.locked());
}

TEST(names_that_nobody_can_have_are_not_found) {
  fixture t;
  t.source.records = {window("alice", 1)};
  const table::point_name points[] = {{{point_kind::pam, "sshd", {}}, "shell"}};
  auto what = publication();
  what.points = points;
  t.publish(what);
  TEST_ASSERT_TRUE(t.grants(os("")).empty());
  TEST_ASSERT_TRUE(t.grants({static_cast<decision::identity_class>(0), ""}).empty());
  TEST_ASSERT_TRUE(t.grants(os(std::string_view("alice\0", 6))).empty());
  TEST_ASSERT_TRUE(t.grants(os("ALICE")).empty());
  TEST_ASSERT_TRUE(t.grants(os("alice@REALM")).empty());
  TEST_ASSERT_TRUE(t.grants(os("-1")).empty());
  const std::string huge(100000, 'a');
  TEST_ASSERT_TRUE(t.grants(os(huge)).empty());
}

TEST(nothing_is_found_in_a_snapshot_that_is_not_open) {
  table::snapshot s;
  table::found f;
  f.count = 7;
  fixture::expect(fault::missing, s.find(os("alice"), f));
  TEST_ASSERT_EQUAL_INT(0, f.count);
  table::snapshot::resource_name name{{}, 7};
  fixture::expect(fault::missing, s.find_resource({point_kind::pam, "sshd", ""}, name));
  TEST_ASSERT_EQUAL_INT(0, name.size);
  fixture::expect(fault::missing, s.not_from_future({INT64_MAX}));
}

TEST(failed_open_closes_what_was_open) {
  fixture t;
  t.publish();
  table::snapshot s;
  t.expect(fault::none, s.open(t.path.c_str()));
  t.expect(fault::missing, s.open((t.path + "x").c_str()));
  table::found f;
  t.expect(fault::missing, s.find(os("alice"), f));
}

TEST(lookup_makes_no_heap_allocation) {
  with_points t;
  t.source.records = {window("alice", 1)};
  t.publish();
  table::found f;
  table::snapshot::resource_name name{};
  for (const std::string& path : {t.path, t.dir / "missing"}) {
    const unsigned before = allocations;
    table::snapshot s;
    (void)s.open(path.c_str());
    (void)s.not_from_future({5});
    (void)s.find(os("alice"), f);
    (void)s.find_resource({point_kind::pam, "sshd", ""}, name);
    TEST_ASSERT_EQUAL_INT(before, allocations);
  }
  const unsigned before = allocations;
  void* volatile p = malloc(1);  // the counter counts
  free(p);
  int* volatile q = new int(1);
  delete q;
  TEST_ASSERT_EQUAL_INT(before + 2, allocations);
}

TEST(lookup_leaves_no_descriptor_open) {
  with_points t;
  const int before = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    (void)t.look_up(os("alice"));
    chmod(t.path.c_str(), 0666);
    (void)t.look_up(os("alice"));
    chmod(t.path.c_str(), 0600);
  }
  TEST_ASSERT_EQUAL_INT(before, open_descriptors());
}

TEST(lookup_without_a_free_descriptor_is_refused) {
  with_points t;
  std::vector<base::unique_fd> taken;
  for (int fd; (fd = dup(0)) >= 0 && taken.size() < 100000;) taken.emplace_back(fd);
  TEST_ASSERT_EQUAL_INT(EMFILE, errno);
  const fault f = t.look_up(os("alice"));
  taken.pop_back();
  const fault one_left = t.look_up(os("alice"));  // enough for the directory, not for the file
  taken.clear();
  t.expect(fault::unreadable, f);
  t.expect(fault::unreadable, one_left);
  t.expect(fault::none, t.look_up(os("alice")));
}
