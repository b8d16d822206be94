// SPDX-License-Identifier: Apache-2.0
// Who is who right now: the policy in force and the uids of its people. The name service is asked by
// load_uids() only, when a policy is taken over; never from the loop.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/policy.h"
#include "proof/allowed_signers.h"

namespace grantd::daemon {

struct uid_map {
  struct entry {
    std::string os_user;
    std::string person;
  };
  std::map<uid_t, entry> people;
  std::map<uid_t, entry> relays;        // `person` is the relay's name
  std::optional<uid_t> ask;             // the account whose word for a person counts
  std::vector<std::string> complaints;  // one line each: unknown users, one uid with two names
};

// Injected, so that tests can have users of their own.
struct name_service {
  std::function<std::optional<uid_t>(const std::string& user)> uid_of;
  std::function<std::string(uid_t)> name_of;  // empty: none
};
[[nodiscard]] const name_service& system_names();

// getpwnam and getpwuid for every OS user of the policy. `policy` may be null: only `ask_user` is looked up.
// Without `ask_user` (empty), and when it is a person's or a relay's too, there is no ask.
// A uid that goes by two names speaks for nobody, whichever of them the policy names.
[[nodiscard]] uid_map load_uids(const policy::policy* policy, const std::string& ask_user,
                                const name_service& names = system_names());

class roster {
 public:
  // A uid that another OS user had when it was first seen is reported and left out: it may be somebody else's
  // now. Returns those complaints.
  // `signers`: approval keys beside those of the policy; a key that is somebody else's already counts for
  // nobody more.
  std::vector<std::string> take(std::shared_ptr<const policy::policy> p, uid_map uids,
                                const std::vector<proof::allowed_signer>& signers = {});
  // Why the file now on disk is not in force; empty: it is.
  void set_error(std::string error) { error_ = std::move(error); }

  [[nodiscard]] const policy::policy* policy() const { return policy_.get(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::string_view person_of(uid_t uid) const;  // empty: nobody of the policy
  [[nodiscard]] std::string_view relay_of(uid_t uid) const;   // empty: none
  // Whose key it is that may sign approvals at `now`; empty: nobody's.
  [[nodiscard]] std::string owner_of_key(const std::string& blob, base::utc_time now) const;
  [[nodiscard]] std::string line_of_key(const std::string& blob) const;  // "TYPE BASE64"; empty: unknown
  // The same by the key's line.
  [[nodiscard]] std::string owner_of_line(std::string_view line, base::utc_time now) const;
  // The keys somebody may sign approvals with, as "TYPE BASE64".
  [[nodiscard]] std::vector<std::string> keys_of(std::string_view person, base::utc_time now) const;
  [[nodiscard]] bool is_ask(uid_t uid) const { return uids_.ask == uid && uid != 0; }

 private:
  std::shared_ptr<const policy::policy> policy_;
  uid_map uids_;
  struct approval_key {
    std::string person;
    std::string line;                              // "TYPE BASE64"
    bool of_policy = false;                        // always good
    std::vector<proof::allowed_signer> limited{};  // good while one of them is in force
  };
  std::map<std::string, approval_key, std::less<>> keys_;  // by blob
  std::map<uid_t, std::string> first_seen_;
  std::string error_;
};

}  // namespace grantd::daemon
