// SPDX-License-Identifier: Apache-2.0
// Any bytes as an armoured signature, and as the blob inside one: refused, or a key of a type that counts
// here.
#include <cstdint>
#include <cstdlib>

#include "proof/base64.h"
#include "proof/sshsig.h"

using namespace grantd;

namespace {

void look(std::string_view armour) {
  auto got = proof::verify_sshsig(armour, proof::approval_namespace, "text");
  if (!got && words(got.error()).empty()) std::abort();
  if (got && got->type != "ssh-ed25519" && got->type != "sk-ssh-ed25519@openssh.com") std::abort();
  if (got && got->blob.find(got->type) != 4) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  look(bytes);
  look("-----BEGIN SSH SIGNATURE-----\n" + proof::encode_base64(bytes) + "\n-----END SSH SIGNATURE-----\n");
  return 0;
}
