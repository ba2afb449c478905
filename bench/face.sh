#!/bin/bash
# What a browser needs for the pages that people look at all day, by Chromium's own counting: bytes of a
# first load, first paint and the answer to a press on a processor slowed to a quarter, shifts of the
# layout, and the longest task while orders change under the eyes: face.sh [ORDERS [RUNS [SECONDS]]]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib/line.sh
orders=${1:-40} runs=${2:-7} seconds=${3:-20}
tools/bundle --install --all
. tests/lib/demonstrate.sh
demonstrate face build/gcc/vein --orders "$orders" --days 60
node bench/face.mjs "$dir/face" "$runs" "$seconds" >"$dir/lines"
while IFS=$'\t' read -r part what figure unit aim; do
    IFS='|' read -ra members <<<"$aim"
    line "$part" "$what" "$figure" "$unit" "${members[@]}"
done <"$dir/lines"
