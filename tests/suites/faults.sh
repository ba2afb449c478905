#!/bin/bash
# What a machine does to the whole program: stopped and started under load, its disk full, its disk
# read-only, its clock moved by a day, its keys gone or open to others, its certificate half written.
# Each must be a clear text that says what to do, and nothing acknowledged may be lost or done twice.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
vein=$PWD/build/gcc/vein
here=$PWD/tests/faults
. tests/lib/count.sh
. tests/lib/serve.sh
# A disk of our own that can be filled and made read-only needs a name space of mounts.
if [ -z "${VEIN_OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
    VEIN_OWN_MOUNTS=1 exec unshare -m bash "$0" "$@"
fi
export VEIN_RATE=100000 VEIN_BURST=100000 # it is the machine that is tried here, not the limit
dir=$(mktemp -d /tmp/vein-faults-XXXXXX) # on the machine's disk (tests/lib/memory.sh)
trap '[ "$server" = 0 ] || kill -9 "$server" 2>/dev/null; umount "$dir/small" 2>/dev/null; rm -rf "$dir"' EXIT

load_start() {
    rm -f "$dir/stop"
    ORGANISATION=$organisation node "$here/load.mjs" "$base" fault.drill "$password" 8 "$dir/stop" \
        >"$dir/told" 2>&1 &
    load=$!
}

load_stop() {
    touch "$dir/stop"
    wait "$load"
}

told() { node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]])' "$dir/told" "$1"; }
# One site is the administrator's own; each acknowledged one is there, once, and nothing else is.
whole() { # FILE WHAT
    local acked events
    acked=$(told acked)
    events=$(made "$1")
    [ "$acked" -gt 0 ] && [ "$events" = $((acked + 1)) ]
    count $? "$2: $acked acknowledged, $((events - 1)) made: $(cat "$dir/told")"
    "$vein" verify --db "$1" >"$dir/verify" 2>&1
    count $? "$2: the ledger verifies: $(tail -2 "$dir/verify")"
    "$vein" rebuild --db "$1" --check >"$dir/rebuild" 2>&1
    count $? "$2: the tables are the ledger's: $(cat "$dir/rebuild")"
}

says() { # WHAT PATTERN COMMAND…: it ends with a status that is not 0, and says so
    local what=$1 pattern=$2 out status
    shift 2
    out=$(timeout 20 "$@" 2>&1)
    status=$?
    [ "$status" != 0 ] && [ "$status" -lt 120 ] && grep -q "$pattern" <<<"$out" && grep -q '^hint: ' <<<"$out"
    count $? "$what: status $status, said: $out"
}

# --- stopped and started, four times, under load: no request fails beyond a retry -----------------
begin "$dir/a.db" && start "$dir/a.db"
count $? "a server starts"
load_start
for _ in 1 2 3 4; do
    sleep 0.7
    stop
    count $? "it stops with status 0 under load"
    again "$dir/a.db"
    count $? "and starts again"
done
sleep 0.5
load_stop
count $? "nobody was refused"
stop
count $? "it stops at rest"
whole "$dir/a.db" "stopped and started"

# --- killed, not stopped ---------------------------------------------------------------------------
start "$dir/a.db"
before=$(made "$dir/a.db")
load_start
for _ in 1 2 3; do
    sleep 0.5
    kill -9 "$server"
    wait "$server" 2>/dev/null
    again "$dir/a.db"
done
sleep 0.3
load_stop
count $? "nobody was refused when it was killed"
stop
[ $(($(made "$dir/a.db") - before)) = "$(told acked)" ]
count $? "killed: what was acknowledged is there, once"

# --- a full disk, and one that is read-only ----------------------------------------------------------
# The filler must be most of the disk: what the load writes before it and after it has to find room.
mkdir "$dir/small"
if mount -t tmpfs -o size=96m tmpfs "$dir/small" 2>/dev/null; then
    begin "$dir/small/f.db" && start "$dir/small/f.db"
    load_start
    sleep 1
    for _ in {1..60}; do # what folding the log gives back is filled, too, until a command has met it
        cat /dev/zero >>"$dir/small/filler" 2>/dev/null
        sleep 0.25
        grep -q 'store.disk_full' "$dir/serve" && break
    done
    grep -q 'store.disk_full' "$dir/serve"
    count $? "a full disk is told in the log: $(tail -c 600 "$dir/serve") $(df "$dir/small" | tail -1)"
    curl -s "$base/health" >/dev/null
    count $? "a full disk: it still answers"
    rm "$dir/small/filler"
    stop # what it could not store was answered with its fault: it goes on after a restart
    again "$dir/small/f.db"
    count $? "with room again it starts"
    sleep 0.7
    load_stop
    count $? "and who asked again was answered: $(cut -c1-500 "$dir/told")"
    stop
    whole "$dir/small/f.db" "a full disk"
    mount -o remount,ro "$dir/small"
    says "a read-only disk" 'read-only\|could not be written\|cannot be written' \
        "$vein" serve --db "$dir/small/f.db" --listen 127.0.0.1:0
    mount -o remount,rw "$dir/small"
else
    echo "skip: no disk of our own can be mounted: full and read-only disks are not tried"
fi

# --- the clock steps by a day, either way ------------------------------------------------------------
# The program's own clock alone: libfaketime moves it by what stands in a file.
faketime=$(find /usr/lib -name 'libfaketimeMT.so.1' | head -1)
clock() { printf '%s\n' "$1" >"$dir/clock.new" && mv "$dir/clock.new" "$dir/clock"; }
serve_moved() { # FILE
    env LD_PRELOAD="$faketime" FAKETIME_TIMESTAMP_FILE="$dir/clock" FAKETIME_NO_CACHE=1 \
        FAKETIME_DONT_FAKE_MONOTONIC=1 "$vein" serve --db "$1" --listen "127.0.0.1:$port" \
        >"$dir/serve" 2>&1 &
    server=$!
    answers
}
confirm() { # WALL: its answer
    sign_in
    curl -s -b "$dir/jar" -H "X-CSRF-Token: $csrf" -H 'Accept: application/json' \
        -H 'Content-Type: application/json' -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" \
        -d "{\"wall\":\"$1\",\"_reason\":\"set by hand\"}" "$base/commands/timer.confirm_clock"
}
held() { grep -q 'Timers are held' <<<"$(curl -s -b "$dir/jar" "$base/operations")"; }
clock +0
address
begin "$dir/c.db" && serve_moved "$dir/c.db"
count $? "it starts with a clock of its own"
load_start
for step in +1d -1d +0; do
    sleep 0.6
    clock "$step"
done
sleep 0.6
load_stop
count $? "nobody was refused for a clock that moved"
[ "$(grep -c '"timer.held"' "$dir/serve")" -ge 3 ]
count $? "each step is told in the log"
grep -q 'timer.clock_differs' <<<"$(confirm "2020-01-01T00:00:00Z")"
count $? "another time than the clock's confirms nothing"
held
count $? "until then timers are held, and a page says so"
[ "$(confirm "$(date -u +%Y-%m-%dT%H:%M:%SZ)")" = "{}" ]
count $? "the clock is confirmed"
! held
count $? "and timers are held no longer"
stop
whole "$dir/c.db" "a clock that moved"
clock -1d
serve_moved "$dir/c.db"
grep -q '"timer.held"' "$dir/serve"
count $? "a start before the last event holds the timers"
stop

# --- keys --------------------------------------------------------------------------------------------
cp "$dir/a.db.keys" "$dir/keys" && cp "$dir/a.db.root" "$dir/root"
rm "$dir/a.db.keys"
says "no keyring" "a.db.keys" "$vein" serve --db "$dir/a.db" --listen 127.0.0.1:0
cp "$dir/keys" "$dir/a.db.keys"
rm "$dir/a.db.root"
says "no root key" "a.db.root" "$vein" serve --db "$dir/a.db" --listen 127.0.0.1:0
cp "$dir/root" "$dir/a.db.root" && chmod 644 "$dir/a.db.root"
says "a root key that others can read" "a.db.root" "$vein" serve --db "$dir/a.db" --listen 127.0.0.1:0
chmod 600 "$dir/a.db.root"
head -c 700 "$dir/keys" >"$dir/a.db.keys"
says "half a keyring" "keyring\|damaged" "$vein" serve --db "$dir/a.db" --listen 127.0.0.1:0
cp "$dir/keys" "$dir/a.db.keys"

# --- a certificate that was half written ---------------------------------------------------------------
timeout 2 "$vein" serve --db "$dir/a.db" --listen "0.0.0.0:$port" >/dev/null 2>&1 # makes its own
[ -s "$dir/a.db.crt" ]
count $? "a certificate is made"
size=$(stat -c %s "$dir/a.db.crt")
truncate -s $((size / 2)) "$dir/a.db.crt"
says "half a certificate" "a.db.crt\|certificate" "$vein" serve --db "$dir/a.db" --listen "0.0.0.0:$port"
"$vein" check --db "$dir/a.db" >"$dir/check" 2>&1
count $? "after all this the system is whole: $(grep ^bad "$dir/check")"

echo "suite faults: $passed passed, $failed failed"
[ "$failed" = 0 ]
