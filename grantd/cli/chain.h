// SPDX-License-Identifier: Apache-2.0
// The audit's chain as its bytes: from grantd (AuditChain) or from a file, batch by batch. Believes nothing;
// checks nothing but sizes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "cli/command.h"
#include "proof/record.h"

namespace grantd::cli {

// The next bytes, whole records each time; nothing at the end. What is left over at the end of a file comes
// as it is: a chain_reader says that it is cut.
using batches = std::function<result<std::optional<std::string>>()>;

// From the record after `after` on. `c` must outlive it.
[[nodiscard]] result<batches> batches_of_daemon(context& c, uint64_t after);
[[nodiscard]] result<batches> batches_of_file(const std::string& path);

// The bytes of the records of a batch, in turn, with their stored digests; `take` returns false to stop.
// false: the batch ends inside a record.
bool each_chained(
    std::string_view batch,
    const std::function<bool(std::span<const uint8_t> bytes, const proof::digest& stored)>& take);

// The records of all batches from `after` on to `take`, decoded but not checked, until it returns false.
[[nodiscard]] result<void> each_record(
    context& c, uint64_t after, const std::function<bool(const proof::record&, const proof::digest&)>& take);

}  // namespace grantd::cli
