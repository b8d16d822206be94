// SPDX-License-Identifier: Apache-2.0
// provision.toml.
#include "provision/config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/names.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "policy/fields.h"

namespace grantd::provision {
namespace {

using policy::fields;
using policy::toml_kind;
using policy::toml_value;

constexpr std::string_view root_keys[] = {"socket", "adapters", "system"};
constexpr std::string_view system_keys[] = {"adapter", "deadline", "settings"};
constexpr int64_t usual_deadline_us = 10 * base::us_per_s;
constexpr int64_t longest_deadline_us = 60 * base::us_per_s;

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

void read_path(fields& f, std::string_view key, std::string& out, policy::mistake_list& found) {
  auto t = f.text(key);
  if (!t) return;
  out = t->text;
  if (!out.starts_with('/')) found.add(t->at, fmt::format("{} is not an absolute path: \"{}\"", key, out));
}

void read_settings(const toml_value& table, const std::string& what, system& s, policy::mistake_list& found) {
  s.settings = cli::value(cli::value::object{});
  if (table.kind() != toml_kind::table) {
    found.add(table.at(), fmt::format("settings of {} is {}: write [system.NAME.settings]", what,
                                      policy::describe(table.kind())));
    return;
  }
  for (const toml_value::member& m : table.members()) {
    switch (m.value.kind()) {
      case toml_kind::string:
        s.settings.set(m.key, m.value.text());
        break;
      case toml_kind::integer:
        s.settings.set(m.key, m.value.integer());
        break;
      case toml_kind::boolean:
        s.settings.set(m.key, m.value.boolean());
        break;
      default:
        found.add(m.at, fmt::format("{} in settings of {} is {}: a string, a whole number or true or false",
                                    quoted(m.key), what, policy::describe(m.value.kind())));
    }
  }
}

system read_system(const toml_value::member& m, policy::mistake_list& found) {
  system s;
  s.settings = cli::value(cli::value::object{});
  fields f(m.value, fmt::format("[system.{}]", m.key), system_keys, found);
  if (auto t = f.text("adapter")) {
    s.adapter = t->text;
    // A plain name has no /: it stays in the adapters' directory.
    if (!base::is_plain_name(t->text))
      found.add(t->at,
                fmt::format("adapter {} of {} is not the name of a program (lower case letters, digits, "
                            ". _ -)",
                            quoted(t->text), f.what()));
  } else if (!f.has("adapter")) {
    found.add(m.at, f.what() + " has no adapter (write adapter = \"postgresql\")");
  }
  s.deadline_us = usual_deadline_us;
  if (auto d = f.duration_us("deadline")) {
    s.deadline_us = d->value;
    if (d->value > longest_deadline_us) found.add(d->at, "deadline of " + f.what() + " is more than 60s");
  }
  if (const toml_value* settings = f.value("settings")) read_settings(*settings, f.what(), s, found);
  return s;
}

void read_systems(const toml_value& table, config& c, policy::mistake_list& found) {
  if (table.kind() != toml_kind::table) {
    found.add(table.at(), fmt::format("system is {}: write [system.NAME]", policy::describe(table.kind())));
    return;
  }
  for (const toml_value::member& m : table.members()) {
    if (!base::is_account_name(m.key)) {
      found.add(m.at, quoted(m.key) + " cannot be the name of a system: it is the cluster of a login point");
    } else if (m.value.kind() != toml_kind::table) {
      found.add(m.at, fmt::format("system {} is {}: write [system.{}]", quoted(m.key),
                                  policy::describe(m.value.kind()), m.key));
    } else {
      c.systems.emplace(std::string(m.key), read_system(m, found));
    }
  }
}

std::string lines(const policy::mistakes& all) {
  std::string out;
  for (const policy::mistake& m : all) out += (out.empty() ? "" : "\n") + policy::print(m);
  return out;
}

// "" or why others could have written it.
std::string owned_by_others(const std::string& path, const struct stat& s) {
  if (s.st_uid != 0 && s.st_uid != geteuid())
    return fmt::format("{}: it belongs to uid {}: chown root {}", path, s.st_uid, path);
  if ((s.st_mode & 022) != 0) return fmt::format("{}: others may write it: chmod go-w {}", path, path);
  return {};
}

std::expected<std::string, std::string> read_own_file(const std::string& path) {
  base::unique_fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  auto failed = [&] { return std::unexpected(path + ": " + std::strerror(errno)); };
  struct stat s{};
  if (!fd.valid() || fstat(fd.get(), &s) != 0) return failed();
  if (!S_ISREG(s.st_mode)) return std::unexpected(path + ": not a regular file");
  if (std::string wrong = owned_by_others(path, s); !wrong.empty()) return std::unexpected(wrong);
  std::string text;
  std::array<char, 4096> some;
  for (;;) {
    ssize_t n = read(fd.get(), some.data(), some.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed();
    if (n == 0) return text;
    text.append(some.data(), static_cast<size_t>(n));
    if (text.size() > max_config_bytes) return text;  // the parser says that it is too long
  }
}

std::string wrong_adapter(const std::string& path) {
  struct stat s{};
  if (stat(path.c_str(), &s) != 0) return path + ": " + std::strerror(errno);
  if (!S_ISREG(s.st_mode) || access(path.c_str(), X_OK) != 0) return path + ": not a program";
  return owned_by_others(path, s);
}

}  // namespace

std::expected<config, policy::mistakes> parse_config(std::string_view text, std::string_view file) {
  auto document = policy::toml_document::read(text, file, max_config_bytes);
  if (!document) return std::unexpected(policy::mistakes{std::move(document.error())});
  policy::mistake_list found(file);
  config c;
  fields f(document->root(), "the file", root_keys, found);
  read_path(f, "socket", c.socket, found);
  read_path(f, "adapters", c.adapters, found);
  if (const toml_value* table = f.value("system")) read_systems(*table, c, found);
  if (c.systems.empty() && found.empty())
    found.add(policy::position{}, "no [system.NAME]: there would be nothing to do");
  if (!found.empty()) return std::unexpected(found.take());
  return c;
}

std::expected<config, std::string> load_config(const std::string& path) {
  auto text = read_own_file(path);
  if (!text) return std::unexpected(std::move(text.error()));
  auto c = parse_config(*text, path);
  if (!c) return std::unexpected(lines(c.error()));
  struct stat directory{};
  if (stat(c->adapters.c_str(), &directory) != 0)
    return std::unexpected(c->adapters + ": " + std::strerror(errno));
  if (std::string wrong = owned_by_others(c->adapters, directory); !wrong.empty())
    return std::unexpected(wrong);
  for (const auto& [name, s] : c->systems) {
    if (std::string wrong = wrong_adapter(c->adapters + "/" + s.adapter); !wrong.empty())
      return std::unexpected(fmt::format("{}: the adapter of [system.{}]: {}", path, name, wrong));
  }
  return std::move(*c);
}

}  // namespace grantd::provision
