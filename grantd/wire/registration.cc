// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes frames of session.sock. Untrusted bytes in; no allocation, no logging, no clock.
#include "wire/registration.h"
