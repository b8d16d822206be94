// SPDX-License-Identifier: Apache-2.0
// Ends what systemd runs for a user outside of their sessions.
#include "reaper/user_services.h"
