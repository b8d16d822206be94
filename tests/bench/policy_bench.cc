// SPDX-License-Identifier: Apache-2.0
// How long a large policy takes to load, and a question to be judged, in processor time.
//   policy_bench [PEOPLE RESOURCES RULES]
//   policy_bench print     the policy itself, without hours (so that it answers at any time)
// Prints "load MS" for each of ten loads, "judge US" for each of 2,000 questions.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "policy/rules.h"

namespace {

using namespace grantd;

// Of this process: the machine may be busy.
double now_us() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// Every tenth rule is denied, every fifth approved; a group has twenty people.
std::string generate(size_t people, size_t resources, size_t rules, bool hours = true) {
  std::string out;
  auto number = [](size_t n) { return std::to_string(n); };
  for (size_t i = 0; i < people; ++i) {
    out += "[person.p" + number(i) + "]\nemail = \"p" + number(i) + "@example.com\"\nos = \"p" + number(i) +
           "\"\npg = [\"p" + number(i) + "\"]\n";
  }
  const size_t groups = people / 10 + 1;
  for (size_t i = 0; i < groups; ++i) {
    out += "[group.g" + number(i) + "]\nmembers = [";
    for (size_t k = 0; k < 20; ++k) out += "\"p" + number((i * 10 + k) % people) + "\", ";
    out += "]\n";
  }
  for (size_t i = 0; i < resources; ++i) {
    out += "[resource.r" + number(i) + "]\ndescription = \"number " + number(i) +
           "\"\nlogin_points = [\"pg:main/d" + number(i) + "\"]\naccess = \"read-write\"\n";
  }
  for (size_t i = 0; i < rules; ++i) {
    out += "[rule.u" + number(i) + "]\nwho = [\"group:g" + number(i % groups) + "\", \"p" +
           number(i * 7 % people) + "\"]\nresource = [\"r" + number(i % resources) + "\", \"r" +
           number(i * 3 % resources) + "\"]\n";
    if (i % 10 == 9) {
      out += "deny = true\nhours = \"Sun 02:00-03:00 UTC\"\n";
      continue;
    }
    out += i % 5 == 0 ? "approvals = { count = 1, by = [\"group:g" + number((i + 1) % groups) +
                            "\"] }\nsigned = false\n"
                      : "approvals = 0\n";
    out += "max = \"4h\"\nreason = \"(OPS|INC)-[0-9]+\"\n";
    if (hours) out += "hours = \"Mon-Fri 08:00-18:00 UTC\"\n";
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  auto argument = [&](int i, size_t otherwise) {
    return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
  };
  const size_t people = argument(1, 1000), resources = argument(2, 500), rules = argument(3, 2000);
  const bool only_print = argc == 2 && std::string_view(argv[1]) == "print";
  const std::string text = only_print ? generate(1000, 500, 2000, false) : generate(people, resources, rules);
  if (only_print) return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
  for (unsigned i = 0; i < 10; ++i) {
    const double before = now_us();
    auto p = policy::parse_policy(text, "policy.toml");
    std::printf("load %.3f\n", (now_us() - before) / 1000);
    if (!p || p->rules.size() != rules) {
      std::fprintf(stderr, "policy_bench: %s\n", p ? "rules are missing" : print(p.error().front()).c_str());
      return 1;
    }
    if (i < 9) continue;
    size_t answered = 0;
    for (size_t n = 0; n < 2000; ++n) {
      const std::string person = "p" + std::to_string(n * 31 % people);
      const std::string resource = "r" + std::to_string(n * 17 % resources);
      policy::question q;
      q.person = person;
      q.resource = resource;
      q.reason = "OPS-12";
      q.start = {1'763'981'000'000'000};
      const double start = now_us();
      answered += policy::judge(*p, q, [](std::string_view) { return 0U; }).message.size();
      std::printf("judge %.3f\n", now_us() - start);
    }
    if (answered == 0) return 1;
  }
  return 0;
}
