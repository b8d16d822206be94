// SPDX-License-Identifier: Apache-2.0
// The real grantd in a directory of its own, and plain clients of its socket. Stops what it started, by pid.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/json.h"
#include "support/temp_dir.h"

namespace grantd::test {

class client {
 public:
  // Connects at once or is not connected.
  explicit client(const std::string& socket);
  [[nodiscard]] bool connected() const { return fd_.valid(); }
  [[nodiscard]] bool send(std::string_view bytes) const;
  [[nodiscard]] bool say(const std::string& method, const std::string& parameters = "{}",
                         const std::string& more = "") const;
  // The next message; nothing when the other side hung up or `deadline_ms` is over.
  [[nodiscard]] std::optional<daemon::json::value> hear(int deadline_ms = 20000);
  [[nodiscard]] std::optional<daemon::json::value> call(const std::string& method,
                                                        const std::string& parameters = "{}");
  // The other side hung up without another message.
  [[nodiscard]] bool ended(int deadline_ms = 20000);
  void hang_up() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  base::unique_fd fd_;
  std::string buffer_;
};

class daemon_process {
 public:
  daemon_process();
  ~daemon_process() { kill9(); }
  daemon_process(const daemon_process&) = delete;
  daemon_process& operator=(const daemon_process&) = delete;

  void write_policy(const std::string& text);
  void write_config(const std::string& more = "");
  // Starts and waits for the first answer. `in_child` runs between fork and exec.
  void start(const std::function<void()>& in_child = {});
  // Starts without waiting; see exited().
  void launch(const std::function<void()>& in_child = {}, const std::vector<std::string>& more = {});
  [[nodiscard]] int exited();  // waits for the end; the exit code, or -signal
  void kill9();
  [[nodiscard]] int terminate();  // SIGTERM; as exited()
  void signal(int number) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string log() const;
  [[nodiscard]] client connect() const { return client(socket()); }
  [[nodiscard]] std::string socket() const { return dir / "run/api.sock"; }
  [[nodiscard]] std::string table() const { return dir / "run/windows"; }
  [[nodiscard]] std::string config() const { return dir / "grantd.toml"; }

  temp_dir dir;

 private:
  pid_t pid_ = -1;
};

// Person pN with role pN for N < people, and us with the right to grant.
[[nodiscard]] std::string usual_policy(int people = 4);
[[nodiscard]] std::string error_of(const std::optional<daemon::json::value>& answer);  // "" for success

}  // namespace grantd::test
