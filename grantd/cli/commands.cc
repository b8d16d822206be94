// SPDX-License-Identifier: Apache-2.0
// The table of subcommands: adding one is adding a file and a row.
#include "cli/commands.h"

namespace grantd::cli {

std::span<const command* const> commands() {
  static constexpr const command* all[] = {
      &status_command,        &request_command,
      &extend_command,        &requests_command,
      &show_command,          &cancel_command,
      &give_back_command,     &approve_command,
      &deny_command,          &review_command,
      &explain_command,       &resources_command,
      &list_command,          &sessions_command,
      &people_command,        &watch_command,
      &grant_command,         &revoke_command,
      &lock_command,          &unlock_command,
      &locks_command,         &policy_test_command,
      &policy_reload_command, &audit_command,
      &audit_verify_command,  &audit_checkpoint_command,
      &audit_export_command,  &audit_approval_command,
      &clock_command,         &store_command,
      &call_command,          &stdio_command,
      &keys_command,          &grant_temporary_command,
  };
  return all;
}

}  // namespace grantd::cli
