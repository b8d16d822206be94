// SPDX-License-Identifier: Apache-2.0
// This host's signing key in its file. Must never replace a key, sign with one that others could have read or
// put there, or stop the daemon: without it only checkpoints are refused.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "proof/checkpoint.h"

namespace grantd::daemon {

// The file: 32 bytes, the seed, mode 0600, ours. Beside it PATH.pub: the verifier, one line, mode 0644.
inline constexpr char verifier_suffix[] = ".pub";

// The key at `path`; when nothing is there, one is made, kept (file and directory fsynced) and returned. An
// error is a sentence that names the file. A verifier without its key means that the key was lost: then none
// is made.
[[nodiscard]] std::expected<proof::node_key, std::string> load_or_make_node_key(const std::string& path);

// Writes PATH.pub if it says anything else. Empty, or why not.
[[nodiscard]] std::string keep_verifier(const std::string& path, const std::string& verifier);

// What PATH.pub says, without its newline; the secret is not looked at. The error is a few words.
[[nodiscard]] std::expected<std::string, std::string> read_verifier(const std::string& path);

// Who signs checkpoints here.
struct node_identity {
  std::optional<proof::node_key> key;
  std::string trouble;  // why there is no key: a sentence that names the file
};

}  // namespace grantd::daemon
