// SPDX-License-Identifier: Apache-2.0
// Tells the person until when, and why it ended.
#include "notices.h"
