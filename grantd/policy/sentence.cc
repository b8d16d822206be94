// SPDX-License-Identifier: Apache-2.0
// A word at a time; single quotes hold what has spaces.
#include "policy/sentence.h"

#include <charconv>
#include <vector>

#include "base/duration.h"
#include "base/timestamp.h"
#include "policy/mistake.h"

namespace grantd::policy {
namespace {

std::unexpected<std::string> bad(std::string what) { return std::unexpected(std::move(what)); }

struct token {
  std::string_view text;
  bool quoted = false;
};

class reader {
 public:
  explicit reader(std::vector<token> words) : words_(std::move(words)) {}
  [[nodiscard]] bool done() const { return i_ >= words_.size(); }
  [[nodiscard]] std::string_view rest() const { return done() ? "" : words_[i_].text; }
  // The next word if it is this one, unquoted.
  bool skip(std::string_view word) {
    if (done() || words_[i_].quoted || words_[i_].text != word) return false;
    ++i_;
    return true;
  }
  // Whatever comes next.
  std::optional<std::string_view> take() {
    if (done() || (!words_[i_].quoted && words_[i_].text == "->")) return std::nullopt;
    return words_[i_++].text;
  }

 private:
  std::vector<token> words_;
  size_t i_ = 0;
};

std::expected<std::vector<token>, std::string> split(std::string_view text) {
  std::vector<token> out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    const bool quote = text[i] == '\'';
    const size_t begin = quote ? i + 1 : i;
    const size_t end = text.find(quote ? '\'' : ' ', begin);
    if (quote && end == text.npos) return bad("has a ' that is never closed");
    out.push_back({text.substr(begin, end == text.npos ? end : end - begin), quote});
    if (end == text.npos) break;
    i = end + 1;
  }
  return out;
}

// "as", "for", "at", "because" and what follows; false where none of them comes.
std::expected<bool, std::string> read_option(reader& in, sentence& out) {
  auto once = [&](bool given, std::string_view word) {
    return given ? "says " + std::string(word) + " twice" : "";
  };
  std::string twice;
  if (in.skip("read-write")) {
    twice = once(out.read_write, "read-write");
    out.read_write = true;
  } else if (in.skip("break-glass")) {
    twice = once(out.break_glass, "break-glass");
    out.break_glass = true;
  } else if (in.skip("as")) {
    auto w = in.take();
    if (!w || w->empty()) return bad("names no role after as");
    twice = once(!out.role.empty(), "as");
    out.role = *w;
  } else if (in.skip("for")) {
    auto w = in.take().value_or("");
    twice = once(out.for_us.has_value(), "for");
    out.for_us = base::parse_duration_us(w);
    if (!out.for_us) return bad("has no duration after for: " + quoted(w));
  } else if (in.skip("at")) {
    auto w = in.take().value_or("");
    twice = once(out.start.has_value(), "at");
    out.start = base::parse_timestamp(w);
    if (!out.start)
      return bad("has no time with an offset after at: " + quoted(w) + " (write 2026-11-23T10:00:00+01:00)");
  } else if (in.skip("because")) {
    auto w = in.take();
    if (!w || w->empty()) return bad("gives no reason after because");
    twice = once(!out.reason.empty(), "because");
    out.reason = *w;
  } else {
    return false;
  }
  if (!twice.empty()) return bad(twice);
  return true;
}

std::string read_outcome(reader& in, sentence& out) {
  if (in.skip("opens")) {
    out.expected = sentence::outcome::opens;
    return in.skip("at") && in.skip("once") ? "" : "does not say opens at once";
  }
  if (in.skip("refused")) return "";
  if (!in.skip("needs"))
    return "expects " + quoted(in.rest()) + ": opens at once, needs N approvals, or refused";
  out.expected = sentence::outcome::asks;
  std::string_view n = in.take().value_or("");
  auto [end, e] = std::from_chars(n.data(), n.data() + n.size(), out.approvals);
  if (e != std::errc() || end != n.data() + n.size() || out.approvals == 0) {
    return "does not say how many approvals: " + quoted(n);
  }
  return in.skip("approvals") || in.skip("approval") ? "" : "does not say needs N approvals";
}

}  // namespace

std::expected<sentence, std::string> parse_sentence(std::string_view text) {
  auto words = split(text);
  if (!words) return bad(words.error());
  reader in(std::move(*words));
  sentence out;
  auto person = in.take();
  if (!person || person->empty()) return bad("names no person");
  out.person = *person;
  if (!in.skip("on")) return bad("has " + quoted(in.rest()) + " where on is due");
  auto resource = in.take();
  if (!resource || resource->empty()) return bad("names no resource");
  out.resource = *resource;
  while (!in.skip("->")) {
    if (in.done()) return bad("has no ->");
    auto option = read_option(in, out);
    if (!option) return bad(option.error());
    if (!*option) return bad("has " + quoted(in.rest()) + ", which is not understood");
  }
  if (std::string wrong = read_outcome(in, out); !wrong.empty()) return bad(wrong);
  if (in.skip("by")) {
    auto rule = in.skip("rule") ? in.take() : std::nullopt;
    if (!rule || rule->empty()) return bad("does not say by rule NAME");
    out.rule = *rule;
  }
  if (!in.done()) return bad("goes on after its end: " + quoted(in.rest()));
  return out;
}

}  // namespace grantd::policy
