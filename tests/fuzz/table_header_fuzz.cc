// SPDX-License-Identifier: Apache-2.0
// Any 128 bytes as a header: with their checksum made right, what decodes encodes to the same bytes.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/little_endian.h"
#include "table/codec.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::array<uint8_t, table::header_size> bytes{};
  std::copy_n(data, std::min(size, bytes.size()), bytes.begin());
  table::header h{};
  if (decode_header(bytes, h) == table::fault::bad_header) {
    base::siphash13 sum({});
    sum.add(bytes.data(), table::header_at::checksum);
    base::store_little(bytes.data() + table::header_at::checksum, sum.finish());
  }
  if (decode_header(bytes, h) != table::fault::none) return 0;
  std::array<uint8_t, table::header_size> again;
  encode_header(h, again);
  if (bytes != again || h.bucket_count == 0 || h.bucket_count > h.page_count) std::abort();
  if (bucket_of(h, decision::account{decision::identity_class::os, "alice"}) >= h.bucket_count) std::abort();
  return 0;
}
