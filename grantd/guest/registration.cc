// SPDX-License-Identifier: Apache-2.0
// Registers a session with the reaper.
#include "guest/registration.h"
