// SPDX-License-Identifier: Apache-2.0
// Asks again for a session that is inside.
#include "guest/live.h"
