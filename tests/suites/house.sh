#!/bin/bash
# The house's own checks: a tree with one fault of each kind is put before tools/tidy, and each
# fault must be found, at its file, and nothing else. A rule that finds nothing any more would
# otherwise go unnoticed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
tree=$(mktemp -d) && trap 'rm -rf "$tree"' EXIT
. tests/lib/count.sh

make_tree() {
    mkdir -p "$tree"/src/{base,kernel/pages,app} "$tree"/src/modules/{order,custody}/tests \
        "$tree"/tools "$tree"/tests/corpus
    cd "$tree" || exit 2
    cp "$root"/.clang-format .
    cp "$root"/tools/banned.tsv "$root"/tools/modules tools/
    printf '%s\t%s\t%s\n' src/kernel/long.c limit:function:long_one "waived here" \
        src/kernel/none.c limit:file "waives nothing" >tools/waivers.tsv
    printf 'MODULE(order, "")\nMODULE(custody, "")\n' >src/app/modules.def
    for module in order custody; do
        printf '#ifndef VEIN_%s_H\n#define VEIN_%s_H\n#endif\n' $module $module \
            >src/modules/$module/$module.h
        echo text >src/modules/$module/$module.md
        echo '#include "base/fine.h"' >src/modules/$module/module.c
    done
    printf '#ifndef VEIN_FINE_H\n#define VEIN_FINE_H\n#endif\n' >src/base/fine.h
    printf 'msgid "help.known"\nmsgstr "known"\n' >src/kernel/text.en.po
}

# fault FILE PATTERN < CONTENT: the file is made, and a finding about it must match the pattern.
declare -a wanted=()
fault() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
    wanted+=("^$1:[0-9]+: .*$2")
}

body() { # LINES: a function's statements
    for ((i = 0; i < $1; i++)); do echo '    x++;'; done
}

make_faults() {
    fault src/base/up.c 'base includes kernel/any.h' <<<'#include "kernel/any.h"'
    fault src/kernel/up.c 'kernel includes modules/order/order.h' <<<'#include "modules/order/order.h"'
    fault src/kernel/table.c 'kernel includes modules/order/x.def' \
        <<<'#define RECORDS "modules/order/x.def"'
    fault src/modules/custody/decide.c 'name order in the row of custody' \
        <<<'#include "modules/order/order.h"'
    fault src/kernel/spelled.c 'spell it from src/' <<<'#include "spelled.h"'
    fault src/base/copy.c 'strcpy is banned: use' <<<'int a = strcpy(b, "c");'
    fault src/base/now.c 'time is banned: use the clock' <<<'int a = time(NULL);'
    { printf 'void long_two(void)\n{\n'; body 70; echo '}'; } |
        fault src/kernel/longer.c 'long_two has 72 lines'
    {
        printf 'void deep(void)\n{\n    {\n        {\n            {\n                {\n'
        printf '                    {\n'
        printf '                    }\n                }\n            }\n        }\n    }\n}\n'
    } | fault src/kernel/deep.c 'deep is nested 6 deep'
    { for ((i = 0; i < 501; i++)); do echo 'int a;'; done; } | fault src/kernel/big.c '501 lines'
    printf '/* %0100d */\n' 0 | fault src/kernel/wide.c 'line of 106 columns'
    printf '#ifndef VEIN_ALONE_H\n#define VEIN_ALONE_H\nsize_t f(void);\n#endif\n' |
        fault src/kernel/alone.h 'does not compile alone'
    fault src/kernel/guard.h 'no include guard' <<<'int guard(void);'
    fault src/base/format.c 'not as .clang-format has it' <<<'int  a ;'
    fault src/modules/order/events.def 'event order.placed has no text' \
        <<<'EVENT(1, order_placed, "order.placed", 1)'
    fault src/kernel/refuse.c 'hint of refusal kernel.no_text has no text' \
        <<<'int a = REFUSE(e, "kernel.no_text", { "unit", id });'
    fault src/kernel/routes.c 'route "/b" has no access rule' <<'C'
int a[] = { ROUTE("GET", "/a", "unit.see", 0, unit_get, "help.known"),
            ROUTE("GET", "/b", NULL, 0, unit_get, NULL) };
C
    fault src/kernel/pages/said.html 'user text outside the catalogues' <<<'<p>{= name} hello</p>'
    fault src/kernel/pages/alt.html 'user text outside the catalogues' <<<'<img alt="a bag">'
    echo '<!-- page: same (void) -->' >src/kernel/pages/same.html
    fault src/kernel/pages/twice.html 'page same stands twice' <<<'<!-- page: same (void) -->'
    fault src/kernel/pages/key.html 'text page.unknown has no text' <<<'<p>{t page.unknown}</p>'
    mkdir -p src/modules/quality
    wanted+=('^src/modules/quality/module.c:1: missing' '^src/modules/quality:1: module without a row')
    # What must not be found: the long function is waived, the words are in comments and strings.
    { printf 'void long_one(void)\n{\n'; body 70; echo '}'; } >src/kernel/long.c
    echo '/* strcpy(a, b) #include "kernel/a.h" */ char *a = "time(0)"; // system()' >src/base/said.c
    echo '<p title="{t help.known}">{t help.known} &nbsp; {= a > b}</p>' >src/kernel/pages/fine.html
    wanted+=('^tools/waivers.tsv:2: waives nothing')
}

make_tree
make_faults
git init -q . 2>/dev/null
path=/home
echo "# see $path/somebody" >src/app/notes.txt
# shellcheck disable=SC2016 # not to be expanded here
printf '#!/bin/sh\nrm $1\n' >tools/unquoted
git add -A
wanted+=('^tools/unquoted:2: Double quote' '^src/app/notes.txt:1: path of one machine')
out=$(bash "$root/tools/tidy" . 2>&1)
status=$?
count $((status != 1)) "tidy ends with 1 when it finds something"
for pattern in "${wanted[@]}"; do
    grep -qE "$pattern" <<<"$out"
    count $? "found $pattern"
done
! grep -E '^src/(base/(fine|said)|kernel/long\.c|kernel/pages/fine|app/modules)' <<<"$out" |
    grep -v clang-format
count $? "nothing is found where nothing is wrong"
[ "$failed" = 0 ] || echo "$out"

# The modules' table refuses what would break the order of wiring.
printf 'MODULE(custody, "order")\nMODULE(order, "")\nMODULE(none, "")\n' >src/app/modules.def
out=$(tools/modules 2>&1)
count $(($? == 0)) "a row that uses what stands below is refused"
grep -q 'custody uses order, not above' <<<"$out"
count $? "it is named"
grep -q 'none has no folder' <<<"$out"
count $? "a row without a folder is named"

# Trace: an unknown id fails, shown and partial are told apart.
cp "$root"/tools/trace tools/
mkdir -p docs
id=COI # apart from its number, so that this file itself names no requirement
printf 'id\trisk\trequirement\n%s\tH\ta\n%s\tH\tb\n%s\tL\tc\n' $id-01 $id-02 $id-03 >docs/urs.tsv
echo "/* shows: $id-01 */ /* partial: $id-02 */" >src/modules/order/tests/a_test.c
[ "$(tools/trace | tail -1)" = "3 requirements: 1 covered, 1 partial, 1 open" ]
count $? "trace counts covered, partial and open"
echo "/* shows: $id-01, $id-99 */" >src/modules/order/tests/a_test.c
out=$(tools/trace --check)
count $(($? == 0)) "trace --check fails on an unknown id"
grep -q "$id-99 names no requirement" <<<"$out"
count $? "it is named"

echo "suite house: $passed passed, $failed failed"
[ "$failed" = 0 ]
