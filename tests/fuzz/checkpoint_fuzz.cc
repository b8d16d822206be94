// SPDX-License-Identifier: Apache-2.0
// Any bytes as a verifier key and as a note: a verifier prints the same; a note is believed only with a good
// signature, and then begins with exactly what that says.
#include <cstdint>
#include <cstdlib>

#include "proof/checkpoint.h"

using namespace grantd;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const proof::node_key key = proof::node_key::from(proof::node_key::seed{});
  static const proof::verifier by{proof::node_name(std::array<uint8_t, 16>{}), key.shown()};
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto v = proof::parse_verifier(text); v && proof::print_verifier(v->name, v->key) != text) std::abort();
  auto got = proof::open_checkpoint(text, by);
  if (!got) return words(got.error()).empty() ? (std::abort(), 0) : 0;
  std::string note = proof::sign_checkpoint(*got, key);
  if (!text.starts_with(note.substr(0, note.find("\n\n") + 2))) std::abort();
  return 0;
}
