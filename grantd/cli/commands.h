// SPDX-License-Identifier: Apache-2.0
// Every subcommand, each defined in the file of its name.
#pragma once

#include "cli/command.h"

namespace grantd::cli {

extern const command approve_command;
extern const command audit_approval_command;
extern const command audit_checkpoint_command;
extern const command audit_command;
extern const command audit_export_command;
extern const command audit_verify_command;
extern const command call_command;
extern const command cancel_command;
extern const command clock_command;
extern const command deny_command;
extern const command explain_command;
extern const command extend_command;
extern const command give_back_command;
extern const command grant_command;
extern const command grant_temporary_command;
extern const command keys_command;
extern const command list_command;
extern const command lock_command;
extern const command locks_command;
extern const command people_command;
extern const command policy_reload_command;
extern const command policy_test_command;
extern const command request_command;
extern const command requests_command;
extern const command resources_command;
extern const command review_command;
extern const command revoke_command;
extern const command sessions_command;
extern const command show_command;
extern const command status_command;
extern const command stdio_command;
extern const command store_command;
extern const command unlock_command;
extern const command watch_command;

}  // namespace grantd::cli
