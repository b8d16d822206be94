// SPDX-License-Identifier: Apache-2.0
// The connection to grantd: asks for work, hands over what came of it. Never waits; a grantd that is away or
// refuses is tried again.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"
#include "provision/queue.h"

namespace grantd::provision {

struct told {
  std::string system;
  work what;
};

class link {
 public:
  link(std::string socket, std::vector<std::string> systems)
      : socket_(std::move(socket)), systems_(std::move(systems)) {}

  [[nodiscard]] bool connected() const { return fd_.valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool has_output() const { return sent_ < out_.size(); }
  // Connects and subscribes. The error is a sentence.
  [[nodiscard]] std::expected<void, std::string> connect();
  // What grantd has said; the error is a sentence, and the connection is over.
  [[nodiscard]] std::expected<std::vector<told>, std::string> receive();
  [[nodiscard]] bool flush();  // false: the connection is over
  void drop();

  void done(uint64_t number);
  void failed(uint64_t number, const std::string& why);
  void found(uint64_t number, const std::vector<membership>& all);

 private:
  void call(std::string_view method, cli::value parameters, std::string_view how);

  std::string socket_;
  std::vector<std::string> systems_;
  base::unique_fd fd_;
  std::string in_;
  std::string out_;
  size_t sent_ = 0;
};

}  // namespace grantd::provision
