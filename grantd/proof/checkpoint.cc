// SPDX-License-Identifier: Apache-2.0
// Writes and reads signed notes with one signature scheme and one body. It must never believe a line of a
// body whose signature it has not checked.
#include "proof/checkpoint.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "base/names.h"
#include "base/timestamp.h"
#include "proof/base64.h"

namespace grantd::proof {
namespace {

constexpr std::string_view prefix = "grantd/";
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view dash = "\u2014 ";  // signed-note begins a signature's line with an em dash
constexpr std::string_view time_word = "time ";
constexpr char ed25519 = 0x01;  // signed-note's number of the signature type
constexpr size_t max_note = 4096;
constexpr size_t max_signatures = 16;  // witnesses may add theirs
constexpr size_t hash_size = 4;

using fault = std::unexpected<checkpoint_fault>;

std::string key_bytes(const node_key::public_part& key) {
  std::string out(1, ed25519);
  return out.append(reinterpret_cast<const char*>(key.data()), key.size());
}

// signed-note, "Key ID": tells keys of one name apart. No proof of anything.
std::string key_hash(std::string_view name, const node_key::public_part& key) {
  std::string text(name);
  text += '\n';
  text += key_bytes(key);
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return {reinterpret_cast<const char*>(hash.data()), hash_size};
}

std::string print_hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
  }
  return out;
}

// signed-note: not empty, no space, no plus.
bool is_key_name(std::string_view name) {
  return !name.empty() && base::is_printable_utf8(name) && name.find_first_of(" +") == name.npos;
}

std::string print_body(const checkpoint& c) {
  std::string out = c.origin + '\n' + std::to_string(c.size) + '\n' + encode_base64(c.head) + '\n';
  out.append(time_word).append(base::print_timestamp(c.at).view()) += '\n';
  return out;
}

// The front line, without its newline; nothing when none ends.
std::optional<std::string_view> take_line(std::string_view& text) {
  size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<checkpoint> parse_body(std::string_view body) {
  std::string_view rest = body;
  checkpoint out;
  auto origin = take_line(rest);
  auto size = take_line(rest);
  auto head = take_line(rest);
  auto time = take_line(rest);
  if (!time || !time->starts_with(time_word)) return std::nullopt;
  out.origin = *origin;
  auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), out.size);
  if (error != std::errc() || !is_key_name(*origin)) return std::nullopt;
  auto bytes = decode_base64(*head);
  if (!bytes || bytes->size() != out.head.size()) return std::nullopt;
  std::ranges::copy(*bytes, out.head.begin());
  auto at = base::parse_timestamp(time->substr(time_word.size()));
  if (!at) return std::nullopt;
  out.at = *at;
  // One spelling: leading zeros, other offsets, further lines, all that was read too kindly fails here.
  if (print_body(out) != body) return std::nullopt;
  return out;
}

enum class line_state : uint8_t { malformed, others, ours };

struct signature_line {
  line_state is = line_state::malformed;
  std::string signature;
};

// "DASH NAME BASE64(HASH || SIGNATURE)"
signature_line read_signature(std::string_view line, const verifier& by) {
  if (!line.starts_with(dash)) return {};
  line.remove_prefix(dash.size());
  size_t space = line.find(' ');
  if (space == line.npos || !is_key_name(line.substr(0, space))) return {};
  auto bytes = decode_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= hash_size) return {};
  if (line.substr(0, space) != by.name || !bytes->starts_with(key_hash(by.name, by.key)))
    return {line_state::others, {}};
  return {line_state::ours, bytes->substr(hash_size)};
}

bool is_good(std::string_view signature, std::string_view body, const node_key::public_part& key) {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(signature.data()),
                                     reinterpret_cast<const unsigned char*>(body.data()), body.size(),
                                     key.data()) == 0;
}

}  // namespace

std::string node_name(std::span<const uint8_t, 16> uuid) {
  return std::string(prefix) + print_hex({reinterpret_cast<const char*>(uuid.data()), uuid.size()});
}

std::string print_verifier(std::string_view name, const node_key::public_part& key) {
  return std::string(name) + '+' + print_hex(key_hash(name, key)) + '+' + encode_base64(key_bytes(key));
}

std::optional<verifier> parse_verifier(std::string_view text) {
  size_t plus = text.find('+');
  if (plus == text.npos || text.size() - plus < 1 + 2 * hash_size + 1) return std::nullopt;
  verifier out;
  out.name = text.substr(0, plus);
  auto key = decode_base64(text.substr(plus + 1 + 2 * hash_size + 1));
  if (!is_key_name(out.name) || !key || key->size() != 1 + out.key.size()) return std::nullopt;
  std::copy_n(key->begin() + 1, out.key.size(), out.key.begin());
  if (print_verifier(out.name, out.key) != text) return std::nullopt;
  return out;
}

std::string sign_checkpoint(const checkpoint& c, const node_key& key) {
  std::string body = print_body(c);
  std::string bytes = key_hash(c.origin, key.shown());
  for (uint8_t b : key.sign(body)) bytes += static_cast<char>(b);
  return body + '\n' + std::string(dash) + c.origin + ' ' + encode_base64(bytes) + '\n';
}

std::string_view words(checkpoint_fault f) {
  switch (f) {
    case checkpoint_fault::malformed:
      return "is not a checkpoint of grantd (give the file as grantctl audit checkpoint printed it)";
    case checkpoint_fault::other_origin:
      return "is of another host than the verifier key";
    case checkpoint_fault::not_signed:
      return "has no signature of this verifier key";
    case checkpoint_fault::bad_signature:
      return "was changed, or was not signed by this verifier key";
  }
  return "does not count";
}

std::expected<checkpoint, checkpoint_fault> open_checkpoint(std::string_view note, const verifier& by) {
  if (note.size() > max_note) return fault(checkpoint_fault::malformed);
  size_t blank = note.find("\n\n");
  if (blank == note.npos) return fault(checkpoint_fault::malformed);
  std::string_view body = note.substr(0, blank + 1);
  std::string_view lines = note.substr(blank + 2);
  auto out = parse_body(body);
  if (!out || lines.empty()) return fault(checkpoint_fault::malformed);
  bool is_signed = false;
  bool all_good = true;
  for (size_t count = 0; !lines.empty(); ++count) {
    auto line = take_line(lines);
    if (!line || count == max_signatures) return fault(checkpoint_fault::malformed);
    auto got = read_signature(*line, by);
    if (got.is == line_state::malformed) return fault(checkpoint_fault::malformed);
    if (got.is == line_state::others) continue;
    is_signed = true;
    all_good = is_good(got.signature, body, by.key) && all_good;
  }
  if (out->origin != by.name) return fault(checkpoint_fault::other_origin);
  if (!is_signed) return fault(checkpoint_fault::not_signed);
  if (!all_good) return fault(checkpoint_fault::bad_signature);
  return *std::move(out);
}

}  // namespace grantd::proof
