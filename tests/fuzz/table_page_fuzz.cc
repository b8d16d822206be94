// SPDX-License-Identifier: Apache-2.0
// Any 4 KiB as a page, checksum made right: what decodes stays inside the table and encodes to the same
// bytes.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/little_endian.h"
#include "table/codec.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  table::header h{};
  h.sequence = 7;
  h.page_count = 9;
  h.bucket_count = 4;
  h.key = {1, 2};
  constexpr uint32_t index = 2;
  std::array<uint8_t, table::page_size> bytes{};
  std::copy_n(data, std::min(size, bytes.size()), bytes.begin());
  base::siphash13 sum(h.key);
  sum.add(bytes.data() + table::page_at::sequence, table::page_size - table::page_at::sequence);
  base::store_little(bytes.data(), sum.finish());
  table::page_head head{};
  if (decode_page(bytes, h, index, head) != table::fault::none) return 0;
  if (head.count > table::records_per_page) std::abort();
  if (head.next != table::no_page && (head.next <= index || head.next >= h.page_count)) std::abort();
  auto again = bytes;
  encode_page(h, index, head, again);
  if (bytes != again) std::abort();
  return 0;
}
