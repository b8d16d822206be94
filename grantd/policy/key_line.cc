// SPDX-License-Identifier: Apache-2.0
// Takes a key line apart to the last byte. No cryptography: whether the point is on the curve is sshd's to
// say.
#include "policy/key_line.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/names.h"
#include "policy/mistake.h"

namespace grantd::policy {
namespace {

struct curve {
  std::string_view type;
  std::string_view name;
  size_t point;  // uncompressed: 0x04, x, y
};
constexpr std::array<curve, 3> curves = {{{"ecdsa-sha2-nistp256", "nistp256", 65},
                                          {"ecdsa-sha2-nistp384", "nistp384", 97},
                                          {"ecdsa-sha2-nistp521", "nistp521", 133}}};
constexpr std::string_view ed25519 = "ssh-ed25519";
constexpr std::string_view sk_ed25519 = "sk-ssh-ed25519@openssh.com";
constexpr std::string_view sk_ecdsa = "sk-ecdsa-sha2-nistp256@openssh.com";
constexpr std::string_view rsa = "ssh-rsa";

int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// RFC 4648 section 4, canonical: padded, and no bits set in what the padding stands for.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text.substr(0, text.size() - padding)) {
    int d = digit(c);
    if (d < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(d)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return out;
}

// RFC 4251 section 5: strings with a big-endian length.
class reader {
 public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::string_view> string() {
    if (rest_.size() < 4) return std::nullopt;
    uint32_t size = 0;
    for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(rest_[i]);
    if (rest_.size() - 4 < size) return std::nullopt;
    std::string_view out = rest_.substr(4, size);
    rest_.remove_prefix(4 + size_t{size});
    return out;
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Bits of a positive mpint in its shortest form; 0 for anything else.
size_t mpint_bits(std::string_view n) {
  if (n.empty() || (static_cast<unsigned char>(n[0]) & 0x80) != 0) return 0;
  if (n[0] == 0) {
    if (n.size() < 2 || (static_cast<unsigned char>(n[1]) & 0x80) == 0) return 0;
    n.remove_prefix(1);
  }
  size_t bits = n.size() * 8;
  for (auto top = static_cast<unsigned char>(n[0]); (top & 0x80) == 0;
       top = static_cast<unsigned char>(top << 1))
    --bits;
  return bits;
}

bool is_point(std::optional<std::string_view> p, size_t size) {
  return p && p->size() == size && (*p)[0] == 4;
}

bool is_application(std::optional<std::string_view> a) {
  return a && !a->empty() && a->size() <= 255 && base::is_printable_utf8(*a);
}

// Empty when the blob is one key of `type`, to its last byte.
std::string fault_of(std::string_view type, std::string_view blob) {
  reader in(blob);
  auto inside = in.string();
  if (inside && *inside != type) return "says another type inside its base64 text than before it";
  bool good = false;
  if (type == ed25519 || type == sk_ed25519) {
    auto point = in.string();
    good = point && point->size() == 32;
    if (type == sk_ed25519) good = is_application(in.string()) && good;
  } else if (type == sk_ecdsa) {
    good = in.string() == curves[0].name;
    good = is_point(in.string(), curves[0].point) && good;
    good = is_application(in.string()) && good;
  } else if (type == rsa) {
    auto e = in.string();
    auto n = in.string();
    good = e && n && mpint_bits(*e) >= 2 && mpint_bits(*n) > 0;
    if (good && mpint_bits(*n) < min_rsa_bits) {
      return "is an RSA key of " + std::to_string(mpint_bits(*n)) + " bits: at least " +
             std::to_string(min_rsa_bits) + " (better: ssh-keygen -t ed25519)";
    }
  } else {
    auto c = std::ranges::find(curves, type, &curve::type);
    good = c != curves.end() && in.string() == c->name;
    good = good && is_point(in.string(), c->point);
  }
  if (!inside || !good || !in.done())
    return "is damaged: its base64 text is not exactly one key (copy the whole .pub line again)";
  return {};
}

bool is_type(std::string_view word) {
  return word == ed25519 || word == sk_ed25519 || word == sk_ecdsa || word == rsa ||
         std::ranges::find(curves, word, &curve::type) != curves.end();
}

std::string refuse_type(std::string_view word) {
  if (word == "ssh-dss")
    return "is of type ssh-dss, which OpenSSH no longer trusts (make one: ssh-keygen -t ed25519)";
  if (word.find("-cert-v01@") != word.npos)
    return "is a certificate: give the plain public key (the .pub file)";
  if (word.starts_with("-----"))
    return "is a private key or a PEM file: give the .pub line, and keep the other secret";
  return "begins with " + quoted(word) +
         ": it must begin with its type (ssh-ed25519, sk-ssh-ed25519@openssh.com, ecdsa-sha2-nistp256, "
         "ssh-rsa, ...); "
         "options are not allowed";
}

}  // namespace

std::expected<key_line, std::string> parse_key_line(std::string_view line) {
  if (line.find_first_of("\r\n") != line.npos)
    return std::unexpected("is more than one line: one key a string");
  if (!base::is_printable_utf8(line)) return std::unexpected("holds a control byte");
  std::string_view type = line.substr(0, line.find(' '));
  if (!is_type(type)) return std::unexpected(refuse_type(type));
  if (type.size() == line.size()) return std::unexpected("ends after its type: give the whole .pub line");
  std::string_view rest = line.substr(type.size() + 1);
  auto blob = decode_base64(rest.substr(0, rest.find(' ')));
  if (!blob)
    return std::unexpected(
        "is damaged: what follows its type is not base64 (copy the whole .pub line again)");
  if (std::string fault = fault_of(type, *blob); !fault.empty()) return std::unexpected(std::move(fault));
  return key_line{std::string(type), std::move(*blob)};
}

}  // namespace grantd::policy
