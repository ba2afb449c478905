#!/bin/bash
# How many simulated hours a second of time a simulated network lives, with all its people, and what
# an order's whole journey takes on disk: sim.sh [ORDERS]. 40 orders.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib/line.sh
orders=${1:-40}
vein=$PWD/build/gcc/vein
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
size() { { cat "$1" "$1-wal" "$1.keys" 2>/dev/null || true; } | wc -c; }
micros() { echo $(($(date +%s%N) / 1000)); }

"$vein" simulate --db "$dir/none" --orders 1 --days 1 --seed 1 >"$dir/out"
few=$(size "$dir/none")
from=$(micros)
"$vein" simulate --db "$dir/db" --orders "$orders" --seed 1 >"$dir/out"
took=$(($(micros) - from))
# From the first order's beginning to the last event.
"$vein" list events --db "$dir/db" >"$dir/events"
hours=$(python3 - "$dir/db" <<'PY'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
at = [json.loads(db.execute(f"SELECT leaf FROM ledger_event ORDER BY seq {way} LIMIT 1").fetchone()[0])
      ["logical"].split(".")[0] for way in ("", "DESC")]
print((int(at[1]) - int(at[0])) / 3.6e9)
PY
)
line h "simulated hours a second, $orders orders" \
    "$(awk -v h="$hours" -v us="$took" 'BEGIN { printf "%.0f", h / (us / 1e6) }')" "h/s"
line g "an order's whole journey on disk, of $orders orders" \
    "$(awk -v a="$(size "$dir/db")" -v b="$few" -v n=$((orders - 1)) 'BEGIN { printf "%.0f", (a - b) / n / 1000 }')" \
    "kB" at_most=200
line g "events of an order's whole journey, of $orders orders" \
    "$(awk -v n="$(wc -l <"$dir/events")" -v o="$orders" 'BEGIN { printf "%.0f", n / o }')" ""
