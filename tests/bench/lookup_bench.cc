// SPDX-License-Identifier: Apache-2.0
// Times lookups beside a bare read of one page, in rounds that alternate; asserts nothing. Prints one sample
// a line in nanoseconds ("floor 4100"); tests/bench/run does the arithmetic.
//   lookup_bench warm ROUNDS | once floor|lookup DIR | fill N DIR | beside ROUNDS | publish N ROUNDS
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "guest/check.h"
#include "support/temp_dir.h"
#include "table/publisher.h"

namespace {

using namespace grantd;

std::string name_of(size_t i) { return "person" + std::to_string(i); }

class many_windows : public table::source {
 public:
  explicit many_windows(size_t n) : n_(n), now_(base::boot_now()) {}
  [[nodiscard]] size_t size() const override { return n_; }
  [[nodiscard]] decision::record at(size_t i) const override {
    name_ = name_of(i);
    decision::record r{};
    r.kind = decision::record_kind::window;
    r.who = {decision::identity_class::pg, name_};
    r.where = {decision::point_kind::postgres, "main", "orders", false, false, false};
    r.role = name_;
    r.access = decision::access::read_only;
    r.start = {0};
    r.end = {now_.ns + 3600 * base::ns_per_s};
    r.how = decision::ending::expired;
    r.grant = i + 1;
    if (i + 1 == n_) {  // the last one is for pam_bench: root, at any PAM service
      r.who = {decision::identity_class::os, "root"};
      r.where = {decision::point_kind::pam, "", "", true, false, false};
      r.role = "";
    }
    return r;
  }

 private:
  size_t n_;
  base::boot_time now_;
  mutable std::string name_;
};

void publish(const std::string& path, size_t n, uint64_t sequence) {
  table::publisher p(path, static_cast<gid_t>(-1));
  table::publication what{};
  what.sequence = sequence;
  what.boot = *base::read_boot_id();
  what.written = base::boot_now();
  what.key = {0x0123456789abcdef, sequence};
  if (auto done = p.publish(many_windows(n), what); !done) {
    std::fprintf(stderr, "publish: %s\n", done.error().about.c_str());
    std::exit(1);
  }
}

int64_t ns_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * base::ns_per_s + t.tv_nsec;
}

// What any program must do to read 4 KiB of a file it knows.
void bare_read(const char* path) {
  base::unique_fd fd(open(path, O_RDONLY | O_CLOEXEC));
  struct stat st{};
  char page[4096];
  if (fstat(fd.get(), &st) != 0 || pread(fd.get(), page, sizeof page, 4096) != sizeof page) std::abort();
}

void look_up(const char* path, size_t who) {
  char name[32];
  int size = std::snprintf(name, sizeof name, "person%zu", who);
  decision::account account{decision::identity_class::pg, {name, static_cast<size_t>(size)}};
  guest::login login{};
  login.proved = {&account, 1};
  login.where = {decision::point_kind::postgres, "main", "orders", false};
  login.role = account.name;
  guest::answer a = guest::check(path, login);
  if (!a.verdict.allows()) {
    std::fprintf(stderr, "lookup_bench: refused (%s)\n", table::describe(a.table));
    std::exit(1);
  }
}

template <typename F>
void sample(const char* label, F&& work) {
  int64_t before = ns_now();
  work();
  std::printf("%s %lld\n", label, static_cast<long long>(ns_now() - before));
}

int warm(int rounds) {
  test::temp_dir dir(true);
  std::string small = dir / "small", mid = dir / "mid", large = dir / "large";
  publish(small, 1000, 1);
  publish(mid, 10000, 2);
  publish(large, 100000, 3);
  std::mt19937 random(42);
  for (int i = 0; i < rounds; ++i) {
    sample("floor", [&] { bare_read(mid.c_str()); });
    sample("lookup", [&] { look_up(mid.c_str(), random() % 9999); });
    sample("small", [&] { look_up(small.c_str(), random() % 999); });
    sample("large", [&] { look_up(large.c_str(), random() % 99999); });
  }
  struct stat st{};
  if (stat(mid.c_str(), &st) == 0) std::printf("bytes %lld\n", static_cast<long long>(st.st_size));
  return 0;
}

int publications(size_t n, int rounds) {
  test::temp_dir dir(true);
  for (int i = 0; i < rounds; ++i)
    sample("publish", [&] { publish(dir / "windows", n, static_cast<uint64_t>(i) + 1); });
  return 0;
}

// Readers alone and beside a publisher that never rests, in alternating stretches.
int beside(int rounds) {
  test::temp_dir dir(true);
  std::string path = dir / "windows";
  publish(path, 10000, 1);
  std::mt19937 random(42);
  for (int stretch = 0; stretch < 10; ++stretch) {
    bool busy = stretch % 2 == 1;
    pid_t child = -1;
    if (busy && (child = fork()) == 0) {
      for (uint64_t i = 2;; ++i) publish(path, 10000, i);
    }
    for (int i = 0; i < rounds / 10; ++i) {
      sample(busy ? "beside" : "alone", [&] { look_up(path.c_str(), random() % 9999); });
    }
    std::fflush(stdout);
    if (child > 0) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "warm" && argc == 3) return warm(std::atoi(argv[2]));
  if (what == "publish" && argc == 4)
    return publications(std::strtoul(argv[2], nullptr, 10), std::atoi(argv[3]));
  if (what == "beside" && argc == 3) return beside(std::atoi(argv[2]));
  if (what == "fill" && argc == 4)
    return publish(std::string(argv[3]) + "/windows", std::strtoul(argv[2], nullptr, 10), 1), 0;
  if (what == "once" && argc == 4) {
    std::string path = std::string(argv[3]) + "/windows";
    if (std::strcmp(argv[2], "floor") == 0)
      sample("floor", [&] { bare_read(path.c_str()); });
    else
      sample("lookup", [&] { look_up(path.c_str(), 4711); });
    return 0;
  }
  std::fprintf(stderr, "see the head of lookup_bench.cc\n");
  return 2;
}
