// SPDX-License-Identifier: Apache-2.0
// Runs a body under environments that would mislead a program that asked them; puts everything back.
#pragma once

#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <optional>
#include <string>

namespace grantd::test {

class environment_guard {
 public:
  environment_guard() {
    for (size_t i = 0; i < names.size(); ++i) {
      const char* value = std::getenv(names[i]);
      if (value != nullptr) saved_[i] = value;
    }
    cwd_ = getcwd(buffer_, sizeof buffer_) != nullptr ? buffer_ : "/";
  }
  ~environment_guard() {
    for (size_t i = 0; i < names.size(); ++i) {
      if (saved_[i]) {
        setenv(names[i], saved_[i]->c_str(), 1);
      } else {
        unsetenv(names[i]);
      }
    }
    (void)std::setlocale(LC_ALL, "C");
    tzset();
    if (chdir(cwd_.c_str()) != 0) std::abort();
  }
  environment_guard(const environment_guard&) = delete;
  environment_guard& operator=(const environment_guard&) = delete;

  static constexpr std::array names{"TZ",       "TZDIR",   "LC_ALL",     "LANG",
                                    "LANGUAGE", "LC_TIME", "LC_NUMERIC", "POSIXLY_CORRECT"};

 private:
  std::array<std::optional<std::string>, names.size()> saved_;
  char buffer_[4096];
  std::string cwd_;
};

inline void each_hostile_environment(const std::function<void(const std::string&)>& body) {
  struct {
    const char *tz, *locale;
  } const table[] = {
      {"Pacific/Kiritimati", "C.UTF-8"},
      {"America/St_Johns", "tr_TR.UTF-8"},
      {"right/UTC", "de_DE.UTF-8"},
      {"EVIL+24:59:59", "POSIX"},
      {":/dev/zero", "ar_EG.UTF-8"},
      {"<-99>99,J1/0,J365/25", "ja_JP.SJIS"},
      {"", ""},
  };
  environment_guard guard;
  for (const auto& t : table) {
    for (const char* name : environment_guard::names) setenv(name, t.locale, 1);
    setenv("TZ", t.tz, 1);
    setenv("TZDIR", "/proc/self", 1);
    (void)std::setlocale(LC_ALL, t.locale);  // what is not installed stays as it was: the machine decides
    tzset();
    if (chdir("/proc/self/fdinfo") != 0) std::abort();
    body(std::string("TZ=") + t.tz + " LC_ALL=" + t.locale);
  }
}

}  // namespace grantd::test
