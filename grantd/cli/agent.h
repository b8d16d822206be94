// SPDX-License-Identifier: Apache-2.0
// Is the ssh agent here, or reached through an ssh connection?
#pragma once

#include <string>

namespace grantd::cli {

// Whoever listens on `socket` is asked of the kernel (SO_PEERCRED): an sshd is the far end of `ssh -A`,
// whatever the path is called. One that has ended was an ssh-agent, which goes into the background. Where it
// cannot be known (another pid namespace, hidden /proc), the agent counts as forwarded when this is an ssh
// session. An agent that itself passes on to a forwarded one is not seen through. A socket that nobody
// listens on is no agent: false.
[[nodiscard]] bool is_forwarded_agent(const std::string& socket, bool ssh_session);

}  // namespace grantd::cli
