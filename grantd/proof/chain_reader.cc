// SPDX-License-Identifier: Apache-2.0
// Follows a chain from its bytes. It must never go on behind a mismatch: what stands there proves nothing.
#include <algorithm>

#include "base/little_endian.h"
#include "proof/record.h"

namespace grantd::proof {

bool chain_reader::take(std::string_view batch,
                        const std::function<void(const record&, const digest&)>& each) {
  std::span<const uint8_t> rest(reinterpret_cast<const uint8_t*>(batch.data()), batch.size());
  while (why_ == fault::none && !rest.empty()) {
    digest stored{};
    uint32_t size = 0;
    constexpr size_t around = sizeof size + stored.size();
    if (rest.size() >= around) size = base::load_little<uint32_t>(rest.data());
    if (rest.size() < around || rest.size() - around < size) {
      why_ = fault::cut;
      break;
    }
    const auto bytes = rest.subspan(sizeof size, size);
    rest = rest.subspan(sizeof size + size);
    std::copy_n(rest.begin(), stored.size(), stored.begin());
    rest = rest.subspan(stored.size());
    const auto got = decode_record(bytes);
    if (!got) {
      why_ = fault::malformed;
    } else if (sequence_ == UINT64_MAX || got->sequence != sequence_ + 1) {
      why_ = fault::sequence;
    } else if (link(head_, bytes) != stored) {
      why_ = fault::changed;
    } else {
      sequence_ = got->sequence;
      head_ = stored;
      if (each) each(*got, stored);
    }
  }
  return why_ == fault::none;
}

}  // namespace grantd::proof
