// SPDX-License-Identifier: Apache-2.0
// Any bytes as a record and as a batch of a chain: what decodes encodes to the same bytes and makes one line
// of ECS; a chain that was followed to its end is written the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "proof/ecs.h"
#include "proof/record.h"

using namespace grantd;

namespace {

std::vector<uint8_t> encode(const proof::record& r) {
  std::vector<std::pair<std::string_view, std::string_view>> fields(r.fields.begin(), r.fields.end());
  return proof::canonical({r.sequence, r.utc_us, r.event, fields});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (auto r = proof::decode_record({data, size})) {
    auto again = encode(*r);
    if (!std::ranges::equal(again, std::span(data, size))) std::abort();
    std::string line = proof::ecs_line(*r, {}, "host");
    if (line.find('\n') != line.size() - 1) std::abort();
  }
  std::string_view batch(reinterpret_cast<const char*>(data), size);
  std::string written;
  proof::chain_reader reader;
  bool good = reader.take(batch, [&](const proof::record& r, const proof::digest& d) {
    proof::put_chained(written, encode(r), d);
  });
  if (good != (reader.why() == proof::chain_reader::fault::none)) std::abort();
  if (!batch.starts_with(written) || good != (written == batch)) std::abort();
  return 0;
}
