// SPDX-License-Identifier: Apache-2.0
// Audit records read back, and a chain of them checked from their bytes alone (PROTOCOL.md section 4). Pure;
// untrusted bytes; fuzzed.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proof/chain.h"

namespace grantd::proof {

struct record {
  uint64_t sequence = 0;
  int64_t utc_us = 0;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  [[nodiscard]] std::string_view field(std::string_view key) const;  // the first; empty: none
};

// Exact or nothing: canonical() of the result gives the same bytes.
[[nodiscard]] std::optional<record> decode_record(std::span<const uint8_t> bytes);

// A batch as method AuditChain sends it: for each record u32 length (little-endian), its canonical bytes, its
// stored digest (32).
void put_chained(std::string& batch, std::span<const uint8_t> canonical, const digest& stored);

// Follows a chain from its first record. One mismatch is final.
class chain_reader {
 public:
  enum class fault : uint8_t {
    none,
    cut,        // the batch ends inside a record
    malformed,  // bytes that are no record
    sequence,   // a gap, a repetition, another order
    changed,    // the stored digest is not what record and predecessor give: one of the three was changed
  };
  // Every record in turn to `each` (may be empty) after it was found good. false: stop, see why().
  [[nodiscard]] bool take(std::string_view batch,
                          const std::function<void(const record&, const digest&)>& each);
  [[nodiscard]] uint64_t sequence() const { return sequence_; }  // of the last good record
  [[nodiscard]] const digest& head() const { return head_; }
  [[nodiscard]] fault why() const { return why_; }

 private:
  uint64_t sequence_ = 0;
  digest head_{};
  fault why_ = fault::none;
};

}  // namespace grantd::proof
