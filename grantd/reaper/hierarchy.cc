// SPDX-License-Identifier: Apache-2.0
// The version 2 hierarchy: finding, opening and making cgroups.
#include "reaper/cgroup.h"
