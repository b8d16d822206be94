// SPDX-License-Identifier: Apache-2.0
// The runner: CMocka behind a boundary that turns exceptions into its failures. `prog NAME...` runs only
// those.
#include "support/unity.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "support/cmocka_c.h"

namespace grantd::test {
namespace {

struct named {
  const char* name;
  void (*body)();
};

std::vector<named>& all() {
  static std::vector<named> tests;
  return tests;
}

// What is left of the test after its body: only trivially destructible things, since CMocka longjmps from
// here.
enum class outcome { passed, failed, skipped };

outcome run(const named& t) {
  try {
    t.body();
    return outcome::passed;
  } catch (const failure& f) {
    std::fprintf(stderr, "%s:%d: %s: %s (seed %llu)\n", f.file, f.line, t.name, f.what.c_str(),
                 static_cast<unsigned long long>(seed()));
  } catch (const skipped&) {
    return outcome::skipped;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: escaped exception: %s\n", t.name, e.what());
  }
  return outcome::failed;
}

void boundary(void** state) {
  outcome o = run(*static_cast<const named*>(*state));
  if (o == outcome::failed) _fail("see above", 0);
  if (o == outcome::skipped) _skip("see above", 0);
}

}  // namespace

registration::registration(const char* name, void (*body)()) { all().push_back({name, body}); }

void fail(const char* file, int line, std::string what) { throw failure{file, line, std::move(what)}; }

void ignore(const char* file, int line, const std::string& why) {
  std::fprintf(stderr, "%s:%d: skipped: %s\n", file, line, why.c_str());
  throw skipped{};
}

bool wait_until(const std::function<bool()>& ready, int deadline_ms) {
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  for (;;) {
    if (ready()) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

uint64_t seed() {
  static const uint64_t value = [] {
    const char* given = std::getenv("GRANTD_SEED");
    if (given != nullptr) return static_cast<uint64_t>(std::strtoull(given, nullptr, 10));
    std::random_device device;
    return static_cast<uint64_t>(device()) << 32 | device();
  }();
  return value;
}

}  // namespace grantd::test

int main(int argc, char** argv) {
  using namespace grantd::test;
  std::vector<CMUnitTest> tests;
  for (const named& t : all()) {
    bool wanted =
        argc < 2 ||
        std::any_of(argv + 1, argv + argc, [&](const char* name) { return std::strcmp(name, t.name) == 0; });
    if (!wanted) continue;
    tests.push_back({t.name, boundary, nullptr, nullptr, const_cast<named*>(&t)});
  }
  if (tests.empty()) {
    std::fprintf(stderr, "no such test\n");
    return 2;
  }
  return _cmocka_run_group_tests(argv[0], tests.data(), tests.size(), nullptr, nullptr) == 0 ? 0 : 1;
}
