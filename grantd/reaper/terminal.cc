// SPDX-License-Identifier: Apache-2.0
// Writes to the terminals of a session; never waits.
#include "reaper/terminal.h"
