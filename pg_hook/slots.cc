// SPDX-License-Identifier: Apache-2.0
// The shared memory: one slot for each backend.
#include "slots.h"
