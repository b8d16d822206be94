// SPDX-License-Identifier: Apache-2.0
// Checkpoints: how far the audit had come, signed by this host's key, in the text format of C2SP
// tlog-checkpoint and signed-note. Pure but for making a key.
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "proof/chain.h"

namespace grantd::proof {

// Ed25519. The seed is a secret: wiped when it goes, cannot be printed.
class node_key {
 public:
  using seed = std::array<uint8_t, 32>;
  using public_part = std::array<uint8_t, 32>;
  [[nodiscard]] static node_key make();               // random
  [[nodiscard]] static node_key from(const seed& s);  // the caller wipes its copy
  ~node_key();
  node_key(node_key&&) noexcept;
  node_key& operator=(node_key&&) = delete;
  [[nodiscard]] const public_part& shown() const { return public_; }
  void write_seed(seed& out) const;  // to keep it in a file
  [[nodiscard]] std::array<uint8_t, 64> sign(std::string_view message) const;

 private:
  node_key() = default;
  std::array<uint8_t, 64> secret_{};
  public_part public_{};
};

// "grantd/<uuid in hex>": the origin of its checkpoints and the name of its key.
[[nodiscard]] std::string node_name(std::span<const uint8_t, 16> uuid);
// signed-note's verifier key: "NAME+HASH+BASE64". What an auditor keeps; grantd -T prints it.
[[nodiscard]] std::string print_verifier(std::string_view name, const node_key::public_part& key);
struct verifier {
  std::string name;
  node_key::public_part key;
};
[[nodiscard]] std::optional<verifier> parse_verifier(std::string_view text);

struct checkpoint {
  std::string origin;
  uint64_t size = 0;  // sequence of the last record
  digest head{};
  base::utc_time at{};  // an extension line, "time 2026-11-22T17:30:00Z"
};
[[nodiscard]] std::string sign_checkpoint(const checkpoint& c, const node_key& key);

enum class checkpoint_fault : uint8_t { malformed, other_origin, not_signed, bad_signature };
[[nodiscard]] std::string_view words(checkpoint_fault f);
[[nodiscard]] std::expected<checkpoint, checkpoint_fault> open_checkpoint(std::string_view note,
                                                                          const verifier& by);

}  // namespace grantd::proof
