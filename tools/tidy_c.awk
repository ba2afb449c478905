# Reads C sources (.c .h .def) and prints findings of layers, banned functions and limits, as
#   CHECK TAB ITEM TAB file:line: what: what to do instead
# ITEM names what tools/waivers.tsv may waive; "-" cannot be waived.
# Set rows to the output of tools/modules. First file: tools/banned.tsv. Runs on mawk.

function finding(check, item, line, what, todo)
{
    printf "%s\t%s\t%s:%d: %s: %s\n", check, item, file, line, what, todo
}

# The line without comments and without what stands in strings and character literals.
function strip(s,    out, at, length_of)
{
    out = ""
    for (;;) {
        if (in_comment) {
            at = index(s, "*/")
            if (!at)
                return out
            s = substr(s, at + 2)
            in_comment = 0
        }
        if (!match(s, /["']|\/\*|\/\//))
            return out s
        at = RSTART
        if (substr(s, at, 2) == "//")
            return out substr(s, 1, at - 1)
        if (substr(s, at, 2) == "/*") {
            out = out substr(s, 1, at - 1) " "
            s = substr(s, at + 2)
            in_comment = 1
            continue
        }
        out = out substr(s, 1, at)
        s = substr(s, at + 1)
        if (substr(out, length(out)) == "\"")
            length_of = match(s, /^([^"\\]|\\.)*"/) ? RLENGTH : length(s)
        else
            length_of = match(s, /^([^'\\]|\\.)*'/) ? RLENGTH : length(s)
        out = out substr(s, length_of, 1)
        s = substr(s, length_of + 1)
    }
}

function folder_of(path,    part)
{
    split(path, part, "/")
    if (part[1] != "src")
        return part[1]
    return part[2] == "modules" ? part[3] : part[2]
}

# Which includes a folder may write, from the top of the house down.
function check_include(path,    part, own, todo, n)
{
    own = folder_of(file)
    n = split(path, part, "/")
    todo = ""
    if (n < 2 || part[1] !~ /^(base|verify|kernel|modules|app|gen|bench|tools|worker)$/)
        todo = "spell it from src/, or in <> if it is not ours"
    else if (own == "verify")
        todo = path ~ /^(verify\/|base\/(hash|str)\.h$)/ || \
            (file ~ /\/tests\// && path == "base/tests/folder.h") ? "" : \
            "the verifier shares no code with the writer but base/hash.h and base/str.h"
    else if (own == "app" || own == "bench" || part[1] == "base")
        todo = ""
    else if (part[1] == "worker" && own != "worker")
        todo = "a worker is a program of its own: share through the kernel"
    else if (part[1] == "verify")
        todo = "the writer shares no code with the verifier"
    else if (own == "base")
        todo = "base knows nothing above it: move what is shared down"
    else if (own == "tools" && part[1] != "tools")
        todo = "a tool stands on base only"
    else if (own != "tools" && part[1] ~ /^(app|tools|bench)$/)
        todo = "nothing below may use " part[1] ": pass what is needed as an argument"
    else if (part[1] == "gen" && part[2] != own)
        todo = "it belongs to another folder: ask through its header"
    else if (part[1] == "modules" && own == "kernel")
        todo = "the kernel knows no module: let the module register with the kernel"
    else if (part[1] == "modules" && part[2] != own) {
        if (!((own, part[2]) in uses))
            todo = "name " part[2] " in the row of " own " in src/app/modules.def, or use a policy"
        else if (part[3] != part[2] ".h" && !(part[3] == "tests" && file ~ /\/tests\//))
            todo = "its only public header is modules/" part[2] "/" part[2] ".h"
    }
    if (todo != "")
        finding("layers", "-", FNR, own " includes " path, todo)
}

function check_banned(code,    rest, name, before, i, n, list, allowed, offset)
{
    rest = code
    offset = 0
    while (match(rest, /[A-Za-z_][A-Za-z0-9_]* *\(/)) {
        name = substr(rest, RSTART, RLENGTH - 1)
        sub(/ +$/, "", name)
        before = substr(code, 1, offset + RSTART - 1)
        offset += RSTART + RLENGTH - 1
        rest = substr(code, offset + 1)
        if (!(name in instead) || before ~ /(\.|->) *$/)
            continue
        allowed = 0
        n = split(where[name], list, " ")
        for (i = 1; i <= n; i++)
            if (list[i] ~ /^\*/)
                allowed += substr(file, length(file) - length(list[i]) + 2) == substr(list[i], 2)
            else if (list[i] ~ /^\//)
                allowed += index(file, list[i]) > 0
            else
                allowed += index(file, list[i]) == 1
        if (!allowed)
            finding("banned", "-", FNR, name " is banned", "use " instead[name])
    }
}

function end_of_file()
{
    if (file != "" && lines > 500)
        finding("limits", "limit:file", lines, "file of " lines " lines, over 500",
                "split it by noun")
}

# A function's body opens with "{" alone in the first column, as the format has it.
function follow_function(code,    opened, closed)
{
    if (code == "{" && signature ~ /\)/) {
        name = signature
        sub(/ *\(.*/, "", name)
        sub(/.*[^A-Za-z0-9_]/, "", name)
        body = FNR
        deepest = depth = 1
    } else if (body && code == "}") {
        if (FNR - body + 1 > 70)
            finding("limits", "limit:function:" name, body,
                    name " has " (FNR - body + 1) " lines, over 70", "take helpers out of it")
        if (deepest > 5)
            finding("limits", "limit:nesting:" name, deepest_line,
                    name " is nested " deepest " deep, over 5", "take a helper out or return early")
        body = 0
        signature = ""
    } else if (body) {
        opened = gsub(/\{/, "{", code)
        closed = gsub(/\}/, "}", code)
        depth += opened
        if (depth > deepest) {
            deepest = depth
            deepest_line = FNR
        }
        depth -= closed
    } else if (code ~ /^[#}]|;$|^$/)
        signature = ""
    else
        signature = signature " " code
}

BEGIN {
    n = split(rows, list, "\n")
    for (i = 1; i <= n; i++) {
        m = split(list[i], word, " ")
        for (j = 2; j <= m; j++)
            uses[word[1], word[j]] = 1
    }
}

FILENAME == "tools/banned.tsv" {
    if ($0 !~ /^#/) {
        split($0, column, "\t")
        instead[column[1]] = column[2]
        where[column[1]] = column[3]
    }
    next
}

FNR == 1 {
    end_of_file()
    file = FILENAME
    in_comment = body = 0
    signature = ""
}

{
    lines = FNR
    columns = $0
    gsub(/[\200-\277]/, "", columns) # continuation bytes of UTF-8
    if (length(columns) > 100)
        finding("limits", "limit:column", FNR, "line of " length(columns) " columns, over 100",
                "break it")
    code = strip($0)
    if (code ~ /^ *# *(include|define +(RECORDS|EVENTS|COMMANDS)) *"/) {
        path = $0
        sub(/^[^"]*"/, "", path)
        sub(/".*/, "", path)
        check_include(path)
    }
    if (code !~ /^ *#/)
        check_banned(code)
    sub(/[ \t]+$/, "", code)
    follow_function(code)
}

END { end_of_file() }
