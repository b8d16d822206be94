#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each page of the manual, as it is built: man(1) has nothing to say of it, whatis(1) finds its one line, and
# whatever page of ours it sends a reader to is there.
# usage: pages_test.sh DIRECTORY_OF_BUILT_PAGES
set -u
pages=$1
failed=0
no() {
  echo "not ok: $*"
  failed=1
}

seen=0
for page in "$pages"/*.[1-9]; do
  file=${page##*/}
  name=${file%.*}
  : $((++seen))
  for width in 80 200; do
    text=$(MANWIDTH=$width man --warnings -E UTF-8 -l "$page" 2>"$pages/warnings" | col -bx)
    [ -s "$pages/warnings" ] && no "$file at $width columns: $(cat "$pages/warnings")"
    [ "$(wc -l <<<"$text")" -ge 20 ] || no "$file shows next to nothing"
  done
  lexgrog "$page" | grep -q "\"$name - " || no "$file: whatis finds no line for $name: $(lexgrog "$page")"
  grep -q 'SEE ALSO' <<<"$text" || no "$file sends a reader nowhere"
  # A program of ours that is named with its section has that page.
  while read -r other section; do
    [ -e "$pages/$other.$section" ] || no "$file names $other($section), which is not there"
  done < <(grep -oE '\b(grant(d|ctl)[a-z.-]*|p(am|g)_grantd|policy\.toml)\([1-9]\)' <<<"$text" | tr '()' '  ' | sort -u)
done
rm -f "$pages/warnings"
[ "$seen" -ge 6 ] || no "there are $seen pages"
[ "$failed" = 0 ] && echo ok
exit "$failed"
