// SPDX-License-Identifier: Apache-2.0
// An audit record as an entry of the journal. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/journal.h"
#include "service/log.h"
#include "store/store.h"

namespace grantd::daemon {

// alert: what somebody should look at now (break-glass, what is left over); else by how rare it is.
[[nodiscard]] service::level level_of(const store::audit_row& row);

// A checkpoint for a log: its lines one after the other, a space between two.
[[nodiscard]] std::string on_one_line(std::string_view note);

// One line: "revoke g-7k2m: alice on orders-db, by carol: OPS-12".
[[nodiscard]] std::string sentence_of(const store::audit_row& row);

// MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, GRANTD_EVENT, GRANTD_SEQUENCE and those of GRANTD_PERSON, _RESOURCE,
// _ACCOUNT, _LOGIN_POINT, _GRANT, _REQUEST (ids as people write them), _BY, _REASON, _CHECKPOINT (the signed
// text, with its newlines) that the record has.
[[nodiscard]] std::vector<service::journal_field> journal_entry(const store::audit_row& row);

}  // namespace grantd::daemon
