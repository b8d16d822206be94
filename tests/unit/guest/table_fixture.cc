// SPDX-License-Identifier: Apache-2.0
// Publishes with the real publisher, spoils with the real codec.
#include "unit/guest/table_fixture.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/clock.h"

namespace grantd::test {
namespace {

constexpr base::siphash_key key{0x0123456789abcdef, 0xfedcba9876543210};
constexpr int32_t offset_s = 3600;

struct list final : table::source {
  explicit list(const std::vector<decision::record>& r) : records(r) {}
  size_t size() const override { return records.size(); }
  decision::record at(size_t i) const override { return records[i]; }
  const std::vector<decision::record>& records;
};

base::boot_time boot_in(int64_t s) { return {base::boot_now().ns + s * base::ns_per_s}; }
int64_t utc_in(int64_t s) { return base::utc_now().us / base::us_per_s + s; }

decision::point_pattern service_pattern(std::string_view service) {
  return {decision::point_kind::pam, service, {}, service.empty(), false, false};
}

table::header header_of(std::span<const uint8_t> file) {
  table::header h{};
  if (file.size() < table::page_size ||
      decode_header(file.first<table::header_size>(), h) != table::fault::none) {
    throw std::runtime_error("not a table to begin with");
  }
  return h;
}

}  // namespace

table_fixture::table_fixture(bool memory)
    : written(base::boot_now()), boot(base::read_boot_id().value()), dir_(memory), path_(dir_ / "windows") {
  points.push_back({{decision::point_kind::pam, "sshd", {}, false, false, false}, "orders-db"});
  points.push_back({{decision::point_kind::postgres, "main", "orders", false, false, false}, "orders-db"});
}

void table_fixture::publish() {
  table::publisher p{path_, static_cast<gid_t>(-1)};
  auto done = p.publish(list{records}, {.sequence = ++sequence_,
                                        .boot = boot,
                                        .written = written,
                                        .key = key,
                                        .flags = flags,
                                        .points = points});
  if (!done) throw std::runtime_error("publish: " + done.error().about);
}

std::vector<uint8_t> table_fixture::bytes() const {
  std::ifstream in(path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void table_fixture::replace(std::span<const uint8_t> bytes) {
  std::ofstream out(path_, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + path_);
}

void table_fixture::write_at(size_t offset, std::string_view what) {
  std::vector<uint8_t> file = bytes();
  if (offset + what.size() > file.size()) throw std::runtime_error("beyond the table");
  std::copy(what.begin(), what.end(), file.begin() + static_cast<ptrdiff_t>(offset));
  replace(file);
}

void table_fixture::write_in_header(size_t offset, std::string_view what) {
  write_at(offset, what);
  std::vector<uint8_t> file = bytes();
  base::siphash13 sum{{}};
  sum.add(file.data(), table::header_at::checksum);
  uint64_t value = sum.finish();
  for (size_t i = 0; i < 8; ++i)
    file[table::header_at::checksum + i] = static_cast<uint8_t>(value >> (8 * i));
  replace(file);
}

void table_fixture::each_page(void (*spoil)(std::span<uint8_t, table::page_size>, uint32_t,
                                            table::page_head&)) {
  std::vector<uint8_t> file = bytes();
  table::header h = header_of(file);
  for (uint32_t i = 0; i < h.page_count; ++i) {
    std::span<uint8_t, table::page_size> page{file.data() + (i + 1) * table::page_size, table::page_size};
    table::page_head head{};
    if (decode_page(page, h, i, head) != table::fault::none)
      throw std::runtime_error("bad page to begin with");
    spoil(page, i, head);
    encode_page(h, i, head, page);
  }
  replace(file);
}

void table_fixture::publish_crowd(const decision::record& one, unsigned count) {
  constexpr auto per_page = static_cast<unsigned>(table::records_per_page);
  unsigned pages = (count + per_page - 1) / per_page;
  table::header h{.flags = flags,
                  .sequence = ++sequence_,
                  .boot = boot,
                  .written = written,
                  .page_count = pages,
                  .bucket_count = 1,
                  .record_count = count,
                  .window_count = count,
                  .key = key};
  std::vector<uint8_t> file((pages + 1) * table::page_size);
  encode_header(h, std::span<uint8_t, table::header_size>{file.data(), table::header_size});
  for (uint32_t i = 0; i < pages; ++i) {
    std::span<uint8_t, table::page_size> page{file.data() + (i + 1) * table::page_size, table::page_size};
    unsigned here = std::min(count, per_page);
    count -= here;
    for (unsigned r = 0; r < here; ++r) {
      uint8_t* at = page.data() + table::page_at::records + r * table::record_size;
      if (!table::encode_record(one, std::span<uint8_t, table::record_size>{at, table::record_size})) {
        throw std::runtime_error("record too long");
      }
    }
    encode_page(h, i, {.next = i + 1 < pages ? i + 1 : table::no_page, .count = static_cast<uint16_t>(here)},
                page);
  }
  replace(file);
}

decision::record pam_window(std::string_view name, std::string_view service, int64_t from_s, int64_t to_s,
                            uint64_t grant) {
  return {.kind = decision::record_kind::window,
          .who = {decision::identity_class::os, name},
          .where = service_pattern(service),
          .role = {},
          .access = decision::access::read_only,
          .start = boot_in(from_s),
          .end = boot_in(to_s),
          .how = {},
          .grant = grant,
          .end_utc_s = utc_in(to_s),
          .utc_offset_s = offset_s,
          .text = {}};
}

decision::record pam_ended(std::string_view name, std::string_view service, decision::ending how,
                           int64_t ago_s, uint64_t grant) {
  decision::record r = pam_window(name, service, -ago_s, 900 - ago_s, grant);
  r.kind = decision::record_kind::ended;
  r.how = how;
  r.end_utc_s = utc_in(-ago_s);
  return r;
}

decision::record pam_lock(std::string_view name, std::string_view text) {
  decision::record r = pam_window(name, {}, -60, 3600, 9);
  r.kind = decision::record_kind::lock;
  r.text = text;
  return r;
}

}  // namespace grantd::test
