// SPDX-License-Identifier: Apache-2.0
// The only file of grantctl that includes nlohmann-json. Parses untrusted text; no exception leaves it.
#include "cli/json.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace grantd::cli {
namespace {

// Builds values as the parser meets them; the parser keeps no document of its own.
class builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  value result;
  std::string problem;

  bool null() override { return add({}); }
  bool boolean(bool b) override { return add(b); }
  bool number_integer(number_integer_t i) override { return add(static_cast<int64_t>(i)); }
  bool number_unsigned(number_unsigned_t u) override {
    if (u > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return add(static_cast<double>(u));
    return add(static_cast<int64_t>(u));
  }
  bool number_float(number_float_t d, const string_t&) override { return add(d); }
  bool string(string_t& s) override { return add(std::move(s)); }
  bool binary(binary_t&) override { return refuse("binary"); }
  bool start_object(std::size_t) override { return open(value::object{}); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(value::array{}); }
  bool end_array() override { return close(); }
  bool key(string_t& k) override {
    if (open_.back().members()->size() >= max_json_members) return refuse("an object with too many keys");
    if (open_.back().find(k) != nullptr) return refuse(fmt::format("the key \"{}\" stands there twice", k));
    keys_.back() = std::move(k);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse(fmt::format("not JSON at byte {}", position));
  }

 private:
  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool open(value v) {
    if (open_.size() >= max_json_depth)
      return refuse(fmt::format("more than {} levels deep", max_json_depth));
    open_.push_back(std::move(v));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    value done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return add(std::move(done));
  }
  bool add(value v) {
    if (open_.empty()) {
      result = std::move(v);
    } else if (value::array* items = open_.back().items()) {
      items->push_back(std::move(v));
    } else {
      open_.back().set(keys_.back(), std::move(v));
    }
    return true;
  }

  std::vector<value> open_;
  std::vector<std::string> keys_;
};

}  // namespace

std::expected<value, std::string> parse_json(std::string_view text) {
  // nlohmann takes a NUL for the end of the text and would not see what follows.
  if (text.find('\0') != text.npos) return std::unexpected("not JSON: it holds a NUL");
  builder b;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &b)) return std::move(b.result);
  return std::unexpected(b.problem.empty() ? std::string("not JSON") : std::move(b.problem));
}

}  // namespace grantd::cli
