// SPDX-License-Identifier: Apache-2.0
// One cgroup, held by descriptor and id.
#include "reaper/cgroup.h"
