# Of deploy/drill, sourced: a site of three machines with databases and two that serve people, all on
# this one, each with addresses of its own on loopback. The files are those that deploy/prepare
# makes of the templates that ship. `dir` is a folder for all that is kept, `vein` the program.
# shellcheck shell=bash disable=SC2154
net=127.$((64 + RANDOM % 128)).$((RANDOM % 256))
port=$((20000 + RANDOM % 12000))
databases="db1 db2 db3"
declare -A etcd=() patroni=() addresses=([db1]=$net.11 [db2]=$net.12 [db3]=$net.13)
declare -A servers=([app1]=$net.21 [app2]=$net.22)

# PostgreSQL refuses to run as root: then what belongs to the database runs as postgres, or nobody.
owner=$(id -un)
as=()
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    getent passwd postgres >/dev/null || owner=nobody
    as=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups)
fi

now() { date +%s%3N; }
say() { echo "drill: $*" >&2; }

site() { # the description of the site, and all files of its machines
    sed -E "s#^((db|app)[0-9]\.address = ).*\.#\1$net.#" deploy/site.example >"$dir/site"
    cat >>"$dir/site" <<TEXT
network.database = 127.0.0.0/8
network.servers = 127.0.0.0/8
proxies = 127.0.0.1
also = ,IP:127.0.0.1
public.name = localhost
public.address = 127.0.0.1
public.port = $port
database.local = $net.31
etc = $dir/site.made/@machine@
data.etcd = $dir/@machine@/etcd
data.postgres = $dir/@machine@/postgres
data.socket = $dir/@machine@
data.vein = $dir/files
programs.postgres = $programs
user.haproxy =
TEXT
    deploy/prepare "$dir/site" "$dir/site.made" || return 1
    mkdir "$dir/bin" # a build meanwhile would change what a restart starts
    find build/gcc -maxdepth 1 -type f -perm -u+x \( -name vein -o -name 'vein-*' \) -exec cp {} "$dir/bin/" \;
    vein=$dir/bin/vein
    mkdir -p "$dir/files"
    for machine in $databases; do
        mkdir -m 700 "$dir/$machine"
        [ "${#as[@]}" = 0 ] || chown -R "$owner" "$dir/$machine" "$dir/site.made/$machine"
    done
    chmod 711 "$dir" "$dir/site.made"
    base=https://localhost:$port
    url=$(sed -n 's/^VEIN_DB=//p' "$dir/site.made/app1/vein.env")
    export PGPASSFILE=$dir/site.made/app1/pgpass PGCONNECT_TIMEOUT=2
}

# --- machines with a database -----------------------------------------------------------------------
machine_start() { # MACHINE
    local made=$dir/site.made/$1
    (
        set -a
        # shellcheck disable=SC1091
        . "$made/etcd.env"
        exec "${as[@]}" etcd >>"$dir/$1.etcd.log" 2>&1
    ) &
    etcd[$1]=$!
    disown # a kill is no news
    HOME=$dir/$1 "${as[@]}" patroni "$made/patroni.yml" >>"$dir/$1.log" 2>&1 &
    patroni[$1]=$!
    disown
}

# All that runs of it: its PostgreSQL is known by the folder it works in.
machine_processes() { # MACHINE
    local each
    echo "${patroni[$1]}" "${etcd[$1]}"
    for each in /proc/[0-9]*; do
        [ "$(readlink "$each/cwd")" = "$dir/$1/postgres" ] && echo "${each#/proc/}"
    done
}

machine_signal() { # SIGNAL MACHINE
    # shellcheck disable=SC2046 # a word a process
    kill -"$1" $(machine_processes "$2") 2>/dev/null
}

# What Patroni knows of the members, as JSON; of the first machine that answers.
members() {
    local machine
    for machine in $databases; do
        curl -fs -m 2 --cacert "$dir/site.made/app1/ca.crt" "https://${addresses[$machine]}:8008/cluster" &&
            return
    done
    return 1
}
primary() { members | jq -r '.members[] | select(.role == "leader") | .name'; }
synchronous() { members | jq -r '.members[] | select(.role == "sync_standby") | .name' | head -1; }

# One primary, two that follow it without lag, one of them synchronous.
whole() {
    members | jq -e '(.members | length) == 3
        and ([.members[] | select(.role == "leader")] | length) == 1
        and ([.members[] | select(.role == "sync_standby")] | length) >= 1
        and ([.members[].timeline] | unique | length) == 1
        and all(.members[]; .state == "running" or .state == "streaming")
        and all(.members[] | select(.role != "leader"); .lag == 0)' >/dev/null 2>&1
}

until_true() { # SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

other_primary() { # THAN
    local is
    is=$(primary) && [ -n "$is" ] && [ "$is" != "$1" ]
}

# SQL as vein asks: through HAProxy, to whichever machine is the primary. Any that hangs is left.
plain_url() { sed -E 's/&files=[^&]*//' <<<"$url"; }
ask() { timeout -k 1 4 psql "$(plain_url)" -XAtqc "$1" 2>>"$dir/psql.log"; }
directly() { # ADDRESS SQL: to one machine
    timeout -k 1 20 psql "$(plain_url | sed "s/$net.31/$1/")" -XAtqc "$2" 2>>"$dir/psql.log"
}

# --- machines that serve ----------------------------------------------------------------------------
# As systemd would: started again whenever it ended.
supervise() { # MACHINE
    local pid
    while [ ! -e "$dir/ending" ]; do
        "$vein" serve --db "$url" --config "$dir/site.made/$1/vein.conf" >>"$dir/$1.log" 2>&1 &
        pid=$!
        echo $pid >"$dir/$1.pid"
        wait $pid
        echo "drill: ended with $?" >>"$dir/$1.log"
        sleep 2
    done
}

serve() {
    local machine
    haproxy -f "$dir/site.made/app1/haproxy.cfg" >>"$dir/haproxy.log" 2>&1 &
    haproxy=$!
    until_true 30 ask "SELECT 1" >/dev/null || return 1
    sleep 3 # HAProxy takes a machine for a primary until two checks said no
    ask "CREATE SCHEMA drill; CREATE TABLE drill.mark (mark TEXT)" || return 1
    out=$("$vein" init --db "$url" --admin drill 2>&1) || { echo "$out" >&2; return 1; }
    for machine in app1 app2; do
        : >"$dir/$machine.log"
        supervise "$machine" 2>/dev/null &
        supervisors+=($!)
    done
    until_true 60 ready app1 && until_true 60 ready app2 && until_true 60 answers
}
ready() { # MACHINE: it takes commands
    curl -fs -m 2 -o /dev/null --cacert "$dir/site.made/app1/ca.crt" "https://${servers[$1]}:8443/ready"
}
serving() { # one that does
    if ready app1; then echo app1; else echo app2; fi
}
answers() { curl -fs -m 2 -o /dev/null --cacert "$dir/site.made/app1/ca.crt" "$base/ready"; }

finish() {
    local machine
    touch "$dir/ending"
    [ -z "${load:-}" ] || kill "$load" 2>/dev/null
    for machine in app1 app2; do
        [ ! -e "$dir/$machine.pid" ] || kill -TERM "$(cat "$dir/$machine.pid")" 2>/dev/null
    done
    [ "${#supervisors[@]}" = 0 ] || wait "${supervisors[@]}" 2>/dev/null
    [ -z "${haproxy:-}" ] || kill "$haproxy" 2>/dev/null
    for machine in $databases; do
        [ -z "${patroni[$machine]:-}" ] || { machine_signal KILL "$machine"; machine_signal CONT "$machine"; }
    done
    wait
}
