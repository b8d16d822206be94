// SPDX-License-Identifier: Apache-2.0
// Takes a key blob apart to the last byte. No cryptography: a point that is not on the curve verifies
// nothing.
#include "proof/public_key.h"

#include "base/names.h"
#include "proof/ssh_string.h"

namespace grantd::proof {
namespace {
constexpr size_t point_size = 32;
constexpr size_t max_application = 255;
// What ssh-keygen makes, and all it makes. A credential of a web page has the page's name here instead, so
// what somebody was led to sign in a browser is never an approval.
constexpr std::string_view ssh_application = "ssh:";
}  // namespace

std::expected<public_key, key_fault> read_public_key(std::string_view blob) {
  ssh_reader in(blob);
  auto type = in.string();
  if (!type) return std::unexpected(key_fault::malformed);
  if (*type != ed25519_type && *type != sk_ed25519_type) return std::unexpected(key_fault::type);
  public_key out{.type = *type, .point = {}, .application = {}};
  auto point = in.string();
  if (!point || point->size() != point_size) return std::unexpected(key_fault::malformed);
  out.point = *point;
  if (*type == sk_ed25519_type) {
    auto application = in.string();
    if (!application || application->size() > max_application) return std::unexpected(key_fault::malformed);
    if (!application->starts_with(ssh_application) || !base::is_printable_utf8(*application))
      return std::unexpected(key_fault::application);
    out.application = *application;
  }
  if (!in.done()) return std::unexpected(key_fault::malformed);
  return out;
}

}  // namespace grantd::proof
