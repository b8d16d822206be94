// SPDX-License-Identifier: Apache-2.0
// What people do in the model test, rightly and not: ask, approve, deny, open, end, sign off.
#include <fmt/core.h>

#include "base/ident.h"
#include "daemon/approval.h"
#include "model_run.h"

namespace grantd::test {
namespace {

using namespace reference;

constexpr seconds minute = 60;

std::string request_id(uint64_t n) { return std::string(base::print_id('r', n).view()); }
std::string grant_id(uint64_t n) { return std::string(base::print_id('g', n).view()); }

std::string with_id(const std::string& id) { return fmt::format(R"({{"id":"{}"}})", id); }

std::string quoted(std::string text) {
  std::string out;
  daemon::json::value(std::move(text)).print_to(out);
  return out;
}

std::string length_member(std::optional<seconds> length) {
  return length ? fmt::format(R"(,"for_us":{})", *length * base::us_per_s) : "";
}

}  // namespace

const signing_key& key_of(person p) {
  switch (p) {
    case alice:
      return alice_key;
    case bob:
      return bob_key;
    case carol:
      return carol_key;
    case bot:
      return bot_key;
    default:
      return strangers_key;
  }
}

place model_run::anywhere() {
  constexpr std::array<place, 8> all = {orders, orders, orders, orders, replica, replica, reports, reports};
  return dice_.one_in(40) ? nowhere : all[static_cast<size_t>(dice_.roll(8))];
}

uint64_t model_run::any_request() {
  const auto& all = m_.requests;
  if (all.empty() || dice_.one_in(50)) return m_.last_request + 5;
  std::vector<uint64_t> some;
  for (const auto& [number, r] : all) {
    if (r.is == phase::pending || dice_.one_in(6)) some.push_back(number);
  }
  return some.empty() ? all.rbegin()->first : some[static_cast<size_t>(dice_.roll(int(some.size())))];
}

uint64_t model_run::any_grant(bool (*likely)(const grant&)) {
  if (m_.grants.empty() || dice_.one_in(50)) return m_.last_grant + 5;
  std::vector<uint64_t> some;
  for (const auto& [number, g] : m_.grants) {
    if (likely(g) || dice_.one_in(8)) some.push_back(number);
  }
  return some.empty() ? m_.grants.rbegin()->first : some[static_cast<size_t>(dice_.roll(int(some.size())))];
}

std::string model_run::text_of(uint64_t number, std::optional<int64_t> length) {
  const daemon::pending_request* p = w_.core->pending().find(number);
  if (p == nullptr) return "nothing";
  return daemon::text_to_sign(p->is, length ? *length * base::us_per_s : p->is.for_us,
                              w_.core->truth().uuid())
      .value_or("nothing");
}

asked model_run::any_ask() {
  asked a;
  a.who = dice_.one_in(4) ? anybody() : alice;
  a.where = anywhere();
  constexpr std::array<seconds, 6> lengths = {10 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 9 * hour};
  if (!dice_.one_in(5)) a.length = lengths[static_cast<size_t>(dice_.roll(dice_.one_in(4) ? 6 : 4))];
  if (dice_.one_in(6)) a.start = m_.wall + minute * (dice_.roll(200) - 10);
  if (dice_.one_in(5)) a.until = m_.wall + minute * (dice_.roll(200) - 10), a.length.reset();
  if (dice_.one_in(30)) a.start = m_.wall + 24 * hour + minute * (dice_.roll(3) - 1);
  a.glass = a.where == orders && dice_.one_in(4);
  a.read_write = a.where == orders ? dice_.one_in(2) : dice_.one_in(20);
  constexpr std::array<const char*, 3> reasons = {"", "OPS-12", "INC-7"};
  a.reason = reasons[static_cast<size_t>(dice_.roll(3))];
  return a;
}

void model_run::ask() {
  const asked a = any_ask();
  const std::string given =
      fmt::format(R"({{"resource":"{}"{}{}{}{}{}{}}})", places[a.where], length_member(a.length),
                  a.until ? fmt::format(R"(,"until_us":{})", *a.until * base::us_per_s) : "",
                  a.start ? fmt::format(R"(,"from_us":{})", *a.start * base::us_per_s) : "",
                  a.read_write ? R"(,"read_write":true)" : "", a.glass ? R"(,"break_glass":true)" : "",
                  a.reason.empty() ? "" : R"(,"reason":)" + quoted(a.reason));
  said(fmt::format("{} asks: {}", names[a.who], given));
  expect(m_.ask(a), call(a.who, "Request", given));
}

// In one turn: as if one after the other.
void model_run::ask_at_once() {
  if (policy_ == no_policy) return;
  asked a = any_ask();
  if (a.where == nowhere) return;
  const bool many = dice_.one_in(3) && a.who != dave;
  if (!a.length) a.length = hour;
  a.until.reset();
  std::vector<std::string> foretold;
  for (int left = many ? 22 : 2 + dice_.roll(2); left > 0; --left) {
    if (many) a.length = minute * left;
    daemon::ask one;
    one.from = 1 + foretold.size();
    one.person = one.by = names[a.who];
    one.resource = places[a.where];
    one.reason = a.reason;
    one.for_us = *a.length * base::us_per_s;
    one.read_write = a.read_write;
    one.break_glass = a.glass;
    if (a.start) one.from_us = *a.start * base::us_per_s;
    w_.core->submit(std::move(one));
    foretold.push_back(m_.ask(a));
  }
  said(fmt::format("{} asks {} times at once for {}{}{}", names[a.who], foretold.size(), places[a.where],
                   a.read_write ? ", read-write" : "", a.glass ? ", break-glass" : ""));
  expect_all(foretold);
}

void model_run::extend() {
  asked a;
  a.extends = any_grant([](const grant& g) { return g.is == fate::open; });
  auto known = m_.grants.find(a.extends);
  a.who = known == m_.grants.end() || dice_.one_in(8) ? anybody() : known->second.who;
  a.length = minute * (1 + dice_.roll(90));
  const std::string given =
      fmt::format(R"({{"extends":"{}"{}}})", grant_id(a.extends), length_member(a.length));
  said(fmt::format("{} extends: {}", names[a.who], given));
  expect(m_.ask(a), call(a.who, "Request", given));
}

void model_run::approve() {
  approving a;
  a.request = any_request();
  constexpr std::array<person, 6> usual = {bob, carol, bob, carol, bob, carol};
  a.key = dice_.one_in(5) ? static_cast<person>(dice_.roll(6)) : usual[static_cast<size_t>(dice_.roll(6))];
  if (a.key == dave) a.key = nobody;  // has none
  a.carrier = a.key == nobody || dice_.one_in(5) ? anybody() : a.key;
  a.is_signed = !dice_.one_in(4);
  auto known = m_.requests.find(a.request);
  if (known != m_.requests.end() && dice_.one_in(4)) {
    a.length = dice_.one_in(5) ? known->second.length + 1 : std::max<seconds>(1, known->second.length / 2);
  }
  std::string text = text_of(a.request, a.length);
  if (a.is_signed && dice_.one_in(8)) {  // over another length, or another request
    a.of_this = false;
    text = dice_.one_in(2) ? text_of(a.request, seconds{61}) : text_of(m_.last_request, {});
    if (text == text_of(a.request, a.length)) text += "x";
  }
  said(fmt::format("{} approves {}{}{}{}", names[a.carrier], request_id(a.request),
                   a.length ? fmt::format(" for {} s", *a.length) : "",
                   a.is_signed ? fmt::format(", signed by {}", names[a.key]) : ", unsigned",
                   a.of_this ? "" : " over something else"));
  std::string given = fmt::format(R"({{"id":"{}"{})", request_id(a.request), length_member(a.length));
  if (a.is_signed) given += R"(,"signature":)" + quoted(armour(make_blob(key_of(a.key), text)));
  expect(m_.approve(a), call(a.carrier, "Approve", given + "}"));
}

// Both in one turn: one grant, and both are told so.
void model_run::approve_twice_at_once() {
  const uint64_t number = any_request();
  if (policy_ == no_policy) return;
  std::vector<std::string> foretold;
  for (person p : {bob, carol}) {
    daemon::word one{.from = 1 + foretold.size(), .request = number, .person = std::string(names[p])};
    one.signature = armour(make_blob(key_of(p), text_of(number, {})));
    w_.core->submit(one);
    foretold.push_back(
        m_.approve({.carrier = p, .key = p, .request = number}, !foretold.empty() && foretold[0].empty()));
  }
  said(fmt::format("bob and carol approve {} at once", request_id(number)));
  expect_all(foretold);
}

void model_run::deny() {
  const uint64_t number = any_request();
  const person who = dice_.one_in(2) ? bob : anybody();
  said(fmt::format("{} denies {}", names[who], request_id(number)));
  expect(m_.deny(who, number), call(who, "Deny", with_id(request_id(number))));
}

void model_run::cancel() {
  const uint64_t number = any_request();
  const person who = dice_.one_in(4) ? anybody() : alice;
  said(fmt::format("{} cancels {}", names[who], request_id(number)));
  expect(m_.cancel(who, number), call(who, "Cancel", with_id(request_id(number))));
}

void model_run::open() {
  const person by = dice_.one_in(8) ? anybody() : dave;
  const person who = anybody();
  const place where = anywhere();
  const seconds length = minute * (1 + dice_.roll(500));
  std::optional<seconds> start;
  if (dice_.one_in(4)) start = m_.wall + minute * (dice_.roll(100) - 5);
  const std::string given = fmt::format(
      R"({{"person":"{}","resource":"{}"{}{}}})", names[who], places[where], length_member(length),
      start ? fmt::format(R"(,"from_us":{})", *start * base::us_per_s) : "");
  said(fmt::format("{} opens: {}", names[by], given));
  expect(m_.open(by, who, where, length, start), call(by, "Grant", given));
}

void model_run::revoke() {
  const uint64_t number = any_grant([](const grant& g) { return g.is == fate::open; });
  const person by = dice_.one_in(6) ? anybody() : dave;
  said(fmt::format("{} revokes {}", names[by], grant_id(number)));
  expect(m_.revoke(by, number), call(by, "Revoke", with_id(grant_id(number))));
}

void model_run::give_back() {
  const uint64_t number = any_grant([](const grant& g) { return g.is == fate::open; });
  auto known = m_.grants.find(number);
  const person who = known == m_.grants.end() || dice_.one_in(4) ? anybody() : known->second.who;
  said(fmt::format("{} gives {} back", names[who], grant_id(number)));
  expect(m_.give_back(who, number), call(who, "GiveBack", with_id(grant_id(number))));
}

void model_run::review() {
  const uint64_t number = any_grant([](const grant& g) { return g.glass; });
  const person who = anybody();
  said(fmt::format("{} signs {} off", names[who], grant_id(number)));
  expect(m_.review(who, number), call(who, "Review", with_id(grant_id(number))));
}

// Mostly by a window that starts with its first use; the second login changes nothing any more.
void model_run::log_in() {
  uint64_t number = any_grant([](const grant& g) { return g.first_use != 0 && g.is == fate::open; });
  auto known = m_.grants.find(number);
  if (known == m_.grants.end() || known->second.first_use == 0) {
    get_first_use();
    compare();
    number = m_.last_grant;
    known = m_.grants.find(number);
    if (known == m_.grants.end()) return;
  }
  const person who = dice_.one_in(10) ? anybody() : known->second.who;
  const place where = dice_.one_in(10) ? orders : known->second.where;
  for (int times = 1 + dice_.roll(2); times > 0; --times) {
    const seconds ago = dice_.one_in(3) ? dice_.roll(1000) : 0;
    said(fmt::format("{} logged in to {} {} s ago", names[who], places[where], ago));
    m_.log_in(who, where, m_.boot - ago);
    m_.settle();
    w_.core->logged_in({{decision::identity_class::pg, names[who]},
                        {decision::point_kind::postgres, "main", places[where], false},
                        {w_.clock.now.boot.ns - ago * base::ns_per_s}});
    w_.turn();
    compare();
    pass(600);
    compare();
  }
}

void model_run::get_first_use() {
  said("alice asks for reports, bob approves by his uid");
  expect(m_.ask({.who = alice, .where = reports, .length = hour}),
         call(alice, "Request", R"({"resource":"reports","for_us":3600000000})"));
  if (!m_.requests.contains(m_.last_request)) return;
  const approving a{.carrier = bob, .is_signed = false, .request = m_.last_request};
  expect(m_.approve(a), call(bob, "Approve", with_id(request_id(a.request))));
}

void model_run::lock() {
  const person by = dice_.one_in(8) ? anybody() : dave;
  const bool on = dice_.one_in(2);
  const subject& s = subjects[static_cast<size_t>(dice_.roll(4))];
  said(fmt::format("{} {} {}", names[by], on ? "locks" : "unlocks", s.printed));
  const std::string given =
      fmt::format("{{{}{}}}", s.printed, on ? R"(,"for_us":8640000000000,"message":"incident")" : "");
  expect(m_.lock(by, s.whom, s.what, on), call(by, on ? "Lock" : "Unlock", given));
}

}  // namespace grantd::test
