// SPDX-License-Identifier: Apache-2.0
// What is wrong with grantd, in as many words as the caller may read: the full text quotes files and paths
// and is for those with the right "see"; everybody else gets one sentence. Pure.
#pragma once

#include <string>

#include "daemon/dispatch.h"

namespace grantd::daemon {

[[nodiscard]] inline std::string policy_trouble(const request& r) {
  return r.by.may_see ? r.in.people().error()
                      : "the policy file has a mistake; root can read it: grantctl status";
}
[[nodiscard]] inline std::string locked_trouble(const request& r) {
  return r.by.may_see ? r.in.truth().locked_text() : "root can read why: grantctl store";
}
[[nodiscard]] inline std::string table_trouble(const request& r) {
  return r.by.may_see ? r.in.table().error()
                      : "the window table cannot be written; root can read why: grantctl status";
}

// For callers who may grant or lock, and so see who and what there is.
[[nodiscard]] inline reply no_such_person(const request& r, const std::string& name) {
  const policy::policy* p = r.in.people().policy();
  return refusal("NoSuchPerson",
                 p == nullptr ? "no policy is in force that knows " + name : policy::no_such_person(*p, name),
                 "grantctl people");
}
[[nodiscard]] inline reply no_such_resource(const request& r, const std::string& name) {
  const policy::policy* p = r.in.people().policy();
  return refusal(
      "NoSuchResource",
      p == nullptr ? "no policy is in force that knows " + name : policy::no_such_resource(*p, name),
      "grantctl resources");
}

}  // namespace grantd::daemon
