// SPDX-License-Identifier: Apache-2.0
// The one file that includes nlohmann-json. Never lets one of its exceptions out.
#include "daemon/json.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace grantd::daemon::json {

// Receives the parser's events; refuses by returning false, with the reason in `why`.
class builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put(value()); }
  bool boolean(bool b) override { return put(value(b)); }
  bool number_integer(number_integer_t n) override { return put(value(n)); }
  bool number_unsigned(number_unsigned_t n) override {
    if (n > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return put(value::not_integer{});
    return put(value(static_cast<int64_t>(n)));
  }
  bool number_float(number_float_t, const string_t&) override { return put(value::not_integer{}); }
  bool string(string_t& s) override { return put(value(std::move(s))); }
  bool binary(binary_t&) override { return refuse("binary"); }
  bool start_object(std::size_t) override { return open(value(value::object{})); }
  bool start_array(std::size_t) override { return open(value(value::array{})); }
  bool end_object() override { return shut(); }
  bool end_array() override { return shut(); }
  bool key(string_t& k) override {
    const auto* o = stack_.back().members();
    if (o->size() >= max_members)
      return refuse("more than " + std::to_string(max_members) + " keys in one object");
    if (stack_.back().find(k) != nullptr) return refuse("a key twice in one object");
    keys_.back() = std::move(k);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("not JSON at byte " + std::to_string(position));
  }

  value result;
  std::string why;

 private:
  bool refuse(std::string reason) {
    if (why.empty()) why = std::move(reason);
    return false;
  }
  bool open(value v) {
    if (stack_.size() >= max_depth) return refuse("nested more than " + std::to_string(max_depth) + " deep");
    stack_.push_back(std::move(v));
    keys_.emplace_back();
    return true;
  }
  bool shut() {
    value v = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    return put(std::move(v));
  }
  bool put(value v) {
    if (stack_.empty()) {
      result = std::move(v);
      return true;
    }
    auto& in = stack_.back().is_;
    if (auto* a = std::get_if<value::array>(&in)) {
      if (a->size() >= max_items)
        return refuse("more than " + std::to_string(max_items) + " items in one array");
      a->push_back(std::move(v));
    } else if (auto* o = std::get_if<value::object>(&in)) {
      o->emplace_back(std::move(keys_.back()), std::move(v));
    }
    return true;
  }

  std::vector<value> stack_;
  std::vector<std::string> keys_;
};

std::expected<value, std::string> parse(std::string_view bytes) {
  if (!base::is_utf8(bytes)) return std::unexpected("not UTF-8");
  if (bytes.starts_with("\xEF\xBB\xBF")) return std::unexpected("a byte order mark");
  builder made;
  try {
    if (!nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &made)) {
      return std::unexpected(made.why.empty() ? "not JSON" : made.why);
    }
  } catch (const std::exception&) {  // number out of range, out of memory
    return std::unexpected("not JSON");
  }
  return std::move(made.result);
}

}  // namespace grantd::daemon::json
