// SPDX-License-Identifier: Apache-2.0
// Times pam_acct_mgmt through the real libpam, one service after the other in every round ("grantd 5100",
// ns).
//   pam_bench CONFDIR USER ROUNDS [fresh] SERVICE...   fresh: each call in a process of its own
#include <security/pam_appl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

int silent(int, const pam_message**, pam_response**, void*) { return PAM_CONV_ERR; }

long long ns_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void account(const char* dir, const char* user, const char* service) {
  pam_conv conversation{silent, nullptr};
  pam_handle_t* pam = nullptr;
  if (pam_start_confdir(service, user, &conversation, dir, &pam) != PAM_SUCCESS) std::abort();
  long long before = ns_now();
  int answer = pam_acct_mgmt(pam, PAM_SILENT);
  std::printf("%s %lld\n", service, ns_now() - before);
  if (answer != PAM_SUCCESS) {
    std::fprintf(stderr, "pam_bench: %s refused: %s\n", service, pam_strerror(pam, answer));
    std::exit(1);
  }
  pam_end(pam, answer);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  int rounds = std::atoi(argv[3]), first = 4;
  bool fresh = std::strcmp(argv[4], "fresh") == 0;
  if (fresh) ++first;
  for (int round = 0; round < rounds; ++round) {
    for (int i = first; i < argc; ++i) {
      if (!fresh) {
        account(argv[1], argv[2], argv[i]);
        continue;
      }
      std::fflush(stdout);
      pid_t child = fork();
      if (child == 0) {
        account(argv[1], argv[2], argv[i]);
        std::fflush(stdout);
        _exit(0);
      }
      int status = 0;
      if (waitpid(child, &status, 0) != child || status != 0) return 1;
    }
  }
  return 0;
}
