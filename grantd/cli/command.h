// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: its words, its arguments, and the function that does it. One file defines one of
// them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"
#include "cli/output.h"
#include "cli/refusal.h"
#include "cli/time.h"

namespace grantd::cli {

struct argument {
  enum class kind : uint8_t { positional, rest, option, flag } what;  // rest: any number, the last places
  std::string_view name;     // "person" for positionals, "--for" for the others
  std::string_view shown;    // "PERSON", "DURATION"; empty for flags
  std::string_view meaning;  // one line
  bool required = false;
};

// What was given, by argument::name. Values are UTF-8 without control characters, never empty.
class arguments {
 public:
  void add(std::string name, std::string given) { values_[std::move(name)].push_back(std::move(given)); }
  [[nodiscard]] bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  [[nodiscard]] std::string get(std::string_view name) const {  // empty when absent
    auto at = values_.find(name);
    return at == values_.end() ? std::string() : at->second.front();
  }
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const {  // of a rest
    auto at = values_.find(name);
    return at == values_.end() ? std::vector<std::string>() : at->second;
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// The process around the command; tests give their own.
struct surroundings {
  int in = 0;
  int out = 1;
  int err = 2;
  std::function<std::optional<std::string>(const char*)> environment;
  std::function<base::utc_time()> now;
  zone local;
  std::string self;  // absolute path of grantctl
  int64_t timeout_us = 10 * base::us_per_s;
  int64_t ssh_patience_us = 120 * base::us_per_s;
  int64_t restart_patience_us =
      60 * base::us_per_s;                      // how long a waiting command tries to reach grantd again
  std::string terminal = "/dev/tty";            // where a person is asked
  std::string systemd = "/run/systemd/system";  // is there where systemd runs (sd_booted(3))
};

// The command that says why a service of this host is not there: "grantd", "grantd-reaper".
[[nodiscard]] std::string look_at(std::string_view service, const surroundings& here);

struct options {
  std::string socket = "/run/grantd/api.sock";
  bool own_socket = false;  // given by --socket or GRANTD_SOCKET
  std::string host;         // ssh://..., empty: here
  bool json = false;
};

class context {
 public:
  context(const surroundings& around, const options& chosen, const arguments& what, output& to)
      : here(around), opts(chosen), given(what), out(to) {}
  const surroundings& here;
  const options& opts;
  const arguments& given;
  output& out;

  // The client, connected at the first call.
  [[nodiscard]] result<client*> api();
  // Another one, for a stream beside calls, or after the first was lost.
  [[nodiscard]] result<client> connect() const;
  void forget() { client_.reset(); }  // the next api() connects again
  // api() and call() in one.
  [[nodiscard]] result<value> ask(std::string_view method, value parameters = {});
  // The person that the caller is (Status); refused when the policy names none for this account.
  [[nodiscard]] result<std::string> caller();
  // One JSON document and a newline on stdout; `*_us` becomes readable (times.h).
  void print_document(const value& parameters);
  [[nodiscard]] std::string time_text(int64_t us) const;

 private:
  std::optional<client> client_;
};

struct command {
  std::string_view name;      // "audit verify" is a command below audit
  std::string_view summary;   // one line
  std::string_view details;   // paragraphs for --help; may be empty
  std::string_view examples;  // lines
  std::span<const argument> takes;
  result<exit_code> (*run)(context&);
  bool free_text = false;       // values may have line breaks (JSON)
  std::string_view usage = {};  // the arguments in --help, where the table cannot say it
};

// All of them, in the order of --help.
[[nodiscard]] std::span<const command* const> commands();

}  // namespace grantd::cli
