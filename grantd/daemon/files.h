// SPDX-License-Identifier: Apache-2.0
// The files people write: grantd.toml, policy.toml and those of policy.d, read whole and checked for who
// could have written them.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "policy/config.h"
#include "policy/policy.h"
#include "proof/allowed_signers.h"

namespace grantd::daemon {

// A regular file of at most `max` bytes that belongs to root or us and that nobody else may write. The error
// is a sentence with path and reason.
[[nodiscard]] std::expected<std::string, std::string> read_own_file(const std::string& path, size_t max);

// A configuration that is absent is the defaults when `optional`. Errors: one line for each mistake.
[[nodiscard]] std::expected<policy::config, std::string> load_config(const std::string& path, bool optional);
// The files of the policy at `path`, in their order.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> policy_files(const std::string& path);
// `path`, and every *.toml of the directory beside it that has its name and ends in .d (policy.d), in
// bytewise order: one policy, all or nothing. Unix groups are asked of the name service, zones read below
// /usr/share/zoneinfo. A name service that fails is an error: the groups would look empty.
[[nodiscard]] std::expected<std::shared_ptr<const policy::policy>, std::string> load_policy(
    const std::string& path);

// No file: nobody besides the policy's own keys.
[[nodiscard]] std::expected<std::vector<proof::allowed_signer>, std::string> load_signers(
    const std::string& path);

}  // namespace grantd::daemon
