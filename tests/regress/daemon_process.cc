// SPDX-License-Identifier: Apache-2.0
// The real grantd, for tests.
#include "daemon_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>

#include "daemon/varlink.h"
#include "support/unity.h"

namespace grantd::test {

client::client(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.c_str(), std::min(path.size() + 1, sizeof to.sun_path));
  base::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) fd_ = std::move(fd);
}

bool client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool client::say(const std::string& method, const std::string& parameters, const std::string& more) const {
  std::string full = method.find('.') == std::string::npos ? "org.grantd.Access." + method : method;
  return send(R"({"method":")" + full + R"(","parameters":)" + parameters + more + "}" +
              std::string(1, '\0'));
}

std::optional<daemon::json::value> client::hear(int deadline_ms) {
  for (;;) {
    auto end = buffer_.find('\0');
    if (end != std::string::npos) {
      auto parsed = daemon::json::parse(std::string_view(buffer_).substr(0, end));
      buffer_.erase(0, end + 1);
      if (!parsed) return std::nullopt;
      return std::move(*parsed);
    }
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (!fd_.valid() || poll(&waiting, 1, deadline_ms) != 1) return std::nullopt;
    char room[65536];
    ssize_t n = recv(fd_.get(), room, sizeof room, 0);
    if (n <= 0) return std::nullopt;
    buffer_.append(room, static_cast<size_t>(n));
  }
}

std::optional<daemon::json::value> client::call(const std::string& method, const std::string& parameters) {
  if (!say(method, parameters)) return std::nullopt;
  return hear();
}

bool client::ended(int deadline_ms) {
  pollfd waiting{fd_.get(), POLLIN, 0};
  if (poll(&waiting, 1, deadline_ms) != 1) return false;
  char byte = 0;
  return recv(fd_.get(), &byte, 1, 0) <= 0;
}

daemon_process::daemon_process() : dir(true) {
  std::filesystem::create_directory(dir / "run");
  write_config();
  write_policy(usual_policy());
}

void daemon_process::write_policy(const std::string& text) { std::ofstream(dir / "policy.toml") << text; }

void daemon_process::write_config(const std::string& more) {
  std::ofstream(config()) << "policy = \"" << dir / "policy.toml" << "\"\nstore = \"" << dir / "store"
                          << "\"\nanchor = \"" << dir / "anchor" << "\"\nrun = \"" << dir / "run"
                          << "\"\nnode_key = \"" << dir / "node_key" << "\"\ntable_group = \"" << getgid()
                          << "\"\n"
                          << more;
}

void daemon_process::launch(const std::function<void()>& in_child, const std::vector<std::string>& more) {
  std::vector<std::string> words = {GRANTD_PROGRAM, "-c", config()};
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::string log_path = dir / "log";
  pid_ = fork();
  TEST_ASSERT_TRUE(pid_ >= 0);
  if (pid_ != 0) return;
  int out = open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  dup2(out, STDERR_FILENO);
  dup2(out, STDOUT_FILENO);
  if (in_child) in_child();
  execv(argv[0], argv.data());
  _exit(127);
}

void daemon_process::start(const std::function<void()>& in_child) {
  launch(in_child);
  bool ready = wait_until(
      [&] {
        if (waitpid(pid_, nullptr, WNOHANG) == pid_) TEST_FAIL_MESSAGE("grantd ended: " + log());
        client c = connect();
        return c.connected() && c.call("Status").has_value();
      },
      30000);
  TEST_ASSERT_TRUE_MESSAGE(ready, "grantd does not answer: " + log());
}

int daemon_process::exited() {
  int status = 0;
  TEST_ASSERT_TRUE(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void daemon_process::kill9() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int daemon_process::terminate() {
  signal(SIGTERM);
  return exited();
}

void daemon_process::signal(int number) const { ::kill(pid_, number); }

std::string daemon_process::log() const {
  std::ifstream in(dir / "log");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string usual_policy(int people) {
  std::string text =
      "[resource.orders-db]\nlogin_points = [\"pg:main/orders\"]\ndefault = \"1h\"\nmax = \"8h\"\n";
  for (int i = 0; i < people; ++i) {
    std::string name = "p" + std::to_string(i);
    text += "[person." + name + "]\npg = \"" + name + "\"\n";
  }
  if (getuid() != 0) {
    const passwd* me = getpwuid(getuid());
    TEST_ASSERT_TRUE(me != nullptr);
    text += "[person.tester]\nos = \"" + std::string(me->pw_name) + "\"\nrights = [\"grant\"]\n";
  }
  return text;
}

std::string error_of(const std::optional<daemon::json::value>& answer) {
  if (!answer) return "(no answer)";
  const auto* e = answer->find("error");
  if (e == nullptr) return "";
  return e->text()->substr(e->text()->rfind('.') + 1);
}

}  // namespace grantd::test
