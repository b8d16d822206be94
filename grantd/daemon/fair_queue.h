// SPDX-License-Identifier: Apache-2.0
// Who is heard next: uids in turn, and the connections of one uid in turn. Whatever one uid queues, another
// waits for one of its calls at most. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace grantd::daemon {

class fair_queue {
 public:
  // At most once until pop() gave it out.
  void push(uid_t uid, uint64_t number) {
    auto& mine = waiting_[uid];
    if (mine.empty()) turns_.push_back(uid);
    mine.push_back(number);
  }
  [[nodiscard]] std::optional<uint64_t> pop() {
    if (turns_.empty()) return std::nullopt;
    uid_t uid = turns_.front();
    turns_.pop_front();
    auto at = waiting_.find(uid);
    uint64_t number = at->second.front();
    at->second.pop_front();
    if (at->second.empty()) {
      waiting_.erase(at);
    } else {
      turns_.push_back(uid);
    }
    return number;
  }
  [[nodiscard]] bool empty() const { return turns_.empty(); }

 private:
  std::deque<uid_t> turns_;  // each uid of waiting_ once
  std::map<uid_t, std::deque<uint64_t>> waiting_;
};

}  // namespace grantd::daemon
