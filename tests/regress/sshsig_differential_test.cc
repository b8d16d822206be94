// SPDX-License-Identifier: Apache-2.0
// verify_sshsig against the real ssh-keygen -Y verify: never taken what it refuses; never refused what it
// takes but for the reasons that PROTOCOL.md, "Approval signature", names, each of which must really occur
// here.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "proof/chain.h"
#include "proof/sshsig.h"
#include "ssh_keygen.h"
#include "support/sanitized.h"
#include "support/sshsig_maker.h"
#include "support/temp_dir.h"
#include "support/unity.h"

using namespace grantd;
using test::making;
using test::sanitized;

namespace {

constexpr std::string_view begin_line = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view end_line = "-----END SSH SIGNATURE-----";

size_t wanted_cases() {
  if (const char* n = std::getenv("GRANTD_SSHSIG_CASES")) return std::strtoull(n, nullptr, 10);
  return sanitized ? 1'000 : 10'000;
}

struct trial {
  std::string what;
  std::string text;
  size_t message;
};

struct set_up {
  std::vector<test::signing_key> keys;  // the last is not enrolled
  std::vector<std::string> messages;
  std::set<std::string> enrolled;
  std::string signers;
  std::mt19937_64 random{test::seed()};
  size_t below(size_t n) { return random() % n; }
};

set_up begin() {
  set_up s;
  for (uint8_t i = 0; i < 3; ++i) s.keys.push_back(test::make_key(i, false));
  s.keys.push_back(test::make_key(3, true));
  s.keys.push_back(test::make_key(4, true, "ssh:oncall"));
  s.keys.push_back(test::make_key(5, true, "https://example.org"));
  s.keys.push_back(test::make_key(6, false));
  for (size_t size : {0, 1, 63, 64, 65, 111, 112, 127, 128, 1000, 8192, 70000}) {
    std::string m;
    while (m.size() < size) m += static_cast<char>(s.random());
    s.messages.push_back(std::move(m));
  }
  // A key of small order (the neutral element): R = A, S = 0 is its signature over anything to who does not
  // look.
  test::signing_key neutral = test::make_key(7, false);
  neutral.point.fill(0);
  neutral.point[0] = 1;
  s.keys.insert(s.keys.end() - 1, neutral);
  for (size_t i = 0; i + 1 < s.keys.size(); ++i) {
    s.enrolled.insert(test::key_blob(s.keys[i]));
    s.signers += "alice " + test::key_line(s.keys[i]) + '\n';
  }
  return s;
}

std::string neutral_signature(const set_up& s, size_t message) {
  std::string blob = test::make_blob(s.keys[6], s.messages[message]);
  blob.replace(blob.size() - 64, 64, std::string(64, '\0'));
  blob[blob.size() - 64] = 1;
  return blob;
}

// Wrong (or only otherwise right) in one way each.
std::vector<trial> chosen(set_up& s) {
  std::vector<trial> out;
  auto add = [&](std::string what, std::string text, size_t m) {
    out.push_back({std::move(what), std::move(text), m});
  };
  for (size_t k : {size_t{0}, size_t{3}}) {
    const test::signing_key& key = s.keys[k];
    const size_t m = 9;
    auto made = [&](std::string what, const making& how) {
      add(std::move(what), test::armour(test::make_blob(key, s.messages[m], how)), m);
    };
    auto named = [](auto change) {
      making how;
      change(how);
      return how;
    };
    const std::string nul(1, '\0');
    const std::string blob = test::key_blob(key);
    made("good", {});
    for (uint32_t v : {0u, 2u, 256u, 0xffffffffu}) made("version", named([&](making& h) { h.version = v; }));
    made("magic", named([](making& h) { h.magic = "SSHSIh"; }));
    made("namespace", named([](making& h) { h.name_space = "file"; }));
    made("no namespace", named([](making& h) { h.name_space = ""; }));
    made("namespace swapped", named([](making& h) { h.signed_name_space = "file"; }));
    made("namespace, NUL", named([&](making& h) {
           h.signed_name_space = h.name_space;
           h.name_space += nul;
         }));
    made("namespace, NUL and more", named([&](making& h) {
           h.signed_name_space = h.name_space;
           h.name_space += nul + "x";
         }));
    made("reserved", named([](making& h) { h.reserved = "x"; }));
    made("reserved, long", named([](making& h) { h.reserved = std::string(500, 'x'); }));
    made("sha256", named([](making& h) { h.hash = "sha256"; }));
    made("hash swapped", named([](making& h) {
           h.hash = "sha256";
           h.signed_hash = "sha512";
         }));
    made("hash of another name", named([](making& h) { h.hash = "sha1"; }));
    made("hash, NUL", named([&](making& h) {
           h.signed_hash = h.hash;
           h.hash += nul;
         }));
    made("S + L", named([](making& h) { h.add_order = true; }));
    made("behind", named([](making& h) { h.behind = "x"; }));
    made("behind the signature", named([](making& h) { h.behind_signature = "x"; }));
    made("behind the key", named([&](making& h) { h.key = blob + "x"; }));
    made("other key", named([&](making& h) { h.key = test::key_blob(s.keys[1]); }));
    made("other key of the other type",
         named([&](making& h) { h.key = test::key_blob(s.keys[k == 0 ? 3 : 0]); }));
    made("signature's type", named([&](making& h) { h.signature_type = s.keys[k == 0 ? 3 : 0].type; }));
    made("signature's type, NUL", named([&](making& h) { h.signature_type = key.type + nul; }));
    made("key's type, NUL", named([&](making& h) {
           h.key = test::ssh_string(key.type + nul) + blob.substr(4 + key.type.size());
         }));
    if (k == 3) {
      made("application, NUL", named([&](making& h) {
             h.key = blob.substr(0, blob.size() - 8) + test::ssh_string("ssh:" + nul);
           }));
    }
    for (unsigned f = 0; f < 256; ++f) {
      if (k == 3 || f < 2) made("flags", named([&](making& h) { h.flags = static_cast<uint8_t>(f); }));
    }
  }
  add("application of a page", test::armour(test::make_blob(s.keys[5], s.messages[1])), 1);
  add("key of small order", test::armour(neutral_signature(s, 1)), 1);
  add("not enrolled", test::armour(test::make_blob(s.keys[7], s.messages[1])), 1);
  for (size_t k = 0; k < 5; ++k) {
    for (size_t m = 0; m < s.messages.size(); ++m) {
      std::string text = test::armour(test::make_blob(s.keys[k], s.messages[m]));
      add("good", text, m);
      add("other message", text, (m + 1) % s.messages.size());
    }
  }
  return out;
}

// The armour written otherwise.
void add_armours(const set_up& s, std::vector<trial>& out) {
  const size_t m = 9;
  const std::string good = test::armour(test::make_blob(s.keys[0], s.messages[m]));
  auto add = [&](std::string what, std::string text) {
    out.push_back({std::move(what), std::move(text), m});
  };
  add("no final newline", good.substr(0, good.size() - 1));
  add("two final newlines", good + "\n");
  add("text behind", good + "thanks\n");
  add("text behind END", good.substr(0, good.size() - 1) + "x\n");
  add("text before", "here it is\n" + good);
  add("newline before", "\n" + good);
  add("longer than the limit", good + std::string(4096, '\n'));
  std::string crlf, one_line(begin_line), narrow(begin_line);
  for (char c : good) (crlf += c == '\n' ? "\r" : "") += c;
  add("CRLF", crlf);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string high = good;
    high[i] = static_cast<char>(high[i] | 0x80);
    if (good[i] == '+' || good[i] == '/') add("armour, high bit", high);
  }
  std::string body = test::base64(test::make_blob(s.keys[0], s.messages[m]));
  add("one line", one_line + body + '\n' + std::string(end_line) + '\n');
  for (char c : body) (narrow += c) += '\n';
  add("a character a line", narrow + std::string(end_line) + '\n');
}

void add_damaged_armours(set_up& s, std::vector<trial>& out) {
  const size_t m = 9;
  const std::string good = test::armour(test::make_blob(s.keys[0], s.messages[m]));
  auto add = [&](std::string what, std::string text) {
    out.push_back({std::move(what), std::move(text), m});
  };
  for (size_t i = 0; i <= good.size(); ++i) {
    add("armour cut", good.substr(0, i));
    const std::string inserted("\n \t\r\v\f=-A\0", 10);
    std::string longer = good;
    longer.insert(i, 1, inserted[s.below(inserted.size())]);
    add("armour, a byte more", longer);
    if (i == good.size()) break;
    std::string other = good;
    other[i] = static_cast<char>(s.random());
    add("armour, another byte", other);
    add("armour, a byte less", good.substr(0, i) + good.substr(i + 1));
  }
}

void add_flips(set_up& s, std::vector<trial>& out) {
  for (size_t k : {size_t{0}, size_t{3}}) {
    const size_t m = 9;
    const std::string good = test::make_blob(s.keys[k], s.messages[m]);
    for (size_t i = 0; i < good.size(); ++i) {
      out.push_back({"cut", test::armour(good.substr(0, i)), m});
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
        out.push_back({"bit " + std::to_string(bit) + " of byte " + std::to_string(i), test::armour(bad), m});
      }
    }
  }
}

trial random_trial(set_up& s) {
  const size_t m = s.below(s.messages.size());
  making how;
  if (s.below(4) == 0) how.counter = static_cast<uint32_t>(s.random());
  if (s.below(4) == 0) how.flags = static_cast<uint8_t>(s.random());
  if (s.below(8) == 0) how.version = static_cast<uint32_t>(s.below(3));
  if (s.below(8) == 0) how.reserved = std::string(s.below(9), 'r');
  if (s.below(8) == 0) how.hash = s.below(2) == 0 ? "sha256" : "sha384";
  if (s.below(8) == 0) how.name_space = "file";
  std::string blob = test::make_blob(s.keys[s.below(5)], s.messages[m], how);
  std::string what = "random";
  for (size_t left = s.below(3); left != 0; --left) {
    const size_t at = s.below(blob.size());
    const size_t count = s.below(6);
    switch (s.below(5)) {
      case 0:
        blob[at] = static_cast<char>(s.random());
        break;
      case 1:
        blob.erase(at, count);
        break;
      case 2:
        blob.insert(at, count, static_cast<char>(s.random()));
        break;
      case 3:
        blob += blob.substr(at);
        break;
      default:
        std::rotate(blob.begin() + static_cast<ptrdiff_t>(at / 2), blob.begin() + static_cast<ptrdiff_t>(at),
                    blob.end());
    }
    if (blob.empty()) blob = "S";
  }
  return {what, test::armour(blob), m};
}

// --- the documented stricter refusals, told from the bytes alone ---

struct opened {
  bool whole = false;
  uint32_t version = 0;
  std::vector<std::string> strings;  // key, namespace, reserved, hash, signature
};

// At most `most` strings, then what is left as one more.
std::vector<std::string> strings_of(std::string_view bytes, size_t most = 5) {
  std::vector<std::string> out;
  while (bytes.size() >= 4 && out.size() < most) {
    size_t n = 0;
    for (size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes[i]);
    if (bytes.size() - 4 < n) break;
    out.emplace_back(bytes.substr(4, n));
    bytes.remove_prefix(4 + n);
  }
  if (!bytes.empty()) out.emplace_back(bytes);  // a security key's flags and counter
  return out;
}

std::string body_of(const std::string& text) {
  std::string out;
  for (char c : text.substr(begin_line.size(), text.find("\n" + std::string(end_line)) - begin_line.size())) {
    if (std::string_view(" \t\n\v\f\r").find(c) == std::string_view::npos) out += c;
  }
  return out;
}

opened open(const std::string& text) {
  std::string body = body_of(text);
  std::string blob(body.size(), '\0');
  size_t size = 0;
  sodium_base642bin(reinterpret_cast<unsigned char*>(blob.data()), blob.size(), body.data(), body.size(),
                    nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  blob.resize(size);
  opened out;
  if (blob.size() < 10) return out;
  for (size_t i = 6; i < 10; ++i) out.version = out.version << 8 | static_cast<unsigned char>(blob[i]);
  out.strings = strings_of(std::string_view(blob).substr(10));
  out.whole = out.strings.size() == 5;
  return out;
}

bool ends_in_nul(const std::string& s) { return s.ends_with('\0'); }

// S, little-endian, at least the order: its top bytes are more than 0x10 00 .. or its sum with -L does not
// borrow.
bool is_unreduced(const std::string& signature) {
  std::string s = signature.substr(32);
  if (static_cast<unsigned char>(s[31]) > 0x10) return true;
  std::string order(64, '\0');
  test::add_order_to(order);
  std::string l = order.substr(32);
  std::reverse(s.begin(), s.end());
  std::reverse(l.begin(), l.end());
  return std::ranges::lexicographical_compare(
             l, s,
             [](char a, char b) { return static_cast<unsigned char>(a) < static_cast<unsigned char>(b); }) ||
         s == l;
}

// The name of the documented reason; empty: there is none.
std::string stricter(const set_up& s, const trial& t, proof::signature_fault f) {
  using fault = proof::signature_fault;
  if (f == fault::not_armour) {
    if (t.text.size() > proof::max_armour) return "longer than 4096 bytes";
    // The same base64 text in ssh-keygen's own lines must be good, or refused for one of the other reasons.
    std::string body = body_of(t.text), text(begin_line);
    for (size_t at = 0; at < body.size(); at += 70) (text += body.substr(at, 70)) += '\n';
    text += std::string(end_line) + '\n';
    if (text == t.text) return "";
    auto got = proof::verify_sshsig(text, proof::approval_namespace, s.messages[t.message]);
    if (got) return "armour written otherwise";
    return got.error() == fault::not_armour ? "" : stricter(s, {t.what, text, t.message}, got.error());
  }
  const opened o = open(t.text);
  if (!o.whole) return "";
  const auto key = strings_of(o.strings[0]);
  const auto signature = strings_of(o.strings[4], 2);
  switch (f) {
    case fault::version:
      return o.version == 0 ? "version 0" : "";
    case fault::reserved:
      return !o.strings[2].empty() ? "reserved not empty" : "";
    case fault::hash:
      return o.strings[3] == "sha256" ? "sha256" : ends_in_nul(o.strings[3]) ? "NUL behind a word" : "";
    case fault::name_space:
      return ends_in_nul(o.strings[1]) ? "NUL behind a word" : "";
    case fault::key_type:
      if (ends_in_nul(key[0]) || ends_in_nul(signature[0])) return "NUL behind a word";
      if (key.size() == 3 && ends_in_nul(key[2])) return "NUL behind a word";
      return key.size() == 3 && !key[2].starts_with("ssh:") ? "application not ssh:" : "";
    case fault::not_touched:
      return signature.size() == 3 && (signature[2][0] & 1) == 0 ? "not touched" : "";
    case fault::mismatch:
      if (signature[1].size() == 64 && is_unreduced(signature[1])) return "S not reduced";
      return key[1] == std::string(1, '\1') + std::string(31, '\0') ? "key of small order" : "";
    default:
      return "";
  }
}

// What ssh-keygen says of each: two processes at a time, files reused.
std::vector<int> ask(const set_up& s, const std::vector<trial>& all, const std::string& dir) {
  test::write_file(dir + "/signers", s.signers);
  for (size_t m = 0; m < s.messages.size(); ++m)
    test::write_file(dir + "/message" + std::to_string(m), s.messages[m]);
  std::vector<int> out(all.size(), -1);
  std::atomic<size_t> next = 0;
  auto work = [&](const std::string& file) {
    for (size_t i = next++; i < all.size(); i = next++) {
      test::write_file(file, all[i].text);
      out[i] = test::ssh_keygen(
          {"-Y", "verify", "-f", dir + "/signers", "-I", "alice", "-n", "approve@grantd", "-s", file},
          dir + "/message" + std::to_string(all[i].message));
    }
  };
  std::thread other(work, dir + "/one.sig");
  work(dir + "/two.sig");
  other.join();
  return out;
}

}  // namespace

TEST(a_signature_of_ssh_keygen_itself_is_taken_and_names_its_key) {
  TEST_ASSERT_TRUE(proof::start());
  test::temp_dir dir;
  const std::string at(dir.path());
  TEST_ASSERT_EQUAL_INT(0, test::ssh_keygen({"-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", at + "/key"}));
  test::write_file(at + "/text", "what is signed\n");
  TEST_ASSERT_EQUAL_INT(
      0, test::ssh_keygen({"-Y", "sign", "-f", at + "/key", "-n", "approve@grantd", at + "/text"}));
  auto got =
      proof::verify_sshsig(test::read_file(at + "/text.sig"), proof::approval_namespace, "what is signed\n");
  TEST_ASSERT_TRUE(got.has_value());
  TEST_ASSERT_EQUAL_STRING("ssh-ed25519 " + test::base64(got->blob) + " x\n",
                           test::read_file(at + "/key.pub"));
}

TEST(nothing_is_taken_that_ssh_keygen_refuses_and_each_stricter_refusal_is_a_documented_one) {
  TEST_ASSERT_TRUE(proof::start());
  set_up s = begin();
  std::vector<trial> all = chosen(s);
  add_armours(s, all);
  const size_t always = all.size();
  add_damaged_armours(s, all);
  add_flips(s, all);
  const size_t wanted = std::max(wanted_cases(), always + 10);
  while (all.size() < wanted) all.push_back(random_trial(s));
  if (all.size() > wanted && wanted < 10'000) {
    std::shuffle(all.begin() + static_cast<ptrdiff_t>(always), all.end(), s.random);
    all.resize(wanted);
  }
  test::temp_dir dir;
  const std::vector<int> theirs = ask(s, all, std::string(dir.path()));
  std::map<std::string, size_t> reasons;
  size_t taken = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    auto got = proof::verify_sshsig(all[i].text, proof::approval_namespace, s.messages[all[i].message]);
    const bool ours = got && s.enrolled.contains(got->blob);
    const std::string name = all[i].what + " (case " + std::to_string(i) + ")\n" + all[i].text;
    TEST_ASSERT_TRUE_MESSAGE(theirs[i] == 0 || theirs[i] == 255, "ssh-keygen did not answer: " + name);
    TEST_ASSERT_TRUE_MESSAGE(!ours || theirs[i] == 0, "taken here, refused by ssh-keygen: " + name);
    taken += ours ? 1 : 0;
    if (ours || theirs[i] != 0) continue;
    std::string why = got ? "" : stricter(s, all[i], got.error());
    TEST_ASSERT_TRUE_MESSAGE(!why.empty(),
                             "taken by ssh-keygen, refused here without a documented reason: " + name);
    ++reasons[why];
  }
  std::cout << all.size() << " signatures, " << taken << " taken by both; stricter here:";
  for (const auto& [why, count] : reasons) std::cout << " [" << why << ": " << count << "]";
  std::cout << '\n';
  TEST_ASSERT_TRUE(taken >= 100);
  for (const char* why : {"version 0", "reserved not empty", "sha256", "NUL behind a word",
                          "application not ssh:", "not touched", "S not reduced", "key of small order",
                          "armour written otherwise", "longer than 4096 bytes"})
    TEST_ASSERT_TRUE_MESSAGE(reasons.contains(why), std::string("never seen: ") + why);
}
