// SPDX-License-Identifier: Apache-2.0
// Any bytes as grantd.toml: mistakes or a configuration, never a crash; what is taken prints and reads back
// the same.
#include <cstdint>
#include <cstdlib>

#include "base/names.h"
#include "policy/config.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto got = policy::parse_config({reinterpret_cast<const char*>(data), size}, "grantd.toml");
  if (got) {
    auto again = policy::parse_config(print(*got), "printed");
    if (!again || *again != *got) std::abort();
    return 0;
  }
  if (got.error().empty()) std::abort();
  for (const auto& m : got.error()) {
    if (!base::is_printable_utf8(print(m))) std::abort();
  }
  return 0;
}
