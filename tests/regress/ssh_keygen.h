// SPDX-License-Identifier: Apache-2.0
// The real ssh-keygen, asked about signatures. For tests; throws nothing, asserts nothing: it runs on
// threads.
#pragma once

#include <string>
#include <vector>

namespace grantd::test {

// Its exit code, with `input` as standard input and nothing of what it says; -1 when it could not run.
[[nodiscard]] int ssh_keygen(const std::vector<std::string>& arguments,
                             const std::string& input = "/dev/null");

void write_file(const std::string& path, const std::string& bytes);
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace grantd::test
