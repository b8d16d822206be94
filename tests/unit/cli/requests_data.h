// SPDX-License-Identifier: Apache-2.0
// Requests and grants as the daemon would answer them, a terminal, and one way to ask.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "fake_grantd.h"
#include "stage.h"

namespace grantd::test {

struct asked {
  outcome result;
  std::vector<std::string> messages;
};
[[nodiscard]] asked ask(fake_grantd::script script, std::vector<std::string> args, const stage& s = {});

// r-7k2m of alice for an hour of orders-db; it lapses at 17:30 +0100. `more`: members, each with its comma.
[[nodiscard]] std::string request_of(const std::string& state, const std::string& more = {});
// g-7k2m of alice on orders-db until 17:30 +0100.
[[nodiscard]] std::string grant_of(const std::string& state, const std::string& more = {},
                                   const std::string& id = "g-7k2m");

extern const std::string approval_text;
// The answer of ApprovalText; `keys`: a JSON array, or empty for none.
[[nodiscard]] std::string text_answer(const std::string& text = approval_text, bool is_signed = true,
                                      const std::string& keys = {});

// A pseudo-terminal: grantctl is inside, the test sees and types.
class terminal {
 public:
  terminal();
  [[nodiscard]] int inside() const { return inside_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Types, and waits until grantctl could read it (a whole line).
  void type(const std::string& text) const;
  // Types `text` when `question` stands at the end of what is seen, while `run` runs; everything seen.
  [[nodiscard]] std::string answer(const std::string& question, const std::string& text,
                                   const std::function<void()>& run) const;
  [[nodiscard]] std::string seen() const;  // what has been written, with \n as it was

 private:
  base::unique_fd outside_, inside_;
  std::string name_;
};

[[nodiscard]] std::string contents(const std::string& path);

}  // namespace grantd::test
