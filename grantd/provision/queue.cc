// SPDX-License-Identifier: Apache-2.0
// What is to be done in one system.
#include "provision/queue.h"

#include <algorithm>
#include <utility>

namespace grantd::provision {
namespace {

bool same_place(const work& a, const work& b) {
  return (a.step == "list") == (b.step == "list") && a.of == b.of;
}

}  // namespace

void queue::put(work w) {
  std::erase_if(waiting_, [&](const item& i) { return same_place(i.what, w); });
  if (busy_ && same_place(running_, w)) again_ = false;
  waiting_.push_back({std::move(w)});
}

std::optional<work> queue::begin(base::boot_time now) {
  if (busy_) return std::nullopt;
  auto at = std::ranges::find_if(waiting_, [&](const item& i) { return i.due <= now; });
  if (at == waiting_.end()) return std::nullopt;
  current_ = std::move(*at);
  waiting_.erase(at);
  running_ = current_.what;
  busy_ = again_ = true;
  return running_;
}

void queue::finished(bool done, base::boot_time now) {
  busy_ = false;
  if (done || !std::exchange(again_, false)) return;
  current_.due = {now.ns + current_.delay_ns};
  current_.delay_ns = std::min(2 * current_.delay_ns, longest_delay_ns);
  waiting_.push_back(std::move(current_));
}

std::optional<base::boot_time> queue::next() const {
  if (busy_ || waiting_.empty()) return std::nullopt;
  return std::ranges::min_element(waiting_, {}, &item::due)->due;
}

}  // namespace grantd::provision
