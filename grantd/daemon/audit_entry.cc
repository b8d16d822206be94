// SPDX-License-Identifier: Apache-2.0
// An audit record as an entry of the journal.
#include "daemon/audit_entry.h"

#include <algorithm>
#include <array>

#include "proof/record_ids.h"

namespace grantd::daemon {
namespace {

using service::level;

constexpr size_t longest_value = 8192;  // an entry is one datagram

std::string_view field(const store::audit_row& row, std::string_view key) {
  auto at = std::ranges::find(row.fields, key, [](const auto& f) { return std::string_view(f.first); });
  return at == row.fields.end() ? std::string_view() : std::string_view(at->second);
}

// "g-7k2m" of a grant's number; the value itself where it is none; empty without one.
std::string id_of(const store::audit_row& row, std::string_view key) {
  const std::string_view value = field(row, key);
  return proof::id_in(key, value).value_or(std::string(value));
}

bool is_any(std::string_view event, std::initializer_list<std::string_view> of) {
  return std::ranges::find(of, event) != of.end();
}

void add(std::string& out, std::string_view before, std::string_view value) {
  if (!value.empty()) out.append(before).append(value);
}

}  // namespace

std::string on_one_line(std::string_view note) {
  std::string out;
  for (char c : note) {
    const bool space = c == '\n' || c == ' ';
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

level level_of(const store::audit_row& row) {
  const std::string_view event = row.event;
  if (is_any(event, {"break-glass", "leftover", "member-leftover"}) || !field(row, "break_glass").empty())
    return level::alert;
  if (is_any(event, {"unlock", "clock-accept", "member-found"})) return level::warning;
  if (is_any(event, {"session", "session-end", "remap", "denied", "would-deny"})) return level::info;
  return level::notice;
}

std::string sentence_of(const store::audit_row& row) {
  std::string out = row.event;
  for (std::string_view key : {"grant", "request", "lock"}) add(out, " ", id_of(row, key));
  std::string who(field(row, "person"));
  add(who, who.empty() ? "" : " as ", field(row, "account"));
  add(who, who.empty() ? "" : " on ", field(row, "resource"));
  add(who, who.empty() ? "" : " at ", field(row, "login_point"));
  if (row.event.starts_with("member")) {
    add(who, " of ", field(row, "role"));
    add(who, " in ", field(row, "system"));
  }
  add(out, ": ", who);
  add(out, ", by ", field(row, "by"));
  for (std::string_view key : {"reason", "cause", "message", "note", "why"}) add(out, ": ", field(row, key));
  if (is_any(row.event, {"leftover", "member-leftover"}))
    add(out, ": ", field(row, "text"));  // an approval's is long
  if (row.event == "checkpoint") add(out, ": ", on_one_line(field(row, "text")));
  return service::printable(std::string_view(out).substr(0, longest_value));
}

std::vector<service::journal_field> journal_entry(const store::audit_row& row) {
  std::vector<service::journal_field> out;
  out.push_back({"MESSAGE", sentence_of(row)});
  out.push_back({"PRIORITY", std::to_string(static_cast<int>(level_of(row)))});
  out.push_back({"SYSLOG_IDENTIFIER", "grantd"});
  out.push_back({"GRANTD_EVENT", row.event});
  out.push_back({"GRANTD_SEQUENCE", std::to_string(row.sequence)});
  struct named {
    std::string_view name, key;
  };
  static constexpr std::array plain = {
      named{"GRANTD_PERSON", "person"},   named{"GRANTD_RESOURCE", "resource"},
      named{"GRANTD_ACCOUNT", "account"}, named{"GRANTD_LOGIN_POINT", "login_point"},
      named{"GRANTD_BY", "by"},           named{"GRANTD_REASON", "reason"}};
  for (const auto& [name, key] : plain) {
    if (auto v = field(row, key); !v.empty()) out.push_back({name, std::string(v.substr(0, longest_value))});
  }
  if (auto g = id_of(row, "grant"); !g.empty()) out.push_back({"GRANTD_GRANT", std::move(g)});
  if (auto r = id_of(row, "request"); !r.empty()) out.push_back({"GRANTD_REQUEST", std::move(r)});
  if (row.event == "checkpoint") out.push_back({"GRANTD_CHECKPOINT", std::string(field(row, "text"))});
  return out;
}

}  // namespace grantd::daemon
