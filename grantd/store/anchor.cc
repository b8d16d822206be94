// SPDX-License-Identifier: Apache-2.0
// Reads and writes the anchor's two slots.
#include "store/anchor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/siphash.h"
#include "store/path.h"

namespace grantd::store {
namespace {

constexpr size_t slot_size = 8 + 3 * 8 + 32 + 16 + 8;
constexpr off_t slot_step = 4096;
constexpr char magic[] = "grantdA1";
using slot = std::array<uint8_t, slot_size>;

void put(uint8_t* to, uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) to[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint64_t get(const uint8_t* from) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= static_cast<uint64_t>(from[i]) << (8 * i);
  return value;
}

uint64_t checksum(const slot& s) {
  base::siphash24 h({});
  h.add(s.data(), slot_size - 8);
  return h.finish();
}

slot encode(uint64_t generation, const anchored& a) {
  slot s{};
  std::memcpy(s.data(), magic, 8);
  put(&s[8], generation);
  put(&s[16], a.sequence);
  put(&s[24], a.highest_number);
  std::copy(a.head.begin(), a.head.end(), s.begin() + 32);
  std::copy(a.store_uuid.begin(), a.store_uuid.end(), s.begin() + 64);
  put(&s[slot_size - 8], checksum(s));
  return s;
}

bool decode(const slot& s, uint64_t* generation, anchored* a) {
  if (std::memcmp(s.data(), magic, 8) != 0 || get(&s[slot_size - 8]) != checksum(s)) return false;
  *generation = get(&s[8]);
  a->sequence = get(&s[16]);
  a->highest_number = get(&s[24]);
  std::copy_n(s.begin() + 32, a->head.size(), a->head.begin());
  std::copy_n(s.begin() + 64, a->store_uuid.size(), a->store_uuid.begin());
  return true;
}

int write_slot(int fd, uint64_t generation, const anchored& a) {
  slot s = encode(generation, a);
  ssize_t n = pwrite(fd, s.data(), s.size(), static_cast<off_t>(generation % 2) * slot_step);
  if (n < 0) return errno;
  return static_cast<size_t>(n) == s.size() ? 0 : ENOSPC;
}

}  // namespace

std::expected<anchor_file::found, open_failure> anchor_file::read() {
  auto size = inspect_file(path_);
  if (!size) return std::unexpected(size.error());
  if (!*size) return found::missing;
  fd_.reset(open(path_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd_.valid())
    return std::unexpected(open_failure{"cannot open the anchor " + path_ + ": " + words_of(errno)});
  bool any = false;
  for (off_t i = 0; i < 2; ++i) {
    slot s;
    ssize_t n = pread(fd_.get(), s.data(), s.size(), i * slot_step);
    if (n < 0)
      return std::unexpected(open_failure{"cannot read the anchor " + path_ + ": " + words_of(errno)});
    uint64_t generation = 0;
    anchored a;
    if (static_cast<size_t>(n) != s.size() || !decode(s, &generation, &a)) continue;
    if (any && generation <= generation_) continue;
    any = true;
    generation_ = generation;
    last_ = a;
  }
  return any ? found::good : found::corrupt;
}

int anchor_file::create(const anchored& now) {
  std::string fresh = path_ + ".new";
  if (unlink(fresh.c_str()) != 0 && errno != ENOENT) return errno;
  base::unique_fd fd(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return errno;
  uint64_t generation = generation_ + 1;
  int e = write_slot(fd.get(), generation, now);
  // Both slots, so that every block exists before the first overwrite.
  if (e == 0) e = write_slot(fd.get(), generation + 1, now);
  if (e == 0 && fsync(fd.get()) != 0) e = errno;
  if (e == 0 && std::rename(fresh.c_str(), path_.c_str()) != 0) e = errno;
  if (e == 0) e = sync_directory(parent_of(path_));
  if (e != 0) return e;
  fd_ = std::move(fd);
  generation_ = generation + 1;
  last_ = now;
  return 0;
}

int anchor_file::write(const anchored& now) {
  if (now == last_) return 0;
  if (!fd_.valid()) return EBADF;
  int e = write_slot(fd_.get(), generation_ + 1, now);
  if (e == 0 && fdatasync(fd_.get()) != 0) e = errno;
  if (e != 0) return e;
  ++generation_;
  last_ = now;
  return 0;
}

}  // namespace grantd::store
