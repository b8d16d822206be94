// SPDX-License-Identifier: Apache-2.0
// The journal's native protocol: one entry with fields of its own, one datagram. Never waits for the journal;
// speaks to a Unix socket and nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace grantd::service {

inline constexpr char journal_socket[] = "/run/systemd/journal/socket";

struct journal_field {
  std::string_view name;  // [A-Z][A-Z0-9_]*
  std::string value;      // any bytes
};

// "NAME=value\n", or with newlines in the value "NAME\n", its length (u64, little-endian), the value, "\n"
// (systemd.io/JOURNAL_NATIVE_PROTOCOL). Pure.
[[nodiscard]] std::string encode_entry(std::span<const journal_field> fields);

// JOURNAL_STREAM names what stderr is (systemd.exec(5)): what is logged there is in the journal already.
[[nodiscard]] bool stderr_is_journal();

class journal {
 public:
  // Not open() when there is no socket at `path`.
  explicit journal(std::string path);
  [[nodiscard]] bool open() const { return fd_.valid(); }

  enum class outcome : uint8_t {
    sent,
    later,  // it does not read, or is being restarted: the same entry may be tried again
    never,  // an entry it cannot take, however often
  };
  [[nodiscard]] outcome send(std::span<const journal_field> fields) const;

 private:
  std::string path_;
  base::unique_fd fd_;
};

}  // namespace grantd::service
