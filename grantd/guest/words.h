// SPDX-License-Identifier: Apache-2.0
// The sentences guests show to people: one place that turns a verdict into words. Bounded buffers, no locale.
#pragma once

#include <span>

#include "guest/check.h"

namespace grantd::guest {

// "no open grant for orders-db", "the grant g-7k2m for orders-db ended at 17:30 +0100", "... was revoked",
// "the grant opens at 18:00 +0100", "locked: <message>", "the window table cannot be trusted: <fault>".
// Always terminated; cut at a character's border.
void say_denied(const answer& a, const decision::login_point& where, std::span<char> out) noexcept;

// The command that helps: `ask for one: grantctl request orders-db --for 1h --reason "..."` (a guest knows no
// rules, and a reason is never refused where none is asked for); for table faults "tell the administrator:
// grantctl status". Without a known resource: "see: grantctl resources".
void say_help(const answer& a, std::span<char> out) noexcept;

// For who is inside to read and wants to write:
// `ask for writing, if a rule gives it: grantctl request orders-db --read-write --reason "..."`;
// without a known resource RESOURCE in its place, and `(see: grantctl resources)` behind.
void say_help_to_write(const answer& a, std::span<char> out) noexcept;

// "access to orders-db until 17:30 +0100 (58 min left)"
void say_allowed(const answer& a, std::span<char> out) noexcept;

// Why a session is being ended, for the person in it, after ask_again() said so: "grant g-7k2m for orders-db
// ended at 17:30 +0100", "... was revoked at ...", "locked: <message>", "only read-only access to orders-db
// is left: log in again", "no open grant for orders-db".
void say_ended(const answer& a, const decision::login_point& where, std::span<char> out) noexcept;

// "access to orders-db ends in 5 min, at 17:30 +0100"; of an allowing answer, `now` in it.
void say_warning(const answer& a, std::span<char> out) noexcept;

}  // namespace grantd::guest
