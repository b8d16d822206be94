// SPDX-License-Identifier: Apache-2.0
// One start of an adapter: a program of its own, held to a deadline (ADAPTERS.md). Never waits; believes
// nothing it says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/unique_fd.h"

namespace grantd::provision {

inline constexpr size_t max_output = 1 << 20;           // of stdout: more is a fault
inline constexpr size_t max_complaint = 4096;           // of stderr: more is dropped
inline constexpr int64_t patience_ns = base::ns_per_s;  // between SIGTERM and SIGKILL

struct order {
  std::string program;  // absolute
  std::string step;     // "open", "close", "list"
  std::string input;    // JSON, for its stdin
  int64_t deadline_ns;  // a length
};

struct outcome {
  std::string output;     // its stdout
  std::string complaint;  // its stderr, as far as kept
  std::string trouble;    // why it is not to be believed; empty: it ended by itself with 0
};

// The process must ignore SIGPIPE: an adapter need not read what it is told.
class adapter {
 public:
  // The error is a sentence: it could not be started.
  [[nodiscard]] static std::expected<adapter, std::string> start(const order& o, base::boot_time now);
  adapter(adapter&& other) noexcept;
  adapter& operator=(adapter&&) = delete;
  ~adapter();  // kills what still runs, and reaps it

  // Readable when advance() has something to do; so does the clock at wake().
  [[nodiscard]] int fd() const { return ready_.get(); }
  [[nodiscard]] base::boot_time wake() const { return wake_; }
  // What it has to say by now; the outcome once it is gone, and everything that it left in its group.
  [[nodiscard]] std::optional<outcome> advance(base::boot_time now);

 private:
  adapter() = default;
  [[nodiscard]] bool watch(int fd, uint32_t events) const;
  void feed();
  void read_output();
  void read_complaint();
  void signal(int number) const;  // to its whole group
  [[nodiscard]] bool reap(outcome& to);

  pid_t pid_ = -1;
  base::unique_fd ready_;  // epoll over the others
  base::unique_fd process_;
  base::unique_fd in_;
  base::unique_fd out_;
  base::unique_fd err_;
  std::string input_;
  size_t fed_ = 0;
  std::string output_;
  std::string complaint_;
  std::string trouble_;
  int64_t deadline_ns_ = 0;
  base::boot_time wake_{};
  bool told_to_end_ = false;
};

}  // namespace grantd::provision
