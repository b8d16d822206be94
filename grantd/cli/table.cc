// SPDX-License-Identifier: Apache-2.0
// Lays out rows; every cell is escaped before it is measured. No I/O.
#include "cli/table.h"

#include <algorithm>

#include "cli/text.h"

namespace grantd::cli {

std::string paint(std::string_view text, colour shade, bool colours) {
  std::string shown = visible(text);
  if (!colours || shade == colour::plain) return shown;
  std::string_view code = shade == colour::good ? "\033[32m" : shade == colour::bad ? "\033[31m" : "\033[2m";
  return std::string(code) + shown + "\033[0m";
}

table::table(std::vector<std::string> header) : header_(std::move(header)) {}

void table::add(std::vector<cell> row) {
  row.resize(header_.size());
  for (cell& c : row) c.text = c.text.empty() ? "-" : visible(c.text);
  rows_.push_back(std::move(row));
}

std::string table::print(bool colours) const {
  std::vector<size_t> widths;
  for (const std::string& h : header_) widths.push_back(display_width(h));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  std::string out;
  auto line = [&](auto&& text_of, auto&& shade_of) {
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string& text = text_of(i);
      out += paint(text, shade_of(i), colours);
      if (i + 1 < widths.size()) out.append(widths[i] - display_width(text) + 2, ' ');
    }
    out += '\n';
  };
  line([&](size_t i) -> const std::string& { return header_[i]; }, [](size_t) { return colour::faint; });
  for (const auto& row : rows_) {
    line([&](size_t i) -> const std::string& { return row[i].text; }, [&](size_t i) { return row[i].shade; });
  }
  return out;
}

}  // namespace grantd::cli
