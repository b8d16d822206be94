// SPDX-License-Identifier: Apache-2.0
// One stream to a grantd: bytes out, NUL-terminated messages in, each call with a deadline. Knows no JSON.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "cli/address.h"
#include "cli/refusal.h"

namespace grantd::cli {

inline constexpr size_t max_answer_bytes = 16 << 20;

class connection {
 public:
  // The Unix socket of a grantd here.
  [[nodiscard]] static result<connection> to_socket(const std::string& path, int64_t timeout_us,
                                                    const std::string& help);
  // Starts `program` (ssh, with the caller's own configuration and terminal) towards a grantd elsewhere. Its
  // first answer may take `patience_us`: somebody may have to type a passphrase or touch a key.
  [[nodiscard]] static result<connection> through_ssh(const std::string& program, const address& to,
                                                      int64_t timeout_us, int64_t patience_us);
  connection(connection&& other) noexcept;
  connection& operator=(connection&&) = delete;
  ~connection();  // ends and reaps ssh

  // Sends `message` and a NUL. A peer that has already answered and hung up is no failure here: its answer is
  // read.
  [[nodiscard]] result<void> send(std::string_view message);
  // The next message without its NUL. `forever`: without a deadline (a stream of events).
  [[nodiscard]] result<std::string> receive(bool forever = false);

  // Has something come (a message, or the peer's end) within `us`? Then receive() does not wait for its
  // start.
  [[nodiscard]] bool heard_within(int64_t us);

  // The descriptor and what was read from it beyond the last message, for one that goes on with plain bytes.
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& surplus() const { return received_; }

 private:
  connection(base::unique_fd fd, std::string name, std::string help, int64_t timeout_us);
  [[nodiscard]] result<void> wait(short events, std::optional<int64_t> deadline_ns);
  [[nodiscard]] refusal lost(std::string_view why);

  base::unique_fd fd_;
  pid_t ssh_ = -1;
  std::string name_;  // for messages: the socket's path or the host
  std::string help_;
  int64_t timeout_us_;
  int64_t first_timeout_us_;
  std::string received_;
  size_t searched_ = 0;
};

}  // namespace grantd::cli
