// SPDX-License-Identifier: Apache-2.0
// Any bytes as an allowed_signers file: mistakes in printable words, or signers without patterns.
#include <cstdint>
#include <cstdlib>

#include "base/names.h"
#include "proof/allowed_signers.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto got = proof::parse_allowed_signers({reinterpret_cast<const char*>(data), size});
  if (!got) {
    if (got.error().empty()) std::abort();
    for (const auto& m : got.error()) {
      if (m.line == 0 || !base::is_printable_utf8(m.what)) std::abort();
    }
    return 0;
  }
  for (const auto& s : *got) {
    if (s.principals.empty() || s.blob.find(s.key_type) != 4) std::abort();
    for (const auto& p : s.principals) {
      if (p.empty() || p.find_first_of("*?!\", ") != p.npos) std::abort();
    }
    if (s.valid_after && s.valid_before && *s.valid_before <= *s.valid_after) std::abort();
  }
  return 0;
}
