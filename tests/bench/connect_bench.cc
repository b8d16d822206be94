// SPDX-License-Identifier: Apache-2.0
// Times whole PostgreSQL connections (connect, close), alternating between conninfo strings ("0 4100123",
// ns).
//   connect_bench ROUNDS CONNINFO CONNINFO...
#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  int rounds = std::atoi(argv[1]);
  auto ns_now = [] {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
  };
  for (int round = 0; round < rounds; ++round) {
    for (int k = 0; k < argc - 2; ++k) {
      int i = 2 + (k + round) % (argc - 2);  // nobody is always first
      long long before = ns_now();
      PGconn* c = PQconnectdb(argv[i]);
      if (PQstatus(c) != CONNECTION_OK) {
        std::fprintf(stderr, "%s", PQerrorMessage(c));
        return 1;
      }
      std::printf("%d %lld\n", i - 2, ns_now() - before);
      PQfinish(c);
    }
  }
  return 0;
}
