#!/bin/bash
# Witnesses as processes of their own: three cosign a node's log; one is down, and comes back; one has
# seen another history, after an older copy of the node was put in place; both sides are killed at
# random moments; and a node that presents two histories gets a quorum for one of them alone.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
dir=$(mktemp -d)
declare -A pid=() port=()
stop_all() {
    local name
    for name in "${!pid[@]}"; do kill -9 "${pid[$name]}" 2>/dev/null; done
}
trap 'stop_all; rm -rf "$dir"' EXIT
export VEIN_RATE=100000 VEIN_BURST=100000 VEIN_WITNESS_EVERY=1 VEIN_WITNESS_SILENT=3

# Whether COMMAND… succeeds before SECONDS have passed.
within() {
    local end=$(($(date +%s%N) / 1000000 + $1 * 1000))
    shift
    until "$@"; do
        [ "$(($(date +%s%N) / 1000000))" -lt "$end" ] || return 1
        sleep 0.1
    done
}

check() { # WHAT COMMAND…
    local what=$1
    shift
    "$@"
    count $? "$what"
}
not() { ! "$@" >/dev/null 2>&1; }

free_port() { port[$1]=$((20000 + RANDOM % 12000)); }

witness() { # NAME: serves its folder at its port
    "$vein" witness serve --dir "$dir/$1" --listen "127.0.0.1:${port[$1]}" >>"$dir/$1.log" 2>&1 &
    pid[$1]=$!
    within 10 curl -fso /dev/null "http://127.0.0.1:${port[$1]}/"
}

node() { # NAME DB: serves it with the witnesses of $dir/witnesses
    VEIN_WITNESSES=$dir/witnesses "$vein" serve --db "$2" --listen "127.0.0.1:${port[$1]}" \
        >>"$dir/$1.log" 2>&1 &
    pid[$1]=$!
    within 20 curl -fso /dev/null "http://127.0.0.1:${port[$1]}/health"
}

stop() { # NAME SIGNAL
    kill "-$2" "${pid[$1]}" 2>/dev/null
    { wait "${pid[$1]}"; } 2>/dev/null
    unset "pid[$1]"
}

health() { # NAME MEMBER
    curl -fs "http://127.0.0.1:${port[$1]}/health" | grep -oE "\"$2\":\"?[a-z0-9]+" | sed 's/.*[:"]//'
}

grow() { # DB NAME: events, by the command line; the node must not run
    "$vein" init --db "$1" --admin "$2" --organisation "Example $2" >/dev/null 2>&1
}

final_is_signed() { [ -n "$(health "$1" final)" ] && [ "$(health "$1" final)" = "$(health "$1" signed)" ]; }
contradicted() { [ "$(health "$1" status)" = contradicted ]; }
agreed() { [ "$(health "$1" contradictions)" = 0 ]; }
known() { curl -fs "http://127.0.0.1:${port[$1]}/" | awk -v o="$origin" '$4 == o { print $2 }'; }
says() { [ "$("$vein" list events --db "$1" | grep -c "$2")" -ge "${3:-1}" ]; } # DB WHAT [TIMES]
cosigned_by() {
    curl -fs "http://127.0.0.1:${port[node]}/tlog/cosigned" >"$dir/cosigned"
    [ "$(grep -c '^— witness.example/w' "$dir/cosigned")" = "$1" ]
}
evidence() { compgen -G "$dir/w?/fork/*.shown" >/dev/null; }

keys=()
for name in w1 w2 w3; do
    "$vein" witness init --dir "$dir/$name" --name "witness.example/$name" >"$dir/$name.vkey"
    keys+=(--witness "$(cat "$dir/$name.vkey")")
    free_port "$name"
    printf 'http://127.0.0.1:%s %s\n' "${port[$name]}" "$(cat "$dir/$name.vkey")" >>"$dir/witnesses"
done
vkey=$("$vein" init --db "$dir/n.db" 2>/dev/null | head -1)
origin=${vkey%%+*}
grow "$dir/n.db" first
for name in w1 w2 w3; do "$vein" witness add --dir "$dir/$name" "$vkey"; done
check "a log is watched once" not "$vein" witness add --dir "$dir/w1" "$vkey"
for name in w1 w2 w3; do witness "$name"; done
check "a folder has one witness" not "$vein" witness serve --dir "$dir/w1" --listen 127.0.0.1:0
free_port node

# -- three, then two -----------------------------------------------------------------------------
node node "$dir/n.db"
check "what is signed becomes final" within 20 final_is_signed node
check "its checkpoint carries three cosignatures" within 20 cosigned_by 3
stop node TERM
check "the database verifies with three" "$vein" verify --db "$dir/n.db" "${keys[@]}" --require 3
"$vein" export tlog --db "$dir/n.db" "$dir/export" >/dev/null
check "so does the export" "$vein" verify --tlog "$dir/export" "${keys[@]}" --require 3
of_w1='^\(— witness.example\/w1 .\{20\}\)' # an A becomes a B, whatever else an A
sed "s/${of_w1}A/\1B/; t; s/${of_w1}./\1A/" "$dir/cosigned" >"$dir/export/cosigned"
check "a character of it is another one" not cmp -s "$dir/cosigned" "$dir/export/cosigned"
check "an altered cosignature is bad" not "$vein" verify --tlog "$dir/export" "${keys[@]}" --require 2
cp "$dir/n.db" "$dir/old.db"
for part in keys root; do cp "$dir/n.db.$part" "$dir/old.db.$part"; done

stop w3 KILL
grow "$dir/n.db" second
node node "$dir/n.db"
check "with one down the other two make final" within 20 final_is_signed node
curl -fs "http://127.0.0.1:${port[node]}/tlog/cosigned" >"$dir/export/cosigned"
"$vein" verify --tlog "$dir/export" "${keys[@]}" >"$dir/cut"
check "an export is found to be cut back" grep -q "cut back" "$dir/cut"
check "its silence is recorded" within 20 says "$dir/n.db" witness.silent
check "three are more than there were" not "$vein" verify --db "$dir/n.db" "${keys[@]}" --require 3
witness w3
check "it comes back and catches up" within 60 says "$dir/n.db" witness.agreed 4

# -- killed at random moments --------------------------------------------------------------------
# Whatever was cosigned is a beginning of what comes after: else a witness would contradict.
for turn in $(seq 10); do
    victim=$(shuf -n1 -e w1 w2 w3 node)
    sleep "0.$((RANDOM % 9))"
    stop "$victim" KILL
    if [ "$victim" = node ]; then
        [ $((turn % 2)) = 0 ] || grow "$dir/n.db" "turn.$turn"
        node node "$dir/n.db"
    else
        witness "$victim"
    fi
done
check "after kills of both sides the log becomes final" within 30 final_is_signed node
check "and nobody contradicts" agreed node
stop node TERM
before=$(known w1)

# -- an older copy in its place -----------------------------------------------------------------
free_port copy
grow "$dir/old.db" another # a history of its own, shorter than what was cosigned
node copy "$dir/old.db"
check "an older copy is found out" within 20 contradicted copy
check "the log of the copy says so" within 10 says "$dir/old.db" witness.contradicted
check "nothing of it becomes final" [ "$(health copy final)" -lt "$(health copy signed)" ]
check "and no witness went back" [ "$(known w1)" = "$before" ]
stop copy TERM

# -- two histories, each longer than the other was -----------------------------------------------
# It grows beyond all that was cosigned.
for turn in $(seq 30); do
    [ "$("$vein" list events --db "$dir/old.db" | wc -l)" -le "$before" ] || break
    grow "$dir/old.db" "fork.$turn"
done
node copy "$dir/old.db"
check "another history is found out when it has grown" within 20 contradicted copy
check "a witness keeps what was shown against it" within 20 evidence
node node "$dir/n.db"
check "the first history goes on beside it" within 20 final_is_signed node
check "and is contradicted by nobody" agreed node
stop copy TERM
stop node TERM
check "only one history verifies with a quorum at its size" "$vein" verify --db "$dir/n.db" "${keys[@]}" --require 2
curl -fs "http://127.0.0.1:${port[w1]}/log/$(printf %s "$origin" | sha256sum | cut -d ' ' -f 1)" >"$dir/last"
check "with a witness's checkpoint the true one verifies" "$vein" verify --db "$dir/n.db" --since "$dir/last"
check "the other is good by itself" "$vein" verify --db "$dir/old.db"
"$vein" verify --db "$dir/old.db" --since "$dir/last" >"$dir/other" && echo good >>"$dir/other"
check "and with it the other is bad, by its root alone" grep -q "^bad.*root" "$dir/other"

echo "suite witness: $passed passed, $failed failed"
[ "$failed" = 0 ]
