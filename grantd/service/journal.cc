// SPDX-License-Identifier: Apache-2.0
// Entries for the journal, without libsystemd.
#include "service/journal.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/little_endian.h"

namespace grantd::service {

std::string encode_entry(std::span<const journal_field> fields) {
  std::string out;
  for (const journal_field& f : fields) {
    out += f.name;
    if (f.value.find('\n') == std::string::npos) {
      out += '=';
    } else {
      uint8_t size[8];
      base::store_little(size, uint64_t{f.value.size()});
      out += '\n';
      out.append(reinterpret_cast<const char*>(size), sizeof size);
    }
    out += f.value;
    out += '\n';
  }
  return out;
}

bool stderr_is_journal() {
  const char* named = std::getenv("JOURNAL_STREAM");
  struct stat s{};
  if (named == nullptr || fstat(STDERR_FILENO, &s) != 0) return false;
  return named == std::to_string(s.st_dev) + ":" + std::to_string(s.st_ino);
}

journal::journal(std::string path) : path_(std::move(path)) {
  struct stat s{};
  if (path_.size() >= sizeof(sockaddr_un::sun_path) || stat(path_.c_str(), &s) != 0 || !S_ISSOCK(s.st_mode))
    return;
  fd_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

journal::outcome journal::send(std::span<const journal_field> fields) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path_.data(), path_.size());
  const std::string entry = encode_entry(fields);
  // By name each time: the journal that was started again has another socket.
  ssize_t n = sendto(fd_.get(), entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                     reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (n >= 0) return outcome::sent;
  return errno == EMSGSIZE ? outcome::never : outcome::later;
}

}  // namespace grantd::service
