# For suites that serve a database of their own, sourced after count.sh: `vein` is the program, `dir`
# a folder for what is kept. One server at a time; its process is in `server`, 0 when there is none.
# shellcheck shell=bash disable=SC2034,SC2154
server=0

begin() { # FILE: a database with one administrator; sets login, password, organisation
    local out
    out=$("$vein" init --db "$1" --admin fault.drill 2>&1) || { echo "$out"; return 1; }
    organisation=$(awk '$1 == "organisation" { print $2 }' <<<"$out")
    password=$(awk '$1 == "password" { print $2 }' <<<"$out")
}

# What was started last answers, before it ends or ten seconds have passed.
answers() {
    for _ in $(seq 200); do
        curl -fs "$base/health" >/dev/null && return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

address() { # a new one: sets port and base
    port=$((20000 + RANDOM % 12000)) # below those that the system gives to clients
    base=http://127.0.0.1:$port
}

again() { # FILE: serves it at the address; sets server
    "$vein" serve --db "$1" --listen "127.0.0.1:$port" >>"$dir/serve" 2>&1 &
    server=$!
    answers
}

start() { # FILE: the same at a new address, and the log anew
    address
    : >"$dir/serve"
    again "$1"
}

stop() {
    kill -TERM "$server"
    wait "$server"
    local status=$?
    server=0
    return $status
}

sign_in() { # the administrator: sets cookie and csrf, and keeps the cookie in $dir/jar
    curl -s -o /dev/null -c "$dir/jar" --data-urlencode "login=fault.drill" \
        --data-urlencode "password=$password" "$base/sign-in"
    cookie=$(awk '$6 == "vein" { print $6 "=" $7 }' "$dir/jar")
    csrf=$(curl -s -b "$dir/jar" "$base/help" | grep -o 'name="_csrf" value="[0-9a-f]*"' | head -1 |
        cut -d'"' -f4)
}

made() { "$vein" list events --db "$1" | grep -c 'site\.made'; }
