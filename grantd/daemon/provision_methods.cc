// SPDX-License-Identifier: Apache-2.0
// What grantd-provision asks and says: Provision (a stream of work) and Provisioned (what came of it).
#include "base/names.h"
#include "daemon/dispatch.h"

namespace grantd::daemon::handlers {
namespace {

constexpr size_t most_systems = 64;
constexpr size_t most_listed = 64;  // in one part; a list has as many parts as it needs
constexpr size_t longest_error = 300;

std::optional<std::vector<std::pair<std::string, std::string>>> pairs_of(const json::value& list) {
  std::vector<std::pair<std::string, std::string>> all;
  if (list.items() == nullptr || list.items()->size() > most_listed) return std::nullopt;
  for (const json::value& v : *list.items()) {
    parameters given(v);
    auto account = given.required("account", base::max_name);
    auto role = given.required("role", base::max_name);
    if (given.fault()) return std::nullopt;
    all.emplace_back(std::move(account), std::move(role));
  }
  return all;
}

}  // namespace

answer provision(request& r) {
  std::vector<std::string> systems = r.given.texts("systems", most_systems, base::max_name);
  if (auto bad = r.given.fault()) return bad;
  if (systems.empty()) return invalid_parameter("systems", "name the systems that can be reached");
  if (!r.more || r.to == 0)
    return invalid_parameter("more", "work comes in many answers: call it with \"more\":true");
  if (r.from.listener != 0) return refusal("NotAllowed", "this connection is given work already");
  r.from.listener = r.in.listen_for_work(systems);
  return std::nullopt;
}

answer provisioned(request& r) {
  auto number = r.given.integer("work", 1, INT64_MAX);
  auto error = r.given.text("error", longest_error);
  const json::value* found = r.given.value("found");
  bool partial = r.given.flag("partial");
  if (auto bad = r.given.fault()) return bad;
  if (!number) return invalid_parameter("work", "the number of what was done");
  if (error && found != nullptr) return invalid_parameter("found", "what failed has found nothing");
  // Another one came meanwhile, and everything was handed out to it again.
  if (r.from.listener == 0 || r.from.listener != r.in.memberships().listener())
    return refusal("NotAllowed", "only the connection that Provision gave work last is believed");
  const auto work = static_cast<uint64_t>(*number);
  if (error) {
    r.in.work_failed(work, std::move(*error));
  } else if (found != nullptr) {
    auto pairs = pairs_of(*found);
    if (!pairs) return invalid_parameter("found", "an array of at most 64 objects with account and role");
    r.in.work_listed(work, *pairs, !partial);
  } else {
    r.in.work_done(work);
  }
  return reply{};
}

}  // namespace grantd::daemon::handlers
