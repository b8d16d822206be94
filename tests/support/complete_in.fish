#!/usr/bin/env -S fish --no-config
# SPDX-License-Identifier: Apache-2.0
# For each command line on stdin, a line of what fish offers at its end, sorted.
# usage: complete_in.fish DIRECTORY_OF_COMPLETIONS
source $argv[1]/grantctl.fish
while read -l line
    string split -f 1 \t -- (complete -C $line) | env LC_ALL=C sort | string join ' ' | read -l offered
    echo $offered
end
