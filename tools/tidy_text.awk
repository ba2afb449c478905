# Checks that what people read stands in the catalogues: reads text.en.po files first, then C
# sources, events.def and pages, and prints findings as tools/tidy_c.awk does. Runs on mawk.
#   texts   an event, refusal, help or page names a key that no catalogue has, or a text is doubled
#   pages   letters in a page outside tags and outside {…}, or in an attribute that people read; a
#           page's name that stands twice
#   routes  a row of ROUTE(…) without an access rule

function finding(check, line, what, todo)
{
    printf "%s\t-\t%s:%d: %s: %s\n", check, file, line, what, todo
}

function need(key, line, what)
{
    if (!(key in text) && !((file, key) in asked)) {
        asked[file, key] = 1
        finding("texts", line, what " has no text",
                "add msgid \"" key "\" to the text.en.po of its folder")
    }
}

# The line without comments, strings kept.
function uncomment(s,    out, at, length_of)
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
        if (!match(s, /"|\/\*|\/\//))
            return out s
        at = RSTART
        if (substr(s, at, 2) == "//")
            return out substr(s, 1, at - 1)
        out = out substr(s, 1, at - 1)
        if (substr(s, at, 2) == "/*") {
            s = substr(s, at + 2)
            in_comment = 1
            continue
        }
        length_of = match(substr(s, at + 1), /^([^"\\]|\\.)*"/) ? RLENGTH + 1 : length(s)
        out = out substr(s, at, length_of)
        s = substr(s, at + length_of)
    }
}

# A statement gathered over lines until its parentheses close.
function closed(s,    opened, shut)
{
    gsub(/"([^"\\]|\\.)*"/, "\"\"", s)
    opened = gsub(/\(/, "(", s)
    shut = gsub(/\)/, ")", s)
    return opened <= shut
}

# A refusal's code stands before its first parameter, perhaps chosen by a condition.
function check_refusal(s,    code)
{
    sub(/.*(REFUSE|err_refuse)\(/, "", s)
    sub(/[{].*/, "", s)
    while (match(s, /"[a-z0-9_]+\.[a-z0-9_.]+"/)) {
        code = substr(s, RSTART + 1, RLENGTH - 2)
        s = substr(s, RSTART + RLENGTH)
        need("refusal." code, began, "refusal " code)
        need("refusal." code ".hint", began, "hint of refusal " code)
    }
}

# ROUTE(method, path, access, body_max, handler, help)
function check_route(s,    n, argument, access, help)
{
    sub(/^.*ROUTE\( */, "", s)
    n = split(s, argument, / *, */)
    access = argument[3]
    help = argument[6]
    sub(/ *\).*/, "", help)
    if (n < 6 || access == "" || access == "NULL" || access == "0" || access == "\"\"")
        finding("routes", began, "route " argument[2] " has no access rule",
                "name a permission, or \"public\" where everybody may")
    if (help ~ /^"/)
        need(substr(help, 2, length(help) - 2), began, "help of route " argument[2])
}

function follow_c(code)
{
    if (gathered == "" && code !~ /^ *#/ && code ~ /(^|[^A-Za-z0-9_])(REFUSE|err_refuse|ROUTE)\(/)
        began = FNR
    else if (gathered == "")
        return
    gathered = gathered " " code
    if (!closed(gathered))
        return
    if (gathered ~ /ROUTE\(/)
        check_route(gathered)
    else
        check_refusal(gathered)
    gathered = ""
}

function follow_po(line)
{
    if (line !~ /^msgid "/)
        return
    sub(/^msgid "/, "", line)
    sub(/"$/, "", line)
    if (line != "" && (line in text))
        finding("texts", FNR, "text " line " stands twice", "keep the one of " text[line])
    else if (line != "")
        text[line] = file
}

function follow_page(line,    i, c, spoken, rest, key)
{
    rest = line
    while (match(rest, /\{t [a-z0-9_.]+/)) {
        key = substr(rest, RSTART + 3, RLENGTH - 3)
        rest = substr(rest, RSTART + RLENGTH)
        need(key, FNR, "text " key)
    }
    spoken = 0
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (state == "comment") {
            if (substr(line, i, 3) == "-->")
                state = "text"
        } else if (c == "{")
            braces++
        else if (c == "}" && braces)
            braces--
        else if (braces)
            continue
        else if (state == "text") {
            if (substr(line, i, 4) == "<!--")
                state = "comment"
            else if (c == "<")
                state = "tag"
            else if (c == "&" && match(substr(line, i), /^&[#A-Za-z0-9]+;/))
                i += RLENGTH - 1
            else if (c ~ /[A-Za-z]/)
                spoken = 1
        } else if (state == "tag") {
            if (c == ">")
                state = "text"
            else if (c == "\"") {
                state = "quoted"
                read_by_people = substr(line, 1, i - 1) ~ /(title|alt|placeholder|aria-label|label)=$/
            }
        } else if (c == "\"")
            state = "tag"
        else if (read_by_people && c ~ /[A-Za-z]/)
            spoken = 1
    }
    if (spoken)
        finding("pages", FNR, "user text outside the catalogues", "write {t key} and add the key")
}

FNR == 1 {
    file = FILENAME
    in_comment = braces = 0
    gathered = ""
    state = "text"
    tests = file ~ /\/tests\//
}

# Pages are functions of one program: a second of the same name would be linked in the place of either.
file ~ /\.html$/ && FNR == 1 && match($0, /page: [a-z0-9_]+/) {
    page = substr($0, RSTART + 6, RLENGTH - 6)
    if (page in page_at)
        finding("pages", FNR, "page " page " stands twice, also at " page_at[page], "give it another name")
    page_at[page] = file
}
file ~ /\.po$/ { follow_po($0); next }
file ~ /\.html$/ { follow_page($0); next }
tests { next }

{
    code = uncomment($0)
    if (file ~ /\.def$/) {
        if (match(code, /^EVENT\(.*"[a-z0-9_.]+"/)) {
            sub(/^[^"]*"/, "", code)
            sub(/".*/, "", code)
            need("event." code, FNR, "event " code)
        }
    } else
        follow_c(code)
}
