// SPDX-License-Identifier: Apache-2.0
// A grantd that answers what a test tells it to, on a thread of its own. Checks nothing itself.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "support/temp_dir.h"

namespace grantd::test {

class fake_grantd {
 public:
  // Gets each message (without its NUL) and gives the bytes to send back, NUL and all; nothing: hang up.
  using script = std::function<std::optional<std::string>(const std::string& message)>;
  explicit fake_grantd(script answers);
  ~fake_grantd();
  fake_grantd(const fake_grantd&) = delete;
  fake_grantd& operator=(const fake_grantd&) = delete;

  [[nodiscard]] std::string path() const { return directory_ / "api.sock"; }
  // Every message so far, in order.
  [[nodiscard]] std::vector<std::string> messages();

 private:
  struct peer {
    base::unique_fd fd;
    std::string received;
  };
  void serve();
  [[nodiscard]] bool talk(peer& p);  // false: it is to be hung up on

  temp_dir directory_;
  script answers_;
  base::unique_fd listener_, stop_read_, stop_write_;
  std::mutex mutex_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

// {"parameters":<json>} and a NUL.
[[nodiscard]] std::string answer(const std::string& parameters);
// {"error":"org.grantd.Access.<name>","parameters":{"message":<message>,"help":<help>}} and a NUL.
[[nodiscard]] std::string error(const std::string& name, const std::string& message,
                                const std::string& help = {});
// Answers by the method's last word; others get MethodNotFound.
[[nodiscard]] fake_grantd::script by_method(std::vector<std::pair<std::string, std::string>> answers);

}  // namespace grantd::test
