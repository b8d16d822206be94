// SPDX-License-Identifier: Apache-2.0
// Watches the window table and pokes backends.
#include "worker.h"
