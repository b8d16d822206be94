# SPDX-License-Identifier: Apache-2.0
# Completes grantctl in fish: grantctl itself says what may come (grantctl complete). What it says is data: it is
# never expanded, and no program but the installed grantctl is run for it.

function __grantctl_complete
    command -q grantctl; or return
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -e before[1]
    for line in (command grantctl complete $before "$current" 2>/dev/null </dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :directories
                __fish_complete_directories "$current"
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c grantctl -f -k -a '(__grantctl_complete)'
