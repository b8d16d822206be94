// SPDX-License-Identifier: Apache-2.0
// Writes a table's file in order, page after page, then renames it over the old one. Never writes in place.
#include "table/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace grantd::table {
namespace {

constexpr size_t buffered_pages = 16;

std::unexpected<publish_error> failed(const char* call, const std::string& path) {
  const int number = errno;
  return std::unexpected(publish_error{publish_error::what::io, number, std::string(call) + " " + path});
}

}  // namespace

new_file::new_file(const std::string& path) : path_(path), temporary_(path + ".new") {}

new_file::~new_file() {
  if (fd_.valid()) ::unlink(temporary_.c_str());
}

std::expected<void, publish_error> new_file::create(gid_t group) {
  if (::unlink(temporary_.c_str()) != 0 && errno != ENOENT) return failed("unlink", temporary_);
  fd_.reset(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_.valid()) return failed("open", temporary_);
  // Usually the group is right already: then no call that a filter of system calls may refuse is made.
  struct stat made{};
  if (fstat(fd_.get(), &made) != 0) return failed("fstat", temporary_);
  if (group != static_cast<gid_t>(-1) && made.st_gid != group &&
      fchown(fd_.get(), static_cast<uid_t>(-1), group) != 0) {
    return failed("fchown", temporary_);
  }
  if (fchmod(fd_.get(), 0640) != 0) return failed("fchmod", temporary_);
  buffer_.resize(buffered_pages * page_size);
  return {};
}

std::expected<std::span<uint8_t, page_size>, publish_error> new_file::next_page() {
  if (used_ == buffer_.size()) {
    if (auto done = flush(); !done) return std::unexpected(done.error());
  }
  std::span<uint8_t, page_size> page(buffer_.data() + used_, page_size);
  used_ += page_size;
  return page;
}

std::expected<void, publish_error> new_file::flush() {
  for (size_t done = 0; done < used_;) {
    const ssize_t n = ::write(fd_.get(), buffer_.data() + done, used_ - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", temporary_);
    done += static_cast<size_t>(n);
  }
  used_ = 0;
  return {};
}

std::expected<void, publish_error> new_file::take_its_place() {
  if (auto done = flush(); !done) return done;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failed("rename", path_);
  fd_.reset();
  return {};
}

}  // namespace grantd::table
