// SPDX-License-Identifier: Apache-2.0
// Writes the lines in their one order. Each begins with a word of its own and no value holds an end of line,
// so from the text alone every fact can be told again.
#include "proof/approval_text.h"

#include <array>

#include "base/duration.h"
#include "base/ident.h"
#include "base/names.h"
#include "base/timestamp.h"

namespace grantd::proof {
namespace {

constexpr uint64_t last_number = uint64_t{1} << 53;
constexpr int64_t last_us = 253'402'300'799'999'999;  // 9999-12-31T23:59:59.999999Z

// What a terminal or a page may take for the end of a line, show in another order than it is signed, or not
// show.
constexpr std::array<std::string_view, 21> deceiving = {
    "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
    "\u2066", "\u2067", "\u2068", "\u2069", "\u200b", "\u200c", "\u200d",
    "\u200e", "\u200f", "\u00ad", "\u061c", "\u2060", "\ufeff", "\u180e"};

bool tellable(std::string_view value) {
  if (value.empty() || value.front() == ' ' || value.back() == ' ') return false;
  if (value.find("  ") != value.npos || !base::is_printable_utf8(value)) return false;
  for (std::string_view c : deceiving) {
    if (value.find(c) != value.npos) return false;
  }
  return true;
}

bool tellable(base::utc_time t) { return t.us >= 0 && t.us <= last_us; }

bool tellable(const approval_facts& f) {
  if (f.request == 0 || f.request > last_number || f.extends > last_number) return false;
  if (!tellable(f.person) || !tellable(f.resource)) return false;
  if (!f.role.empty() && !tellable(f.role)) return false;
  if (!f.reason.empty() && !tellable(f.reason)) return false;
  for (const std::string& scope : f.scopes) {
    if (!tellable(scope)) return false;
  }
  for (int64_t us : {f.for_us, f.asked_for_us}) {
    if (us <= 0 || us % base::us_per_s != 0) return false;
  }
  if (f.for_us > f.asked_for_us) return false;
  if (f.until && (!tellable(*f.until) || *f.until <= f.asked)) return false;
  return tellable(f.asked) && (!f.start || tellable(*f.start));
}

std::string start_of(const approval_facts& f) {
  if (!f.start) return f.first_use ? "at first use" : "at approval";
  std::string when(base::print_timestamp(*f.start).view());
  return f.first_use ? "at first use from " + when : when;
}

class text {
 public:
  void line(std::string_view word, std::string_view value) {
    out_.append(word).append(": ").append(value) += '\n';
  }
  void duration(std::string_view word, int64_t us) {
    std::string value(base::print_duration_short(us).view());
    line(word, value + " (" + std::to_string(us / base::us_per_s) + " s)");
  }
  void hex(std::string_view word, std::span<const uint8_t> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string value;
    for (uint8_t b : bytes) (value += digits[b >> 4]) += digits[b & 15];
    line(word, value);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_ = "grantd approval, version 1\n";
};

}  // namespace

std::optional<std::string> approval_text(const approval_facts& f) {
  if (!tellable(f)) return std::nullopt;
  text out;
  out.hex("host", f.host);
  out.line("request", base::print_id('r', f.request).view());
  out.line("person", f.person);
  out.line("resource", f.resource);
  out.line("access", f.read_write ? "read-write" : "read-only");
  if (!f.role.empty()) out.line("role", f.role);
  if (f.break_glass) out.line("break-glass", "yes");
  if (f.extends != 0) out.line("extends", base::print_id('g', f.extends).view());
  out.duration("for", f.for_us);
  if (f.asked_for_us != f.for_us) out.duration("asked-for", f.asked_for_us);
  out.line("start", start_of(f));
  if (f.until) out.line("until", base::print_timestamp(*f.until).view());
  out.line("asked", base::print_timestamp(f.asked).view());
  for (const std::string& scope : f.scopes) out.line("scope", scope);
  if (!f.reason.empty()) out.line("reason", f.reason);
  return out.take();
}

}  // namespace grantd::proof
