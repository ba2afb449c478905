#!/bin/bash
# A module in an afternoon: docs/adding-a-module.md quotes its example as it stands; the example, and
# what tools/module makes, are tidy as modules of the program. That both build without warnings and
# pass their tests, the units show: they are part of every build.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
tree=$(mktemp -d) && trap 'rm -rf "$tree"' EXIT
. tests/lib/count.sh

tools/quoted docs/adding-a-module.md docs/example
count $? "the page quotes the example as it stands"
# A check that found nothing any more would let the page rot.
cp -r docs/example "$tree/example"
echo "/* one line more */" >"$tree/example/src/modules/fridge/more.c"
sed -i 's/within = decimal_cmp/within = decimal_cmp_not/' "$tree/example/src/modules/fridge/decide.c"
out=$(tools/quoted docs/adding-a-module.md "$tree/example")
count $(($? == 0)) "a page that went stale is found"
grep -q 'is not a passage of src/modules/fridge/decide.c' <<<"$out"
count $? "the passage is named"
grep -q 'quotes nothing of src/modules/fridge/more.c' <<<"$out"
count $? "a file that it passes over is named"
rm -r "$tree/example"

# A tree of the program with nothing but the two and what they use; folders that are links are read
# by the compiler and passed over by the checks.
mkdir -p "$tree"/src/modules "$tree"/src/app "$tree"/tools "$tree"/build
ln -s "$root"/src/base "$root"/src/kernel "$tree"/src/
ln -s "$root"/build/gcc "$tree"/build/gcc
cp -r src/modules/quality docs/example/src/modules/fridge "$tree"/src/modules/
cp .clang-format "$tree"/
cp tools/banned.tsv tools/modules "$tree"/tools/
grep '^#' tools/waivers.tsv >"$tree"/tools/waivers.tsv
cat src/base/text.en.po src/kernel/text.en.po >"$tree"/src/app/text.en.po
printf 'MODULE(quality, "")\nMODULE(fridge, "quality")\n' >"$tree"/src/app/modules.def
tools/module logbook "$tree"
count $? "a skeleton is made"
grep -q '^MODULE(logbook, "")$' "$tree"/src/app/modules.def
count $? "it has its row"
! grep -rn '@' "$tree"/src/modules/logbook
count $? "no place of the skeleton is left open"
out=$(cd "$tree" && bash "$root"/tools/tidy .)
count $? "the example and the skeleton are tidy"
[ "$failed" = 0 ] || echo "$out"

for name in order stop Fridge a int "a b" ../up logbook; do
    before=$(find "$tree"/src -newer "$tree"/.clang-format | sort)
    tools/module "$name" "$tree" 2>/dev/null
    count $(($? == 0)) "\"$name\" is refused as a name"
    [ "$before" = "$(find "$tree"/src -newer "$tree"/.clang-format | sort)" ]
    count $? "\"$name\" leaves nothing behind"
done

echo "suite module: $passed passed, $failed failed"
[ "$failed" = 0 ]
