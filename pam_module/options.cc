// SPDX-License-Identifier: Apache-2.0
// Reads the arguments of the PAM line. No allocation, no environment; what is not understood opens nothing.
#include "options.h"

#include "base/names.h"

namespace grantd::pam {
namespace {

// The part of `argument` after `key`, or nullptr when it is another option. Terminated like the argument.
const char* value_of(const char* argument, std::string_view key) noexcept {
  return std::string_view(argument).starts_with(key) ? argument + key.size() : nullptr;
}

bool add(users& list, const char* name) noexcept {
  if (!base::is_account_name(name) || list.count == list.names.size()) return false;
  list.names[list.count++] = name;
  return true;
}

bool set_path(const char*& path, const char* value) noexcept {
  bool absolute = value[0] == '/';
  path = absolute ? value : "";
  return absolute;
}

struct modes {
  bool audit = false;
  bool enforce = false;  // said, or not understood: beats audit
};

bool set_mode(modes& said, std::string_view value) noexcept {
  bool audit = value == "audit";
  (audit ? said.audit : said.enforce) = true;
  return audit || value == "enforce";
}

// false: the argument is refused.
bool read_one(options& out, modes& said, const char* argument) noexcept {
  if (const char* v = value_of(argument, "table=")) return set_path(out.table, v);
  if (const char* v = value_of(argument, "report=")) return set_path(out.report, v);
  if (const char* v = value_of(argument, "session=")) return set_path(out.session, v);
  if (const char* v = value_of(argument, "service=")) {
    out.service =
        v;  // a bad name is refused at the lookup: falling back to PAM_SERVICE would ask something else
    return base::is_account_name(v);
  }
  if (const char* v = value_of(argument, "service_user=")) return add(out.service_users, v);
  if (const char* v = value_of(argument, "exempt_user=")) return add(out.exempt_users, v);
  if (const char* v = value_of(argument, "mode=")) return set_mode(said, v);
  if (std::string_view(argument) == "debug") return out.debug = true;
  return false;
}

}  // namespace

bool users::has(std::string_view name) const noexcept {
  for (unsigned i = 0; i < count; ++i) {
    if (name == names[i]) return true;
  }
  return false;
}

options read_options(int argc, const char** argv) noexcept {
  options out{};
  out.table = "/run/grantd/windows";
  out.report = "/run/grantd/report.sock";
  out.session = "/run/grantd-reaper/session.sock";
  modes said;
  for (int i = 0; i < argc; ++i) {
    if (read_one(out, said, argv[i])) continue;
    if (out.refused_count < out.refused.size()) out.refused[out.refused_count++] = argv[i];
  }
  out.audit = said.audit && !said.enforce;
  return out;
}

}  // namespace grantd::pam
