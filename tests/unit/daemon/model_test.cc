// SPDX-License-Identifier: Apache-2.0
// Random sequences of what people, clocks and crashes do, against the real core and the real store: after
// every step nobody gets in but who the reference model lets in, and I1 to I7 of DESIGN section 5 hold.
// GRANTD_MODEL_SEQUENCES says how many, GRANTD_MODEL_SEED plays one sequence again, GRANTD_MODEL_COUNTS=1
// says what happened how often.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "model_run.h"
#include "support/sanitized.h"

using namespace grantd::test;

namespace {

constexpr uint64_t usual_count = sanitized ? 5'000 : 100'000;

// A store is begun anew after so many: what an older one has grown is other tests' matter.
constexpr uint64_t one_store = 400;

std::optional<uint64_t> from_environment(const char* name) {
  const char* text = std::getenv(name);
  uint64_t number = 0;
  if (text == nullptr || std::from_chars(text, text + std::strlen(text), number).ec != std::errc{}) return {};
  return number;
}

void play(model_run& run, uint64_t seed, uint64_t number) {
  try {
    run.sequence(seed);
  } catch (const failure& f) {
    std::fprintf(stderr, "sequence %llu; GRANTD_MODEL_SEED=%llu plays it again\n",
                 static_cast<unsigned long long>(number), static_cast<unsigned long long>(seed));
    for (const std::string& step : run.steps()) std::fprintf(stderr, "  %s\n", step.c_str());
    throw;
  }
}

}  // namespace

TEST(nobody_gets_in_but_who_the_model_lets_in) {
  if (auto one = from_environment("GRANTD_MODEL_SEED")) {
    model_run run;
    return play(run, *one, 0);
  }
  dice seeds(seed());
  std::unique_ptr<model_run> run;
  std::map<std::string, uint64_t> happened;
  const uint64_t count = from_environment("GRANTD_MODEL_SEQUENCES").value_or(usual_count);
  for (uint64_t i = 0; i < count; ++i) {
    if (i % one_store == 0) run = std::make_unique<model_run>();
    play(*run, seeds.next(), i);
    if ((i + 1) % one_store != 0 && i + 1 != count) continue;
    for (const auto& [what, times] : run->happened()) happened[what] += times;
    run.reset();
  }
  if (count < 1000) return;
  // A guard that was never met was not tested.
  for (const char* what :
       {"request",        "approve",    "granted",         "grant",        "deny",           "cancel",
        "lapse",          "revoke",     "give-back",       "expire",       "shorten",        "review",
        "lock",           "lock-end",   "crash",           "another boot", "NotApprover",    "BadSignature",
        "NotPending",     "NoRule",     "TooLong",         "Quota",        "ReasonNeeded",   "ClockBehind",
        "NotInTheFuture", "NotAllowed", "NoSuchRequest",   "NoSuchGrant",  "NoSuchResource", "AlreadyEnded",
        "NoSuchLock",     "Denied",     "AlreadyApproved", "TooMany"}) {
    if (std::getenv("GRANTD_MODEL_COUNTS") != nullptr)
      std::fprintf(stderr, "%s: %llu\n", what, static_cast<unsigned long long>(happened[what]));
    TEST_ASSERT_TRUE_MESSAGE(happened[what] != 0, what);
  }
}
