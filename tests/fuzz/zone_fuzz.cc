// SPDX-License-Identifier: Apache-2.0
// Any bytes as a TZif file: refused, or a zone whose every offset is less than a day or so.
#include <cstdlib>

#include "policy/zone.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto zone = policy::parse_zone({reinterpret_cast<const char*>(data), size});
  if (!zone) return 0;
  if (zone->offsets_s.size() != zone->changes_s.size() + 1) std::abort();
  for (int64_t s = -70'000'000'000; s < 260'000'000'000; s += 777'777'777) {
    for (int64_t us : {s * 1'000'000, s * 1'000'000 + 999'999}) {
      auto offset = policy::offset_at(*zone, {us});
      if (offset && (*offset < -90'000 || *offset > 93'600)) std::abort();
    }
  }
  for (int64_t us : {INT64_MIN, INT64_MAX}) {
    if (policy::offset_at(*zone, {us})) std::abort();
  }
  return 0;
}
