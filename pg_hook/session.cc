// SPDX-License-Identifier: Apache-2.0
// The end of the window in a backend.
#include "session.h"
