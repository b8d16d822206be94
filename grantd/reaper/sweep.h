// SPDX-License-Identifier: Apache-2.0
// Ends a cgroup from outside. Its user may own the directory (systemd gives them user@UID.service) and can
// shut it: of root's rights the reaper has CAP_KILL alone.
#pragma once

#include <string>

namespace grantd::reaper {

// SIGKILL to each process that /proc shows in the cgroup at `path` or below, a few times over. Who forks fast
// enough may stay, and nothing tells: cgroup::kill() where it can be had, and the caller comes again.
void sweep(const std::string& path);

}  // namespace grantd::reaper
