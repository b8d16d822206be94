// SPDX-License-Identifier: Apache-2.0
// Words for records of the audit.
#include "cli/audit_records.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "base/duration.h"
#include "cli/times.h"
#include "proof/record_ids.h"

namespace grantd::cli {
namespace {

std::optional<int64_t> number(const value& v) {
  if (v.integer() != nullptr) return *v.integer();
  if (v.text() == nullptr) return {};
  const std::string& text = *v.text();
  int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return n;
}

std::optional<std::string> id_text(std::string_view key, const value& v) {
  if (v.integer() != nullptr) return proof::id_in(key, std::to_string(*v.integer()));
  return v.text() == nullptr ? std::nullopt : proof::id_in(key, *v.text());
}

void add(value::object& to, const std::string& key, const std::string& text) {
  for (auto& [k, v] : to) {
    if (k != key) continue;
    if (v.items() == nullptr) v = value(value::array{std::move(v)});
    v.items()->emplace_back(text);
    return;
  }
  to.emplace_back(key, text);
}

}  // namespace

value audit_document(const proof::record& r, const proof::digest& chained) {
  value::object fields;
  for (const auto& [key, text] : r.fields) add(fields, key, text);
  value document;
  document.set("sequence", static_cast<int64_t>(r.sequence));
  document.set("at_us", r.utc_us);
  document.set("event", r.event);
  document.set("fields", std::move(fields));
  document.set("chained", hex(chained));
  return document;
}

// The bytes that are chained: grantctl call Audit.
value readable_fields(const value& fields) {
  value::object out;
  if (fields.members() == nullptr) return out;
  for (const auto& [key, v] : *fields.members()) {
    if (auto id = id_text(key, v)) {
      out.emplace_back(key, std::move(*id));
    } else if (auto n = key.ends_with("_us") ? number(v) : std::nullopt) {
      out.emplace_back(key, *n);
    } else {
      out.emplace_back(key, v);
    }
  }
  return with_times(out);
}

value readable_record(const value& document) {
  value::object out;
  if (document.members() == nullptr) return out;
  for (const auto& [key, v] : *document.members())
    out.emplace_back(key, key == "fields" && v.members() != nullptr ? readable_fields(v) : v);
  return out;
}

std::string field_words(const value& fields) {
  std::string out;
  if (fields.members() == nullptr) return out;
  for (const auto& [key, v] : *fields.members()) {
    if (!out.empty()) out += ' ';
    bool plain =
        v.text() != nullptr && !v.text()->empty() && v.text()->find_first_of(" \"=\\") == std::string::npos;
    out += fmt::format("{}={}", key, plain ? *v.text() : print_json(v));
  }
  return out;
}

std::string record_words(const proof::record& r) {
  for (const char* key : {"request", "grant", "lock"}) {
    if (auto id = proof::id_in(key, r.field(key))) return fmt::format("{} of {}", r.event, *id);
  }
  return r.event;
}

std::string hex(const proof::digest& d) {
  std::string out;
  for (uint8_t byte : d) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
  return out;
}

result<std::optional<int64_t>> since_of(const context& c) {
  std::string text = c.given.get("--since");
  if (text.empty()) return std::optional<int64_t>();
  if (auto us = base::parse_duration_us(text)) return std::optional<int64_t>(c.here.now().us - *us);
  auto moment = parse_moment(text, c.here.now(), c.here.local);
  if (!moment) return refuse(exit_code::usage, moment.error(), "grantctl audit --help");
  return std::optional<int64_t>(moment->us);
}

}  // namespace grantd::cli
