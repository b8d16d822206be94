// SPDX-License-Identifier: Apache-2.0
// Says something on the terminals of a session's processes. Never waits; pseudo-terminals only, and only
// those that a member of the cgroup has as its controlling terminal.
#pragma once

#include <string>
#include <string_view>

#include "reaper/cgroup.h"

namespace grantd::reaper {

// One line, put on a line of its own ("\r\n" around it); control bytes in it are replaced. How many terminals
// it is on its way to: a thread of its own writes, since a terminal can be made to hold up who opens it. The
// kernel's rule for write(1) is kept out of it: `mesg n` does not silence an end.
unsigned tell_terminals(const cgroup& session, std::string_view line);

// What that thread does. Opened O_NONBLOCK|O_NOCTTY|O_NOFOLLOW and compared by device number: a name in
// /dev/pts that leads elsewhere gets nothing. Did the terminal take it?
bool write_terminal(unsigned device, const std::string& text);

}  // namespace grantd::reaper
