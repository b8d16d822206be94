// SPDX-License-Identifier: Apache-2.0
// Writes one audit record as one line of JSON. It must never let a value end the line or a string: values are
// bytes that a stranger may have typed.
#include "proof/ecs.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "proof/ecs_words.h"
#include "proof/record_ids.h"

namespace grantd::proof {
namespace {

constexpr std::string_view ecs_version = "8.11";
constexpr std::string_view digits = "0123456789abcdef";

// U+0080 to U+009f are control bytes to a terminal; U+2028 and U+2029 end lines for some readers.
bool breaks_lines(std::string_view c) {
  return (c.size() == 1 && (static_cast<unsigned char>(c[0]) < 0x20 || c[0] == 0x7f)) ||
         (c.size() == 2 && c[0] == '\xc2' && static_cast<unsigned char>(c[1]) < 0xa0) || c == "\u2028" ||
         c == "\u2029";
}

unsigned code_point(std::string_view c) {
  auto at = [&](size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(c[i])); };
  if (c.size() == 1) return at(0);
  if (c.size() == 2) return (at(0) & 0x1f) << 6 | (at(1) & 0x3f);
  return (at(0) & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f);
}

void put_hex(std::string& out, unsigned value, unsigned count) {
  while (count != 0) out += digits[value >> (4 * --count) & 15];
}

std::string string(std::string_view text) {
  std::string out(1, '"');
  while (!text.empty()) {
    size_t n = base::utf8_length(text);
    std::string_view c = text.substr(0, std::max<size_t>(n, 1));
    text.remove_prefix(c.size());
    if (n == 0) {
      out += "\\\\x";  // shown as \xff: JSON has no way to hold the byte itself
      put_hex(out, static_cast<unsigned char>(c[0]), 2);
    } else if (c == "\"" || c == "\\") {
      (out += '\\') += c;
    } else if (breaks_lines(c)) {
      out += "\\u";
      put_hex(out, code_point(c), 4);
    } else {
      out += c;
    }
  }
  return out += '"';
}

// Members in the order they are put; each value is JSON already.
class object {
 public:
  void put(std::string_view key, std::string_view json) {
    if (out_.size() > 1) out_ += ',';
    out_.append(string(key)).append(":").append(json);
  }
  void text(std::string_view key, std::string_view value) { put(key, string(value)); }
  [[nodiscard]] std::string take() { return std::move(out_ += '}'); }

 private:
  std::string out_ = "{";
};

template <typename Range>
std::string array(const Range& values) {
  std::string out(1, '[');
  for (const auto& v : values) out.append(out.size() > 1 ? "," : "").append(string(v));
  return out += ']';
}

std::string one(std::string_view key, std::string_view json) {
  object out;
  out.put(key, json);
  return out.take();
}

// Six digits always: a field that has them only sometimes does not sort as text.
std::string timestamp(int64_t us) {
  std::string out(base::print_timestamp({us}).view());
  if (us % base::us_per_s == 0) out.replace(out.size() - 1, 1, ".000000Z");
  return out;
}

// "alice" of "pg:alice": what other systems call the same human.
std::string_view name_of(std::string_view account) {
  return account.substr(account.find(':') + 1);  // npos + 1 is 0
}

// "by" is one of these when it was nobody.
bool is_somebody(std::string_view by) {
  return !by.empty() && by != "clock" && by != "policy" && by != "table" && by != "unlock";
}

bool is_address(std::string_view remote) {
  std::string text(remote);
  if (text.find('\0') != text.npos) return false;
  in6_addr room{};
  return inet_pton(AF_INET, text.c_str(), &room) == 1 || inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

bool is_pid(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text[0] != '0' &&
         text.find_first_not_of("0123456789") == text.npos;
}

// Who did it is user, whom it concerns user.target, as ECS wants it of iam.
void put_user(object& out, const record& r) {
  std::string_view by = is_somebody(r.field("by")) ? r.field("by") : "";
  std::string_view whom = r.field("person");
  if (whom.empty()) whom = name_of(r.field("account"));
  std::string_view who = by.empty() ? whom : by;
  if (who.empty()) return;
  object user;
  user.text("name", who);
  if (!whom.empty() && whom != who) user.put("target", one("name", string(whom)));
  out.put("user", user.take());
  std::vector<std::string_view> both{who};
  if (!whom.empty() && whom != who) both.push_back(whom);
  out.put("related", one("user", array(both)));
}

void put_fields(object& out, const record& r) {
  object all;
  std::vector<std::string_view> done;
  for (const auto& [key, first] : r.fields) {
    if (std::ranges::find(done, key) != done.end()) continue;
    done.emplace_back(key);
    std::vector<std::string> values;
    for (const auto& [k, v] : r.fields) {
      if (k == key) values.push_back(id_in(k, v).value_or(v));
    }
    all.put(key, values.size() == 1 ? string(values.front()) : array(values));
  }
  if (!done.empty()) out.put("grantd", all.take());
}

std::string event(const record& r, const digest& chained) {
  ecs_words words = ecs_words_of(r.event);
  std::string hash;
  for (uint8_t b : chained) put_hex(hash, b, 2);
  object out;
  out.text("kind", "event");
  out.put("category", array(std::array{words.category}));
  out.put("type", array(words.types));
  out.text("action", r.event);
  out.text("outcome", words.outcome);
  out.put("sequence", std::to_string(r.sequence));
  out.text("hash", hash);
  if (auto why = r.field("reason"); !why.empty()) out.text("reason", why);
  return out.take();
}

}  // namespace

std::string ecs_line(const record& r, const digest& chained, std::string_view host) {
  object out;
  out.text("@timestamp", timestamp(r.utc_us));
  out.put("ecs", one("version", string(ecs_version)));
  out.put("event", event(r, chained));
  out.put("service", one("type", string("grantd")));
  out.put("host", one("name", string(host)));
  put_user(out, r);
  if (auto remote = r.field("remote"); is_address(remote)) out.put("source", one("ip", string(remote)));
  if (auto pid = r.field("pid"); is_pid(pid)) out.put("process", one("pid", pid));
  put_fields(out, r);
  return out.take() += '\n';
}

}  // namespace grantd::proof
