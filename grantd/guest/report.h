// SPDX-License-Identifier: Apache-2.0
// Tells grantd what was decided: one datagram, never waited for; lost when grantd is not there.
#pragma once

#include "guest/check.h"
#include "wire/report.h"

namespace grantd::guest {

// `socket_path` absolute. Errors are ignored by design: syslog and PostgreSQL's log have it too.
void send_report(const char* socket_path, const login& who, const answer& a, wire::outcome outcome,
                 std::string_view remote) noexcept;

}  // namespace grantd::guest
