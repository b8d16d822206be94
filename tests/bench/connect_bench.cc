// SPDX-License-Identifier: Apache-2.0
// Times whole PostgreSQL connections, alternating between conninfo strings ("0 4100123", ns). Asserts
// nothing.
//   connect_bench libpq|psql|select ROUNDS CONNINFO...
// libpq: connect alone; psql: the program, from start to exit; select: what `pgbench -S` sends, on a
// connection each that is there before (pgbench -i, scale 1).
#include <libpq-fe.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace {

bool connect_once(const char* conninfo) {
  PGconn* c = PQconnectdb(conninfo);
  bool in = PQstatus(c) == CONNECTION_OK;
  if (!in) std::fprintf(stderr, "%s", PQerrorMessage(c));
  PQfinish(c);
  return in;
}

bool psql_once(char* conninfo) {
  char program[] = "/usr/lib/postgresql/15/bin/psql", plain[] = "-X", command[] = "-c", nothing[] = "";
  char* words[] = {program, plain, command, nothing, conninfo, nullptr};
  pid_t child = -1;
  int status = -1;
  return posix_spawn(&child, program, nullptr, nullptr, words, environ) == 0 &&
         waitpid(child, &status, 0) == child && status == 0;
}

PGconn* stay(const char* conninfo) {
  PGconn* c = PQconnectdb(conninfo);
  if (PQstatus(c) == CONNECTION_OK) return c;
  std::fprintf(stderr, "%s", PQerrorMessage(c));
  std::exit(1);
}

bool select_once(PGconn* c, int n) {
  char statement[100];
  std::snprintf(statement, sizeof statement, "SELECT abalance FROM pgbench_accounts WHERE aid = %d;",
                1 + n * 7919 % 100'000);
  PGresult* result = PQexec(c, statement);
  bool got = PQntuples(result) == 1;
  if (!got) std::fprintf(stderr, "%s", PQerrorMessage(c));
  PQclear(result);
  return got;
}

long long ns_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const bool whole = std::strcmp(argv[1], "psql") == 0;
  const bool select = std::strcmp(argv[1], "select") == 0;
  const int rounds = std::atoi(argv[2]);
  std::vector<PGconn*> staying;
  for (int i = 3; select && i < argc; ++i) staying.push_back(stay(argv[i]));
  for (int round = 0; round < rounds; ++round) {
    for (int k = 0; k < argc - 3; ++k) {
      int i = 3 + (k + round) % (argc - 3);  // nobody is always first
      long long before = ns_now();
      if (!(select  ? select_once(staying[static_cast<size_t>(i - 3)], round % 10'000)
            : whole ? psql_once(argv[i])
                    : connect_once(argv[i]))) {
        return 1;
      }
      std::printf("%d %lld\n", i - 3, ns_now() - before);
    }
  }
  for (PGconn* c : staying) PQfinish(c);
  return 0;
}
