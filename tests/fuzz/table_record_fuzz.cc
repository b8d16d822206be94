// SPDX-License-Identifier: Apache-2.0
// Any 192 bytes as a record and as a point: what decodes encodes to the same bytes, and is never both.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "table/codec.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::array<uint8_t, table::record_size> bytes{}, again{};
  std::copy_n(data, std::min(size, bytes.size()), bytes.begin());
  decision::record record;
  const bool is_record = table::decode_record(bytes, record) == table::fault::none;
  if (is_record && (!table::encode_record(record, again) || bytes != again)) std::abort();
  table::point_name point;
  const bool is_point = table::decode_point(bytes, point) == table::fault::none;
  if (is_point && (!table::encode_point(point, again) || bytes != again)) std::abort();
  if (is_record && is_point) std::abort();
  return 0;
}
