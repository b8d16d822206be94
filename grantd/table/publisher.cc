// SPDX-License-Identifier: Apache-2.0
// Lays the records out in pages and writes them to a new file, then renames. Never holds the whole table.
#include "table/publisher.h"

#include <algorithm>
#include <vector>

#include "base/unique_fd.h"
#include "table/new_file.h"

namespace grantd::table {
namespace {

constexpr uint64_t mean_fill = 11;        // records a bucket: 2 in 1,000 overflow, so that p99 does not
constexpr uint64_t bytes_a_record = 390;  // above this the buckets are too many for so few accounts

using record_bytes = std::array<uint8_t, record_size>;

// The upper half of a record's hash, then its number: sorted, that is the order of the file.
using slot = uint64_t;
slot make_slot(uint64_t hash, size_t number) { return (hash & 0xffffffff00000000) | number; }
uint32_t hash_of(slot s) { return static_cast<uint32_t>(s >> 32); }
uint32_t number_of(slot s) { return static_cast<uint32_t>(s); }

std::string words(const decision::account& who) {
  static constexpr const char* classes[] = {"?:", "os:", "pg:", "dn:", "krb:"};
  const auto c = static_cast<size_t>(who.proved_by);
  return classes[c < std::size(classes) ? c : 0] + std::string(who.name);
}

bool same_pattern(const decision::point_pattern& a, const decision::point_pattern& b) {
  return a.kind == b.kind && a.any_place == b.any_place && a.any_database == b.any_database &&
         a.replication == b.replication && (a.any_place || a.place == b.place) &&
         (a.any_database || a.database == b.database);
}

// One publication: numbers 0 .. records.size()-1 are records, the rest points.
class layout {
 public:
  layout(const source& records, const publication& what) : records_(records), what_(what) {}

  // Sorts, counts and chooses the number of buckets.
  [[nodiscard]] std::expected<void, publish_error> plan();
  // Header page, buckets, overflow pages: in the order of the file.
  [[nodiscard]] std::expected<void, publish_error> write(new_file& file);

 private:
  [[nodiscard]] std::expected<void, publish_error> check_accounts();
  [[nodiscard]] std::expected<void, publish_error> check_same_hash(size_t first, size_t last);
  void choose_buckets();
  [[nodiscard]] uint64_t pages_with(uint32_t buckets) const;
  [[nodiscard]] size_t bucket_end(size_t first, uint32_t bucket, uint32_t buckets) const;
  [[nodiscard]] std::expected<void, publish_error> put_page(new_file& file, uint32_t index, size_t first,
                                                            size_t count, uint32_t next);
  [[nodiscard]] std::expected<void, publish_error> encode(size_t number, std::span<uint8_t, record_size> out);

  const source& records_;
  const publication& what_;
  std::vector<slot> slots_;
  header header_{};
};

std::expected<void, publish_error> layout::plan() {
  const size_t total = records_.size();
  if (total + what_.points.size() > 0x7fffffff) {
    return std::unexpected(publish_error{publish_error::what::io, EFBIG, "window table"});
  }
  slots_.reserve(total + what_.points.size());
  for (size_t i = 0; i < total; ++i) {
    const decision::record r = records_.at(i);
    if (r.kind == decision::record_kind::window) ++header_.window_count;
    slots_.push_back(make_slot(hash_of_account(what_.key, r.who), i));
  }
  for (size_t i = 0; i < what_.points.size(); ++i) {
    const decision::point_pattern& p = what_.points[i].where;
    const uint64_t hash = hash_of_point(what_.key, p.kind, p.replication, p.any_place ? "" : p.place,
                                        p.any_database ? "" : p.database);
    slots_.push_back(make_slot(hash, total + i));
  }
  std::sort(slots_.begin(), slots_.end());
  if (auto checked = check_accounts(); !checked) return checked;
  header_.flags = what_.flags;
  header_.sequence = what_.sequence;
  header_.boot = what_.boot;
  header_.written = what_.written;
  header_.key = what_.key;
  header_.record_count = static_cast<uint32_t>(slots_.size());
  choose_buckets();
  return {};
}

std::expected<void, publish_error> layout::check_accounts() {
  for (size_t first = 0; first < slots_.size();) {
    size_t last = first + 1;
    while (last < slots_.size() && hash_of(slots_[last]) == hash_of(slots_[first])) ++last;
    if (last - first > 1) {
      if (auto checked = check_same_hash(first, last); !checked) return checked;
    }
    first = last;
  }
  std::erase(slots_, ~slot{0});
  return {};
}

// Records of one hash are of one account, nearly always: brings each account's together and counts them. Of
// several points of one pattern only the first can be found; the others are marked for removal.
std::expected<void, publish_error> layout::check_same_hash(size_t first, size_t last) {
  const size_t total = records_.size();
  for (size_t i = first; i < last;) {
    if (number_of(slots_[i]) >= total) {  // points sort behind records
      const auto& kept = what_.points[number_of(slots_[i]) - total].where;
      for (size_t j = i + 1; j < last; ++j) {
        if (slots_[j] != ~slot{0} && same_pattern(kept, what_.points[number_of(slots_[j]) - total].where)) {
          slots_[j] = ~slot{0};
        }
      }
      do ++i;
      while (i < last && slots_[i] == ~slot{0});
      continue;
    }
    const auto head = records_.at(number_of(slots_[i]));
    const std::string name(head.who.name);
    const decision::account who{head.who.proved_by, name};
    size_t windows = 0;
    size_t end = i;
    for (size_t j = i; j < last && number_of(slots_[j]) < total; ++j) {
      const auto r = records_.at(number_of(slots_[j]));
      if (r.who != who) continue;
      if (r.kind == decision::record_kind::window) ++windows;
      std::rotate(slots_.begin() + static_cast<ptrdiff_t>(end), slots_.begin() + static_cast<ptrdiff_t>(j),
                  slots_.begin() + static_cast<ptrdiff_t>(j) + 1);
      ++end;
    }
    if (windows > decision::max_windows_per_account || end - i > max_records_per_account) {
      return std::unexpected(publish_error{publish_error::what::too_many_for_account, 0, words(who)});
    }
    i = end;
  }
  return {};
}

size_t layout::bucket_end(size_t first, uint32_t bucket, uint32_t buckets) const {
  while (first < slots_.size() && uint64_t{hash_of(slots_[first])} * buckets >> 32 == bucket) ++first;
  return first;
}

uint64_t layout::pages_with(uint32_t buckets) const {
  uint64_t pages = 0;
  size_t first = 0;
  for (uint32_t b = 0; b < buckets; ++b) {
    const size_t end = bucket_end(first, b, buckets);
    pages += std::max<uint64_t>(1, (end - first + records_per_page - 1) / records_per_page);
    first = end;
  }
  return pages;
}

// Many records of few accounts leave most buckets empty: then fewer of them.
void layout::choose_buckets() {
  uint64_t buckets = std::max<uint64_t>(1, (slots_.size() + mean_fill - 1) / mean_fill);
  uint64_t pages = pages_with(static_cast<uint32_t>(buckets));
  while (buckets > 1 && pages * page_size > slots_.size() * bytes_a_record) {
    buckets = buckets * 3 / 4;
    pages = pages_with(static_cast<uint32_t>(buckets));
  }
  header_.bucket_count = static_cast<uint32_t>(buckets);
  header_.page_count = static_cast<uint32_t>(pages);
}

std::expected<void, publish_error> layout::encode(size_t number, std::span<uint8_t, record_size> out) {
  const size_t total = records_.size();
  if (number >= total) {
    const point_name& p = what_.points[number - total];
    if (encode_point(p, out)) return {};
    return std::unexpected(publish_error{publish_error::what::record_too_long, 0, std::string(p.resource)});
  }
  const decision::record r = records_.at(number);
  if (encode_record(r, out)) return {};
  return std::unexpected(publish_error{publish_error::what::record_too_long, 0, words(r.who)});
}

std::expected<void, publish_error> layout::put_page(new_file& file, uint32_t index, size_t first,
                                                    size_t count, uint32_t next) {
  auto page = file.next_page();
  if (!page) return std::unexpected(page.error());
  for (size_t i = 0; i < count; ++i) {
    auto at = page->subspan(page_at::records + i * record_size).first<record_size>();
    if (auto done = encode(number_of(slots_[first + i]), at); !done) return done;
  }
  encode_page(header_, index, {next, static_cast<uint16_t>(count)}, *page);
  return {};
}

std::expected<void, publish_error> layout::write(new_file& file) {
  auto first_page = file.next_page();
  if (!first_page) return std::unexpected(first_page.error());
  std::fill(first_page->begin(), first_page->end(), uint8_t{0});
  encode_header(header_, first_page->first<header_size>());

  uint32_t overflow = header_.bucket_count;
  size_t first = 0;
  for (uint32_t b = 0; b < header_.bucket_count; ++b) {
    const size_t end = bucket_end(first, b, header_.bucket_count);
    const size_t count = std::min(end - first, records_per_page);
    const uint32_t next = end - first > count ? overflow : no_page;
    if (auto done = put_page(file, b, first, count, next); !done) return done;
    overflow += static_cast<uint32_t>((end - first - count + records_per_page - 1) / records_per_page);
    first = end;
  }

  uint32_t index = header_.bucket_count;
  first = 0;
  for (uint32_t b = 0; b < header_.bucket_count; ++b) {
    const size_t end = bucket_end(first, b, header_.bucket_count);
    for (size_t at = first + records_per_page; at < end; at += records_per_page, ++index) {
      const size_t count = std::min(end - at, records_per_page);
      const uint32_t next = end - at > count ? index + 1 : no_page;
      if (auto done = put_page(file, index, at, count, next); !done) return done;
    }
    first = end;
  }
  return {};
}

}  // namespace

publisher::publisher(std::string path, gid_t group) : path_(std::move(path)), group_(group) {}

std::expected<void, publish_error> publisher::publish(const source& records, const publication& what) {
  layout pages(records, what);
  if (auto planned = pages.plan(); !planned) return planned;
  new_file file(path_);
  if (auto made = file.create(group_); !made) return made;
  if (auto written = pages.write(file); !written) return written;
  return file.take_its_place();
}

std::expected<void, publish_error> publisher::unlink() {
  if (::unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
  return std::unexpected(publish_error{publish_error::what::io, errno, "unlink " + path_});
}

}  // namespace grantd::table
