// SPDX-License-Identifier: Apache-2.0
// A reaper of the test's own behind the socket guests register at: answers as scripted, keeps what it was
// sent. It registers nothing and ends nobody.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "guest/registration.h"
#include "support/temp_dir.h"

namespace grantd::test {

using frame = std::vector<uint8_t>;

// The bytes; throws when there are none, as of an answer that nobody may give.
[[nodiscard]] frame frame_of(const wire::registration& r);
[[nodiscard]] frame frame_of(const wire::registration_answer& a);

class fake_reaper {
 public:
  // Nothing: silence, the connection stays open. Empty: it hangs up.
  using script = std::function<std::optional<frame>(std::span<const uint8_t>)>;

  // Runs a thread at once unless told otherwise. `uid` is whose the server is to the client: needs root, as
  // does everything that is to be believed; the test is ignored without.
  explicit fake_reaper(script answers, uid_t uid = 0, int backlog = 16, bool starts = true);
  ~fake_reaper();
  fake_reaper(const fake_reaper&) = delete;
  fake_reaper& operator=(const fake_reaper&) = delete;

  void start();
  void answer_by(script answers);
  void attach(int fd);  // every answer from now on carries this descriptor

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<frame> heard() const;  // every frame so far

  // As the reaper answers: what the table says to an open, "closed" to a close.
  [[nodiscard]] static script by_table(std::string table_path);
  [[nodiscard]] static script always(frame answer);

 private:
  void run();
  bool converse(int fd);  // false: hang up

  temp_dir dir_;
  std::string path_;
  base::unique_fd listener_, stop_;
  mutable std::mutex mutex_;
  script script_;
  std::vector<frame> heard_;
  int attached_ = -1;
  std::thread thread_;
};

}  // namespace grantd::test
