// SPDX-License-Identifier: Apache-2.0
// Load for a running grantd, over plain sockets. Prints nanoseconds ("grant 400000"); asserts nothing.
//   daemon_bench grants SOCKET LABEL ROUNDS      one client: grant, revoke, one after the other
//   daemon_bench changes SOCKET CLIENTS ROUNDS   many clients at once; prints "changes COUNT NS"
//   daemon_bench stuck SOCKET COUNT              idle, half a frame, never reading: until standard input ends
//   daemon_bench fsync FILE ROUNDS               append 200 bytes and fsync
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace {

using grantd::base::unique_fd;

long long ns_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "daemon_bench: %s\n", why.c_str());
  std::exit(1);
}

unique_fd dial(const char* path) {
  unique_fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    die(std::string("connect: ") + strerror(errno));
  return fd;
}

void send_all(const unique_fd& fd, const std::string& text) {
  if (send(fd.get(), text.c_str(), text.size() + 1, MSG_NOSIGNAL) != static_cast<ssize_t>(text.size() + 1))
    die("send");
}

std::string receive(const unique_fd& fd) {
  std::string answer;
  char piece[4096];
  while (answer.empty() || answer.back() != '\0') {
    ssize_t got = recv(fd.get(), piece, sizeof piece, 0);
    if (got <= 0) die("the daemon hung up");
    answer.append(piece, static_cast<size_t>(got));
  }
  if (answer.find("\"error\"") != std::string::npos) die(answer);
  return answer;
}

std::string grant(size_t person) {
  return R"({"method":"org.grantd.Access.Grant","parameters":{"person":"p)" + std::to_string(person) +
         R"(","resource":"orders-db","for_us":3600000000}})";
}
std::string revoke(std::string_view answer) {
  size_t at = answer.find("\"id\":\"");
  if (at == std::string_view::npos) die("no id in the answer");
  std::string id(answer.substr(at + 6, answer.find('"', at + 6) - at - 6));
  return R"({"method":"org.grantd.Access.Revoke","parameters":{"id":")" + id + R"(","reason":"bench"}})";
}

int grants(const char* path, const char* label, int rounds) {
  unique_fd fd = dial(path);
  for (int i = 0; i < rounds; ++i) {
    long long before = ns_now();
    send_all(fd, grant(0));
    std::string answer = receive(fd);
    std::printf("%s %lld\n", label, ns_now() - before);
    send_all(fd, revoke(answer));
    receive(fd);
  }
  return 0;
}

int changes(const char* path, size_t clients, int rounds) {
  std::vector<unique_fd> fds;
  std::vector<std::string> answers(clients);
  for (size_t i = 0; i < clients; ++i) fds.push_back(dial(path));
  long long before = ns_now();
  for (int round = 0; round < 2 * rounds; ++round) {
    for (size_t i = 0; i < clients; ++i) send_all(fds[i], round % 2 == 0 ? grant(i) : revoke(answers[i]));
    for (size_t i = 0; i < clients; ++i) answers[i] = receive(fds[i]);
  }
  std::printf("changes %zu %lld\n", clients * 2 * static_cast<size_t>(rounds), ns_now() - before);
  return 0;
}

int stuck(const char* path, size_t count) {
  rlimit limit{count + 64, count + 64};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
  std::vector<unique_fd> fds;
  for (size_t i = 0; i < count; ++i) {
    fds.push_back(dial(path));
    if (i % 3 == 1) (void)send(fds.back().get(), "{\"method\":\"org.gra", 17, MSG_NOSIGNAL);
    if (i % 3 == 2)
      send_all(fds.back(), R"({"method":"org.grantd.Access.Resources"})");  // the answer is never read
  }
  std::printf("stuck %zu\n", fds.size());
  std::fflush(stdout);
  return std::getchar() == EOF ? 0 : 0;
}

int syncs(const char* file, int rounds) {
  unique_fd fd(open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  char bytes[200] = {};
  for (int i = 0; i < rounds; ++i) {
    long long before = ns_now();
    if (write(fd.get(), bytes, sizeof bytes) != sizeof bytes || fsync(fd.get()) != 0) die("fsync");
    std::printf("fsync %lld\n", ns_now() - before);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "grants" && argc == 5) return grants(argv[2], argv[3], std::atoi(argv[4]));
  if (what == "changes" && argc == 5)
    return changes(argv[2], std::strtoul(argv[3], nullptr, 10), std::atoi(argv[4]));
  if (what == "stuck" && argc == 4) return stuck(argv[2], std::strtoul(argv[3], nullptr, 10));
  if (what == "fsync" && argc == 4) return syncs(argv[2], std::atoi(argv[3]));
  std::fprintf(stderr, "see the head of daemon_bench.cc\n");
  return 2;
}
