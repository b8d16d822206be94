// SPDX-License-Identifier: Apache-2.0
// Fills and gives up the reserve file.
#include "store/reserve.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"

namespace grantd::store {
namespace {

// Bytes that no file system can squeeze: zeros would take no block where the file system compresses.
bool write_noise(int fd, size_t bytes) noexcept {
  uint8_t noise[4096];
  if (getrandom(noise, sizeof noise, 0) != static_cast<ssize_t>(sizeof noise)) return false;
  for (size_t done = 0; done < bytes;) {
    noise[done / sizeof noise % sizeof noise] ^= 1;  // no two pages alike
    ssize_t n = pwrite(fd, noise, std::min(sizeof noise, bytes - done), static_cast<off_t>(done));
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool has_its_blocks(int fd, size_t bytes) noexcept {
  constexpr blkcnt_t block = 512;  // the unit of st_blocks
  struct stat st;
  return fstat(fd, &st) == 0 && st.st_size == static_cast<off_t>(bytes) && st.st_blocks * block >= st.st_size;
}

}  // namespace

bool reserve_file::adopt() noexcept {
  if (whole_ || bytes_ == 0) return whole_;
  base::unique_fd fd(open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  whole_ = fd.valid() && has_its_blocks(fd.get(), bytes_);
  return whole_;
}

bool reserve_file::fill() noexcept {
  if (whole_) return true;
  if (bytes_ == 0) return false;
  base::unique_fd fd(open(path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  no_room_ = true;
  if (!fd.valid()) return false;
  if (!has_its_blocks(fd.get(), bytes_)) {
    int rc = fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes_));
    bool made = rc == 0 || (errno == EOPNOTSUPP && write_noise(fd.get(), bytes_));
    if (made) made = ftruncate(fd.get(), static_cast<off_t>(bytes_)) == 0 && fsync(fd.get()) == 0;
    if (!made) {
      // Half a reserve would only take room from somebody else.
      (void)!ftruncate(fd.get(), 0);
      return false;
    }
  }
  whole_ = true;
  no_room_ = false;
  return true;
}

bool reserve_file::give_up() noexcept {
  if (!whole_) return false;
  whole_ = false;
  no_room_ = false;
  base::unique_fd fd(open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() || ftruncate(fd.get(), 0) != 0) return false;
  // Some file systems free blocks only when the truncation is on disk. Failing here is no loss: the retry
  // tells.
  (void)fsync(fd.get());
  return true;
}

}  // namespace grantd::store
