// SPDX-License-Identifier: Apache-2.0
// Writes ECS lines for ecs_test.py: every event with its keys, then values that try to break a line.
#include <iostream>

#include "proof/ecs.h"

using namespace grantd;

namespace {

uint64_t sequence = 0;

void put(std::string event, std::vector<std::pair<std::string, std::string>> fields,
         int64_t us = 1795383000000001) {
  proof::digest d{};
  d[0] = 0xab;
  std::cout << proof::ecs_line({++sequence, us, std::move(event), std::move(fields)}, d, "db1.example.org");
}

}  // namespace

int main() {
  put("grant", {{"grant", "32768"},
                {"person", "alice"},
                {"resource", "orders-db"},
                {"by", "bob"},
                {"reason", "OPS-12"},
                {"scope", "pg:alice at pg:main/orders as alice, read-only"},
                {"scope", "os:alice at pam:sshd"}});
  put("expire", {{"grant", "32768"}, {"person", "alice"}, {"by", "clock"}}, 1795383000000000);
  put("session", {{"account", "pg:alice"}, {"remote", "192.0.2.7"}, {"pid", "4711"}, {"reporter", "112"}});
  put("session-end", {{"account", "os:alice"}, {"remote", "bastion"}, {"pid", "0"}});
  put("denied",
      {{"account", "os:krb:x"}, {"remote", "2001:db8::1"}, {"pid", "99999999999"}, {"reason", "no window"}});
  put("break-glass", {{"account", "emergency"}, {"remote", std::string("192.0.2.7\0", 10)}});
  for (const char* event : {"would-deny",
                            "request",
                            "deny",
                            "cancel",
                            "lapse",
                            "granted",
                            "revoke",
                            "give-back",
                            "shorten",
                            "review",
                            "lock",
                            "lock-end",
                            "leftover",
                            "member",
                            "member-end",
                            "member-leftover",
                            "member-found",
                            "policy",
                            "remap",
                            "unlock",
                            "clock-accept",
                            "start",
                            "stop",
                            "checkpoint",
                            "of-a-newer-grantd",
                            "",
                            "\n"})
    put(event, {{"person", "alice"}, {"by", "alice"}});
  put("approve", {{"request", "32768"},
                  {"request", "none"},
                  {"request", "0"},
                  {"lock", "32768"},
                  {"extends", "32768"},
                  {"grants", "32768"}});
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  put("denied", {{"account", all}, {"remote", "\"}\n{\"x\":\"\u2028\u2029\u0085"}, {"x\"\n", "\\"}});
  for (int c = 0; c < 256; ++c)
    put("denied", {{"account", std::string(1, static_cast<char>(c))}, {"role", "ä\xc3"}}, c);
  put("start", {}, 253402300799000000);
  return 0;
}
