// SPDX-License-Identifier: Apache-2.0
// Makes what the tests of requests share.
#include "requests_data.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "support/unity.h"

namespace grantd::test {

asked ask(fake_grantd::script script, std::vector<std::string> args, const stage& s) {
  fake_grantd daemon(std::move(script));
  outcome o = run_at(daemon.path(), std::move(args), s);
  return {o, daemon.messages()};
}

std::string request_of(const std::string& state, const std::string& more) {
  std::string text = R"({"id":"r-7k2m","person":"alice","resource":"orders-db","access":"read-only",)" +
                     more + R"("reason":"OPS-12","for_us":3600000000,"state":")" + state +
                     R"(","needs":1,"signed":true,"made_us":1795345200000000,"made_by":"alice",)"
                     R"("lapses_us":1795365000000000,"left_us":16200000000)";
  if (state == "pending" && more.find("\"approvers\"") == more.npos)
    text += R"(,"approvers":["bob","carol"])";
  if (more.find("\"approved_by\"") == more.npos) text += R"(,"approved_by":[])";
  if (state == "granted") text += R"(,"grant":"g-7k2m")";
  return text + "}";
}

std::string grant_of(const std::string& state, const std::string& more, const std::string& id) {
  return R"({"id":")" + id + R"(","person":"alice","resource":"orders-db","access":"read-only",)" + more +
         R"("not_before_us":1795345200000000,"not_after_us":1795365000000000,"left_us":16200000000,"state":")" +
         state +
         R"(","made_us":1795345200000000,"made_by":"alice","reason":"OPS-12","login_points":["pg:main/orders"]})";
}

const std::string approval_text =
    "grantd approval, version 1\n"
    "host: 0f3c0f3c0f3c0f3c0f3c0f3c0f3c0f3c\n"
    "request: r-7k2m\n"
    "person: alice\n"
    "resource: orders-db\n"
    "access: read-only\n"
    "for: 1h (3600 s)\n"
    "start: at approval\n"
    "asked: 2026-11-22T11:00:00Z\n"
    "scope: pg:alice at pg:main/orders as alice, read-only\n"
    "reason: OPS-12\n";

std::string text_answer(const std::string& text, bool is_signed, const std::string& keys) {
  std::string escaped;
  for (char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\033') {
      escaped += "\\u001b";
    } else {
      escaped += c;
    }
  }
  return answer("{\"text\":\"" + escaped + "\",\"signed\":" + (is_signed ? "true" : "false") +
                (keys.empty() ? "" : ",\"keys\":" + keys) + "}");
}

terminal::terminal() {
  outside_.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  char name[64];
  if (!outside_.valid() || grantpt(outside_.get()) != 0 || unlockpt(outside_.get()) != 0 ||
      ptsname_r(outside_.get(), name, sizeof name) != 0)
    throw std::runtime_error("no pseudo-terminal");
  name_ = name;
  inside_.reset(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios t{};
  (void)tcgetattr(inside_.get(), &t);
  t.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  t.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  (void)tcsetattr(inside_.get(), TCSANOW, &t);
}

void terminal::type(const std::string& text) const {
  pollfd there{inside_.get(), POLLIN, 0};
  if (write(outside_.get(), text.data(), text.size()) < 0 || poll(&there, 1, 10'000) != 1)
    throw std::runtime_error("pseudo-terminal");
}

std::string terminal::answer(const std::string& question, const std::string& text,
                             const std::function<void()>& run) const {
  std::string all;
  std::thread typist([&] {
    auto asked = [&] { return (all += seen()).ends_with(question); };
    if (wait_until(asked) && write(outside_.get(), text.data(), text.size()) < 0) all += "(not typed)";
  });
  run();
  typist.join();
  return all + seen();
}

std::string terminal::seen() const {
  std::string text;
  char buffer[4096];
  for (;;) {
    pollfd p{outside_.get(), POLLIN, 0};
    if (poll(&p, 1, 0) <= 0) return text;
    ssize_t n = read(outside_.get(), buffer, sizeof buffer);
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

std::string contents(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path).rdbuf();
  return all.str();
}

}  // namespace grantd::test
