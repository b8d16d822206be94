// SPDX-License-Identifier: Apache-2.0
// Aligned columns for people. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grantd::cli {

enum class colour { plain, good, bad, faint };

struct cell {
  std::string text;  // escaped here (visible), never by the caller
  colour shade = colour::plain;
};

// A header in capitals and rows below it; columns two spaces apart, the last one not padded, empty cells "-".
class table {
 public:
  explicit table(std::vector<std::string> header);
  void add(std::vector<cell> row);  // as many cells as the header has
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string print(bool colours) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<cell>> rows_;
};

// `text` escaped and, if `colours`, in that shade.
[[nodiscard]] std::string paint(std::string_view text, colour shade, bool colours);

}  // namespace grantd::cli
