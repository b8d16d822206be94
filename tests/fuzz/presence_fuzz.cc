// SPDX-License-Identifier: Apache-2.0
// Any bytes as presence: what decodes encodes to the same bytes.
#include <algorithm>
#include <cstdlib>

#include "wire/presence.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto heard = wire::decode_presence({data, size});
  if (!heard) return 0;
  std::array<uint8_t, wire::max_presence> again;
  if (encode(*heard, again) != size || !std::equal(data, data + size, again.begin())) std::abort();
  return 0;
}
