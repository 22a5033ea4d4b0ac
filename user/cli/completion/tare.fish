# SPDX-License-Identifier: GPL-2.0-only
#
# fish completion for tare. It knows no option: tare says what can follow (user/cli/complete.h).

function __tare_words
    set -l typed "$(commandline -ct)"
    set -l line (commandline -opc) "$typed"
    for reply in (command tare completion words $line 2>/dev/null)
        switch $reply
            case :file
                __fish_complete_path "$typed"
            case :dir
                __fish_complete_directories "$typed"
            case ':command *'
                # fish counts words from 1.
                set -l first (math (string split ' ' -- $reply)[2] + 1)
                complete -C "$(string join ' ' -- (string escape -- $line[$first..-2]) "$typed")"
            case '*'
                echo $reply
        end
    end
end

complete -c tare -f -a '(__tare_words)'
