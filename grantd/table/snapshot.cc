// SPDX-License-Identifier: Apache-2.0
// Looks accounts up in one opened table. No heap, no locks, no waiting; what is unexpected is a fault.
#include "table/snapshot.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace grantd::table {
namespace {

constexpr size_t max_path = 1024;  // on the stack, perhaps of a signal handler

fault fault_of(int error) {
  return error == ENOENT ? fault::missing : error == ELOOP ? fault::bad_file : fault::unreadable;
}

bool writable_by_others(const struct stat& s) { return (s.st_mode & (S_IWGRP | S_IWOTH)) != 0; }

fault read_exactly(int fd, std::span<uint8_t> out, uint64_t offset) {
  ssize_t n = -1;
  do n = pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
  while (n < 0 && errno == EINTR);
  if (n < 0) return fault::unreadable;
  return static_cast<size_t>(n) == out.size() ? fault::none : fault::bad_size;
}

// Opens the directory part of `path` for looking up names only; `name` is then the rest.
fault open_directory(const char* path, base::unique_fd& out, const char*& name, struct stat& about) {
  const char* slash = path != nullptr && path[0] == '/' ? std::strrchr(path, '/') : nullptr;
  if (slash == nullptr || slash[1] == '\0') return fault::missing;
  const auto size = static_cast<size_t>(slash - path);
  if (size >= max_path) return fault::unreadable;
  __attribute__((uninitialized)) char directory[max_path];
  std::memcpy(directory, path, size);
  directory[size] = '\0';
  out.reset(::open(size == 0 ? "/" : directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!out.valid()) return errno == ENOTDIR ? fault::bad_directory : fault_of(errno);
  if (fstat(out.get(), &about) != 0) return fault::unreadable;
  if (writable_by_others(about)) return fault::bad_directory;
  name = slash + 1;
  return fault::none;
}

fault check_file(const struct stat& file, const struct stat& directory) {
  if (!S_ISREG(file.st_mode) || writable_by_others(file)) return fault::bad_file;
  if (file.st_uid != 0 && file.st_uid != directory.st_uid) return fault::bad_file;
  return fault::none;
}

// A tmpfs does not outlive its boot; anything else may.
fault check_boot(int fd, const base::boot_id& written_in) {
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0) return fault::unreadable;
  if (fs.f_type == TMPFS_MAGIC) return fault::none;
  const auto now = base::read_boot_id();
  return now.has_value() && *now == written_in ? fault::none : fault::other_boot;
}

// Reads the pages of one bucket's chain, one after the other, into one buffer.
class chain {
 public:
  chain(int fd, const header& table, uint32_t bucket) : fd_(fd), table_(table), next_(bucket) {}

  // False at the end of the chain or on a fault, which is then in `why`.
  bool next_page(fault& why) {
    if (next_ == no_page) return false;
    if (++pages_ > max_chain) {
      why = fault::bad_chain;
      return false;
    }
    const uint32_t index = next_;
    why = read_exactly(fd_, page_, (uint64_t{index} + 1) * page_size);
    if (why == fault::none) why = decode_page(page_, table_, index, head_);
    next_ = head_.next;
    return why == fault::none;
  }

  [[nodiscard]] unsigned count() const { return head_.count; }
  [[nodiscard]] std::span<const uint8_t, record_size> record(unsigned i) const {
    return std::span<const uint8_t, record_size>(page_.data() + page_at::records + i * record_size,
                                                 record_size);
  }

 private:
  int fd_;
  const header& table_;
  uint32_t next_;
  unsigned pages_ = 0;
  page_head head_{};
  std::array<uint8_t, page_size> page_;
};

bool same_name(std::span<const uint8_t, record_size> bytes, const decision::account& who) {
  return bytes[record_at::proved_by] == static_cast<uint8_t>(who.proved_by) &&
         bytes[record_at::name_size] == who.name.size() && who.name.size() <= max_strings &&
         std::memcmp(bytes.data() + record_at::strings, who.name.data(), who.name.size()) == 0;
}

}  // namespace

fault snapshot::open(const char* path) noexcept {
  file_.reset();
  base::unique_fd directory;
  const char* name = nullptr;
  struct stat of_directory, of_file;
  if (fault f = open_directory(path, directory, name, of_directory); f != fault::none) return f;
  // O_NONBLOCK: a FIFO put there must not hold a login up.
  base::unique_fd file(
      openat(directory.get(), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) return fault_of(errno);
  if (fstat(file.get(), &of_file) != 0) return fault::unreadable;
  if (fault f = check_file(of_file, of_directory); f != fault::none) return f;
  __attribute__((uninitialized)) std::array<uint8_t, header_size> bytes;
  if (fault f = read_exactly(file.get(), bytes, 0); f != fault::none) return f;
  header h{};
  if (fault f = decode_header(bytes, h); f != fault::none) return f;
  if (static_cast<uint64_t>(of_file.st_size) != (uint64_t{h.page_count} + 1) * page_size)
    return fault::bad_size;
  if (fault f = check_boot(file.get(), h.boot); f != fault::none) return f;
  header_ = h;
  file_ = std::move(file);
  return fault::none;
}

fault snapshot::not_from_future(base::boot_time now) const noexcept {
  if (!file_.valid()) return fault::missing;
  return header_.written > now ? fault::from_future : fault::none;
}

fault snapshot::find(const decision::account& who, found& out) const noexcept {
  out.count = 0;
  if (!file_.valid()) return fault::missing;
  if (who.name.empty()) return fault::none;  // nobody has no name; a point does
  __attribute__((uninitialized)) chain pages(file_.get(), header_, bucket_of(header_, who));
  unsigned count = 0;
  unsigned windows = 0;
  fault why = fault::none;
  while (pages.next_page(why)) {
    for (unsigned i = 0; i < pages.count(); ++i) {
      const auto bytes = pages.record(i);
      if (!same_name(bytes, who)) continue;
      if (count == max_records_per_account) return fault::too_many;
      std::copy(bytes.begin(), bytes.end(), out.bytes[count].begin());
      if (fault f = decode_record(out.bytes[count], out.records[count]); f != fault::none) return f;
      if (out.records[count].kind == decision::record_kind::window) ++windows;
      ++count;
    }
  }
  if (why == fault::none && windows > decision::max_windows_per_account) why = fault::too_many;
  if (why == fault::none) out.count = count;
  return why;
}

fault snapshot::find_resource(const decision::login_point& where, resource_name& out) const noexcept {
  out.size = 0;
  if (!file_.valid()) return fault::missing;
  // From the most exact to the least.
  constexpr struct {
    bool place, database;
  } any[] = {{false, false}, {false, true}, {true, false}, {true, true}};
  for (const auto& [any_place, any_database] : any) {
    const decision::point_pattern wanted{where.kind, where.place,  where.database,
                                         any_place,  any_database, where.replication};
    chain pages(file_.get(), header_, bucket_of(header_, wanted));
    fault why = fault::none;
    while (pages.next_page(why)) {
      for (unsigned i = 0; i < pages.count(); ++i) {
        const auto bytes = pages.record(i);
        if (bytes[record_at::kind] != kind_point) continue;
        point_name point;
        if (fault f = decode_point(bytes, point); f != fault::none) return f;
        if (point.where.any_place != any_place || point.where.any_database != any_database) continue;
        if (!contains(point.where, where)) continue;
        std::memcpy(out.text, point.resource.data(), point.resource.size());
        out.size = static_cast<unsigned>(point.resource.size());
        return fault::none;
      }
    }
    if (why != fault::none) return why;
  }
  return fault::none;
}

}  // namespace grantd::table
