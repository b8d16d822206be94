// SPDX-License-Identifier: Apache-2.0
// Any bytes as a frame of session.sock, either way: what decodes encodes to the same bytes.
#include <algorithm>
#include <cstdlib>

#include "wire/registration.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const auto asked = wire::decode_registration({data, size})) {
    std::array<uint8_t, wire::max_registration> again;
    if (encode(*asked, again) != size || !std::equal(data, data + size, again.begin())) std::abort();
  }
  if (const auto answered = wire::decode_registration_answer({data, size})) {
    std::array<uint8_t, wire::max_registration_answer> again;
    if (encode(*answered, again) != size || !std::equal(data, data + size, again.begin())) std::abort();
  }
  return 0;
}
