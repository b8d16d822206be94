// SPDX-License-Identifier: Apache-2.0
// Any bytes as a report: what decodes encodes to the same bytes.
#include <algorithm>
#include <cstdlib>

#include "wire/report.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto report = wire::decode_report({data, size});
  if (!report) return 0;
  std::array<uint8_t, wire::max_report> again;
  if (encode(*report, again) != size || !std::equal(data, data + size, again.begin())) std::abort();
  return 0;
}
