// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes presence datagrams. Untrusted bytes in; no allocation, no logging, no clock.
#include "wire/presence.h"
