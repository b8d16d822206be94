// SPDX-License-Identifier: Apache-2.0
// Tables for tests: records in memory, published for real into a directory of the test's own.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "base/boot_id.h"
#include "base/clock.h"
#include "support/temp_dir.h"
#include "support/unity.h"
#include "table/publisher.h"
#include "table/snapshot.h"

namespace grantd::test {

class memory_source : public table::source {
 public:
  std::vector<decision::record> records;  // views into literals, or strings the test keeps
  [[nodiscard]] size_t size() const override { return records.size(); }
  [[nodiscard]] decision::record at(size_t i) const override { return records[i]; }
};

// An open-ended window of os:NAME at the PAM service sshd.
inline decision::record window(std::string_view name, uint64_t grant = 1) {
  decision::record r{};
  r.kind = decision::record_kind::window;
  r.who = {decision::identity_class::os, name};
  r.where = {decision::point_kind::pam, "sshd", {}};
  r.access = decision::access::read_write;
  r.end.ns = INT64_MAX;
  r.how = decision::ending::expired;
  r.grant = grant;
  return r;
}

inline decision::account os(std::string_view name) { return {decision::identity_class::os, name}; }

// Of this boot, written at BOOTTIME 1 ns.
inline table::publication publication(uint64_t sequence = 1) {
  return {sequence, base::read_boot_id().value(), {1}, {11, 22}, 0, {}};
}

// A directory with one table in it.
struct fixture {
  explicit fixture(bool memory = true) : dir(memory) {}
  temp_dir dir;
  std::string path = dir / "windows";
  memory_source source;

  void publish(const table::publication& what = publication()) {
    auto done = table::publisher(path, static_cast<gid_t>(-1)).publish(source, what);
    TEST_ASSERT_TRUE_MESSAGE(done.has_value(), done ? "" : done.error().about);
  }
  [[nodiscard]] table::fault open() const {
    table::snapshot s;
    return s.open(path.c_str());
  }
  // What a lookup ends with: of opening, or else of finding.
  [[nodiscard]] table::fault look_up(const decision::account& who) const {
    table::snapshot s;
    if (auto f = s.open(path.c_str()); f != table::fault::none) return f;
    auto found = std::make_unique<table::found>();
    return s.find(who, *found);
  }
  // The grants of an account's windows, in the table's order; fails on any fault.
  [[nodiscard]] std::vector<uint64_t> grants(const decision::account& who) const {
    table::snapshot s;
    expect(table::fault::none, s.open(path.c_str()));
    auto found = std::make_unique<table::found>();
    expect(table::fault::none, s.find(who, *found));
    std::vector<uint64_t> out;
    for (const auto& r : found->all()) {
      if (r.who == who && r.kind == decision::record_kind::window) out.push_back(r.grant);
    }
    return out;
  }
  static void expect(table::fault wanted, table::fault got) {
    TEST_ASSERT_EQUAL_STRING(table::describe(wanted), table::describe(got));
  }
};

// os:alice may in, os:bob was never heard of; good until the test spoils it.
struct good : fixture {
  explicit good(bool memory = true) : fixture(memory) {
    source.records = {window("alice", 7)};
    publish();
    expect(table::fault::none, look_up(os("alice")));
  }
  void refused_as(table::fault wanted) const { expect(wanted, look_up(os("alice"))); }
};

inline std::vector<uint8_t> read_file(const std::string& path) {
  base::unique_fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  TEST_ASSERT_TRUE_MESSAGE(fd.valid(), path);
  struct stat s{};
  TEST_ASSERT_EQUAL_INT(0, fstat(fd.get(), &s));
  std::vector<uint8_t> bytes(static_cast<size_t>(s.st_size));
  TEST_ASSERT_EQUAL_INT64(s.st_size, pread(fd.get(), bytes.data(), bytes.size(), 0));
  return bytes;
}

inline void write_file(const std::string& path, std::span<const uint8_t> bytes) {
  base::unique_fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  TEST_ASSERT_TRUE_MESSAGE(fd.valid(), path);
  TEST_ASSERT_EQUAL_INT64(bytes.size(), write(fd.get(), bytes.data(), bytes.size()));
}

inline std::span<uint8_t, table::header_size> header_of(std::vector<uint8_t>& file) {
  return std::span(file).first<table::header_size>();
}
inline std::span<uint8_t, table::page_size> page_of(std::vector<uint8_t>& file, size_t index) {
  return std::span(file).subspan((index + 1) * table::page_size).first<table::page_size>();
}
inline std::span<uint8_t, table::record_size> record_of(std::vector<uint8_t>& file, size_t page,
                                                        size_t index) {
  return page_of(file, page)
      .subspan(table::page_at::records + index * table::record_size)
      .first<table::record_size>();
}

}  // namespace grantd::test
