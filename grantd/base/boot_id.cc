// SPDX-License-Identifier: Apache-2.0
// Reads one small file of /proc; anything unexpected is "nothing".
#include "base/boot_id.h"

#include <fcntl.h>

#include "base/unique_fd.h"

namespace grantd::base {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<boot_id> read_boot_id() noexcept {
  unique_fd fd(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return {};
  char text[37];
  if (read(fd.get(), text, sizeof text) != sizeof text || text[36] != '\n') return {};
  boot_id id{};
  unsigned digits = 0;
  for (unsigned i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return {};
      continue;
    }
    int d = hex_digit(text[i]);
    if (d < 0) return {};
    id[digits / 2] = static_cast<uint8_t>(id[digits / 2] << 4 | d);
    ++digits;
  }
  return id;
}

}  // namespace grantd::base
