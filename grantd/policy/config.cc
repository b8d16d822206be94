// SPDX-License-Identifier: Apache-2.0
// grantd.toml to values and back. Must never look whether a path or a user exists: the daemon does that.
#include "policy/config.h"

#include <algorithm>

#include "base/names.h"
#include "policy/fields.h"

namespace grantd::policy {
namespace {

constexpr std::string_view root_keys[] = {"policy",          "store",          "anchor",     "run",
                                          "allowed_signers", "node_key",       "audit_file", "table_group",
                                          "ask_user",        "provision_user", "reporter",   "limits"};
constexpr std::string_view reporter_keys[] = {"user", "cluster"};
constexpr std::string_view limit_keys[] = {"connections", "connections_per_uid", "message_bytes",
                                           "idle_seconds", "pending_hours"};

constexpr size_t longest_path = 4095;  // PATH_MAX without its NUL
// <run>/report.sock must fit sockaddr_un's 108 bytes with its NUL (unix(7)).
constexpr size_t longest_run = 107 - std::string_view("/report.sock").size();

// Plain absolute paths only, so that "is it inside that directory?" is a comparison of bytes.
bool is_plain_path(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.size() > longest_path) return false;
  for (size_t i = 0; i < path.size();) {
    size_t end = std::min(path.find('/', i + 1), path.size());
    std::string_view part = path.substr(i + 1, end - i - 1);
    if (part.empty() || part == "." || part == "..") return false;
    i = end;
  }
  return true;
}

bool is_inside(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

position key_place(fields& f, std::string_view key) {
  const toml_value* v = f.value(key);
  return v != nullptr ? v->at() : position{};
}

void read_path(fields& f, std::string_view key, std::string& out, mistake_list& found) {
  auto t = f.text(key);
  if (!t) return;
  if (is_plain_path(t->text)) {
    out = t->text;
    return;
  }
  found.add(t->at, std::string(key) + " is not an absolute path: " + quoted(t->text) +
                       " (it begins with / and has no //, no . or .. and no / at the end)");
}

void read_name(fields& f, std::string_view key, std::string& out, mistake_list& found) {
  auto t = f.text(key);
  if (!t) return;
  if (base::is_account_name(t->text)) {
    out = t->text;
    return;
  }
  found.add(t->at, std::string(key) + " of " + f.what() + " is not a name: " + quoted(t->text) +
                       " (1 to 63 bytes, no /, no leading -, no space at either end)");
}

// "" switches it off.
void read_or_off(fields& f, std::string_view key, std::string& out, mistake_list& found,
                 void (*read)(fields&, std::string_view, std::string&, mistake_list&)) {
  const toml_value* v = f.value(key);
  if (v != nullptr && v->kind() == toml_kind::string && v->text().empty()) {
    out.clear();
  } else {
    read(f, key, out, found);
  }
}

void read_limit(fields& f, std::string_view key, int64_t least, int64_t largest, unsigned& out) {
  if (auto n = f.integer(key, least, largest)) out = static_cast<unsigned>(n->value);
}

void read_reporters(const toml_value& list, config& c, mistake_list& found) {
  if (list.kind() != toml_kind::array) {
    found.add(list.at(),
              "reporter is " + std::string(describe(list.kind())) + ": write [[reporter]], once for each");
    return;
  }
  c.reporters.clear();
  std::vector<std::pair<std::string, position>> users;
  for (const toml_value& item : list.items()) {
    if (item.kind() != toml_kind::table) {
      found.add(item.at(), "reporter holds " + std::string(describe(item.kind())) + ": write [[reporter]]");
      continue;
    }
    fields f(item, "[[reporter]]", reporter_keys, found);
    config::reporter r;
    for (std::string_view key : reporter_keys) {
      if (!f.has(key)) found.add(item.at(), "[[reporter]] has no " + std::string(key));
    }
    read_name(f, "user", r.user, found);
    read_name(f, "cluster", r.cluster, found);
    bool twice = std::ranges::any_of(
        c.reporters, [&](const config::reporter& o) { return o.user == r.user && o.cluster == r.cluster; });
    if (twice && !r.user.empty()) {
      found.add(item.at(),
                "reporter " + quoted(r.user) + " for cluster " + quoted(r.cluster) + " stands twice");
    }
    c.reporters.push_back(std::move(r));
  }
}

void check_paths(const config& c, fields& f, mistake_list& found) {
  if (is_inside(c.anchor, c.store)) {
    position at = f.has("anchor") ? key_place(f, "anchor") : key_place(f, "store");
    found.add(
        at,
        "anchor " + quoted(c.anchor) + " is inside the store " + quoted(c.store) +
            ": it must stand beside it, or an old copy of the directory would bring its own anchor along");
  }
  const std::pair<std::string_view, const std::string*> lasting[] = {
      {"store", &c.store}, {"anchor", &c.anchor}, {"node_key", &c.node_key}};
  for (const auto& [key, path] : lasting) {
    if (!is_inside(*path, c.run)) continue;
    position at = f.has(key) ? key_place(f, key) : key_place(f, "run");
    found.add(at, std::string(key) + " " + quoted(*path) + " is inside run " + quoted(c.run) +
                      ": that directory is empty after a reboot");
    break;  // run itself may be the mistake, once
  }
  if (c.run.size() > longest_run) {
    found.add(key_place(f, "run"), "run is " + std::to_string(c.run.size()) +
                                       " bytes long: a socket's path allows " + std::to_string(longest_run));
  }
}

// A TOML basic string. What parse_config let in needs no more than quotes and backslashes; whoever built a
// config by hand gets \u escapes for the rest of ASCII.
std::string toml_string(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

void line(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  out += " = " + toml_string(value) + "\n";
}

void line(std::string& out, std::string_view key, unsigned value) {
  out += key;
  out += " = " + std::to_string(value) + "\n";
}

}  // namespace

std::expected<config, mistakes> parse_config(std::string_view text, std::string_view file) {
  auto document = toml_document::read(text, file, max_config_bytes);
  if (!document) return std::unexpected(mistakes{std::move(document.error())});
  mistake_list found(file);
  config c;
  fields f(document->root(), "the file", root_keys, found);
  read_path(f, "policy", c.policy, found);
  read_path(f, "store", c.store, found);
  read_path(f, "anchor", c.anchor, found);
  read_path(f, "run", c.run, found);
  read_path(f, "allowed_signers", c.allowed_signers, found);
  read_path(f, "node_key", c.node_key, found);
  read_or_off(f, "audit_file", c.audit_file, found, read_path);
  read_name(f, "table_group", c.table_group, found);
  read_or_off(f, "ask_user", c.ask_user, found, read_name);
  read_or_off(f, "provision_user", c.provision_user, found, read_name);
  check_paths(c, f, found);
  if (const toml_value* list = f.value("reporter")) read_reporters(*list, c, found);
  if (const toml_value* limits = f.value("limits")) {
    if (limits->kind() == toml_kind::table) {
      fields l(*limits, "[limits]", limit_keys, found);
      read_limit(l, "connections", 1, 1'000'000, c.connections);
      c.connections_per_uid = std::min(c.connections_per_uid, c.connections);
      read_limit(l, "connections_per_uid", 1, c.connections, c.connections_per_uid);
      read_limit(l, "message_bytes", 1024, 16 << 20, c.message_bytes);
      read_limit(l, "idle_seconds", 0, 86'400, c.idle_seconds);
      read_limit(l, "pending_hours", 1, 168, c.pending_hours);
    } else {
      found.add(limits->at(), "limits is " + std::string(describe(limits->kind())) + ": write [limits]");
    }
  }
  if (!found.empty()) return std::unexpected(found.take());
  return c;
}

std::string print(const config& c) {
  std::string out;
  line(out, "policy", c.policy);
  line(out, "store", c.store);
  line(out, "anchor", c.anchor);
  line(out, "run", c.run);
  line(out, "allowed_signers", c.allowed_signers);
  line(out, "node_key", c.node_key);
  line(out, "audit_file", c.audit_file);
  line(out, "table_group", c.table_group);
  line(out, "ask_user", c.ask_user);
  line(out, "provision_user", c.provision_user);
  if (c.reporters.empty()) out += "reporter = []\n";  // no section at all would mean the default one
  for (const config::reporter& r : c.reporters) {
    out += "\n[[reporter]]\n";
    line(out, "user", r.user);
    line(out, "cluster", r.cluster);
  }
  out += "\n[limits]\n";
  line(out, "connections", c.connections);
  line(out, "connections_per_uid", c.connections_per_uid);
  line(out, "message_bytes", c.message_bytes);
  line(out, "idle_seconds", c.idle_seconds);
  line(out, "pending_hours", c.pending_hours);
  return out;
}

}  // namespace grantd::policy
