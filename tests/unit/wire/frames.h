// SPDX-License-Identifier: Apache-2.0
// Bytes of frames for tests of wire/: encoded, spoilt, and read from the files of tests/vectors.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace grantd::test {

using bytes = std::vector<uint8_t>;

// What encode() wrote; empty when it refused.
template <size_t Room, class Message>
[[nodiscard]] bytes encoded(const Message& m) {
  std::array<uint8_t, Room> out;
  const size_t n = encode(m, out);
  return {out.begin(), out.begin() + static_cast<ptrdiff_t>(n)};
}

[[nodiscard]] inline bytes with(bytes b, size_t at, uint8_t value) {
  b.at(at) = value;
  return b;
}

// Lays bytes down so that the one behind them cannot be read: whoever reads too far dies of it.
class edge {
 public:
  edge()
      : page_(static_cast<uint8_t*>(
            mmap(nullptr, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (page_ == MAP_FAILED || mprotect(page_ + size, size, PROT_NONE) != 0) throw std::runtime_error("mmap");
  }
  ~edge() { munmap(page_, 2 * size); }
  edge(const edge&) = delete;
  edge& operator=(const edge&) = delete;

  // Valid until the next one.
  [[nodiscard]] std::span<const uint8_t> lay(std::span<const uint8_t> b) {
    if (b.size() > size) throw std::runtime_error("too long for the edge");
    uint8_t* const at = page_ + size - b.size();
    std::ranges::copy(b, at);
    return {at, b.size()};
  }

 private:
  static constexpr size_t size = 65536;  // of whole pages everywhere
  uint8_t* page_;
};

[[nodiscard]] inline std::string from_hex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

// One line of a vector file: numbers as they stand there, strings in hex.
class vector_line {
 public:
  explicit vector_line(const std::string& line) : columns_(1) {
    for (char c : line) {
      if (c == '\t')
        columns_.emplace_back();
      else
        columns_.back() += c;
    }
  }
  [[nodiscard]] size_t size() const { return columns_.size(); }
  [[nodiscard]] const std::string& kind() const { return columns_.front(); }
  [[nodiscard]] uint8_t small(size_t i) const { return static_cast<uint8_t>(big(i)); }
  [[nodiscard]] uint64_t big(size_t i) const { return std::stoull(columns_.at(i)); }
  [[nodiscard]] int64_t integer(size_t i) const { return std::stoll(columns_.at(i)); }
  [[nodiscard]] std::string text(size_t i) const { return from_hex(columns_.at(i)); }
  [[nodiscard]] bytes frame() const {
    const std::string last = from_hex(columns_.back());
    return {last.begin(), last.end()};
  }

 private:
  std::vector<std::string> columns_;
};

// The lines of VECTORS/NAME that are no comments.
[[nodiscard]] inline std::vector<vector_line> vectors(const std::string& directory, const std::string& name) {
  std::vector<vector_line> out;
  std::ifstream in(directory + "/" + name);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') out.emplace_back(line);
  }
  return out;
}

}  // namespace grantd::test
