// SPDX-License-Identifier: Apache-2.0
// How people tell keys apart: `ssh-keygen -l` shows the same. Only to be shown: a key is compared as its
// bytes.
#pragma once

#include <string>
#include <string_view>

namespace grantd::proof {

// "SHA256:" and the hash of the blob in base64 without padding.
[[nodiscard]] std::string fingerprint(std::string_view blob);

// Of "TYPE BASE64", perhaps with a comment; empty: the line is none.
[[nodiscard]] std::string fingerprint_of_line(std::string_view line);

}  // namespace grantd::proof
