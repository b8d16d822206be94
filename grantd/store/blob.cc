// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the bytes kept in columns; a decoder consumes every byte.
#include "store/blob.h"

#include <algorithm>

namespace grantd::store {
namespace {

constexpr uint8_t scopes_version = 1;
constexpr uint8_t with_member_of = 2;
constexpr uint8_t flag_any_database = 1;
constexpr uint8_t flag_replication = 2;
constexpr uint8_t flag_read_write = 4;
constexpr uint8_t all_flags = 7;

class writer {
 public:
  void integer(uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) out_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  void text(std::string_view s, unsigned width) {
    if (s.size() >> (8 * width) != 0) fits_ = false;
    integer(s.size(), width);
    out_.insert(out_.end(), s.begin(), s.end());
  }
  [[nodiscard]] std::optional<std::vector<uint8_t>> finish() {
    if (!fits_) return std::nullopt;
    return std::move(out_);
  }

 private:
  std::vector<uint8_t> out_;
  bool fits_ = true;
};

class reader {
 public:
  explicit reader(std::span<const uint8_t> bytes) : left_(bytes) {}
  uint64_t integer(unsigned width) {
    if (left_.size() < width) {
      good_ = false;
      return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < width; ++i) value |= static_cast<uint64_t>(left_[i]) << (8 * i);
    left_ = left_.subspan(width);
    return value;
  }
  std::string text(unsigned width) {
    uint64_t size = integer(width);
    if (!good_ || left_.size() < size) {
      good_ = false;
      return {};
    }
    std::string s(reinterpret_cast<const char*>(left_.data()), size);
    left_ = left_.subspan(size);
    return s;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool exact() const { return good_ && left_.empty(); }

 private:
  std::span<const uint8_t> left_;
  bool good_ = true;
};

}  // namespace

std::optional<std::vector<uint8_t>> encode_scopes(std::span<const policy::scope> scopes) {
  if (scopes.size() > UINT16_MAX) return std::nullopt;
  writer w;
  const bool members =
      std::ranges::any_of(scopes, [](const policy::scope& s) { return !s.member_of.empty(); });
  w.integer(members ? with_member_of : scopes_version, 1);
  w.integer(scopes.size(), 2);
  for (const policy::scope& s : scopes) {
    unsigned flags = (s.where.any_database ? flag_any_database : 0U) |
                     (s.where.replication ? flag_replication : 0U) | (s.read_write ? flag_read_write : 0U);
    w.integer(s.proved_by, 1);
    w.integer(static_cast<uint8_t>(s.where.where), 1);
    w.integer(flags, 1);
    for (const std::string* t : {&s.account, &s.where.place, &s.where.database, &s.role}) w.text(*t, 2);
    if (members) w.text(s.member_of, 2);
  }
  return w.finish();
}

std::optional<std::vector<policy::scope>> decode_scopes(std::span<const uint8_t> bytes) {
  reader r(bytes);
  const uint64_t version = r.integer(1);
  if (version != scopes_version && version != with_member_of) return std::nullopt;
  uint64_t count = r.integer(2);
  std::vector<policy::scope> out;
  out.reserve(std::min<uint64_t>(count, bytes.size() / 11));  // no scope is shorter
  for (uint64_t i = 0; i < count && r.good(); ++i) {
    policy::scope s{};
    s.proved_by = static_cast<uint8_t>(r.integer(1));
    uint64_t kind = r.integer(1);
    uint64_t flags = r.integer(1);
    if (s.proved_by < 1 || s.proved_by > 4 || kind < 1 || kind > 2 || flags > all_flags) return std::nullopt;
    s.where.where = static_cast<policy::login_point::kind>(kind);
    s.where.any_database = (flags & flag_any_database) != 0;
    s.where.replication = (flags & flag_replication) != 0;
    s.read_write = (flags & flag_read_write) != 0;
    for (std::string* t : {&s.account, &s.where.place, &s.where.database, &s.role}) *t = r.text(2);
    if (version == with_member_of) s.member_of = r.text(2);
    out.push_back(std::move(s));
  }
  if (!r.exact()) return std::nullopt;
  return out;
}

std::string print_scope(const policy::scope& s) {
  constexpr std::string_view classes[] = {"?", "os", "pg", "dn", "krb"};
  std::string text(classes[s.proved_by <= 4 ? s.proved_by : 0]);
  text += ":" + s.account + " at ";
  if (s.where.where == policy::login_point::kind::pam) {
    text += "pam:" + s.where.place;
  } else {
    text += (s.where.replication ? "replication:" : "pg:") + s.where.place;
    if (s.where.any_database) text += "/*";
    if (!s.where.database.empty()) text += "/" + s.where.database;
  }
  if (!s.role.empty()) text += " as " + s.role;
  // Of a shell "read-only" would promise what nothing keeps.
  const bool shell = s.where.where == policy::login_point::kind::pam;
  text += shell ? ", full" : s.read_write ? ", read-write" : ", read-only";
  return s.member_of.empty() ? text : text + ", member of " + s.member_of;
}

std::optional<std::vector<uint8_t>> encode_fields(std::span<const field> fields) {
  if (fields.size() > UINT16_MAX) return std::nullopt;
  writer w;
  w.integer(fields.size(), 2);
  for (const field& f : fields) {
    w.text(f.first, 4);
    w.text(f.second, 4);
  }
  return w.finish();
}

std::optional<std::vector<std::pair<std::string, std::string>>> decode_fields(
    std::span<const uint8_t> bytes) {
  reader r(bytes);
  uint64_t count = r.integer(2);
  std::vector<std::pair<std::string, std::string>> out;
  for (uint64_t i = 0; i < count && r.good(); ++i) {
    std::string key = r.text(4);
    out.emplace_back(std::move(key), r.text(4));
  }
  if (!r.exact()) return std::nullopt;
  return out;
}

}  // namespace grantd::store
