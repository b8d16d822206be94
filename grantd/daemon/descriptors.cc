// SPDX-License-Identifier: Apache-2.0
// How many connections the process's descriptors allow.
#include "daemon/descriptors.h"

#include <algorithm>

namespace grantd::daemon {

rlim_t raise_descriptors(const policy::config& c) {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return 0;
  const rlim_t wanted = rlim_t{c.connections} * 2 + spare_descriptors;  // root's are counted apart
  rlimit more = now;
  more.rlim_max = std::max(now.rlim_max, wanted);
  more.rlim_cur = std::max(now.rlim_cur, wanted);
  if (setrlimit(RLIMIT_NOFILE, &more) == 0) return more.rlim_cur;
  more = {now.rlim_max, now.rlim_max};  // not root: what we have
  return setrlimit(RLIMIT_NOFILE, &more) == 0 ? more.rlim_cur : now.rlim_cur;
}

client_limits limits_within(const policy::config& c, rlim_t descriptors) {
  client_limits out{c.connections, c.connections_per_uid, c.message_bytes, c.idle_seconds};
  const rlim_t room = descriptors > spare_descriptors ? (descriptors - spare_descriptors) / 2 : 0;
  if (room >= c.connections) return out;
  out.connections = std::max(1U, static_cast<unsigned>(room));
  const uint64_t share = uint64_t{c.connections_per_uid} * out.connections / c.connections;
  out.connections_per_uid = std::max(1U, static_cast<unsigned>(share));
  return out;
}

}  // namespace grantd::daemon
