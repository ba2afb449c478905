# Demonstrations for a browser: sourced. What they say, sign-ins too, is in $dir/NAME; they end with the script.
dir=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; wait "${servers[@]}" 2>/dev/null; rm -rf "$dir"' EXIT

demonstrate() { # NAME VEIN ARGS…
    local name=$1 vein=$2
    shift 2
    VEIN_RATE=100000 VEIN_BURST=100000 "$vein" demo --dir "$dir/$name.demo" --listen 127.0.0.1:0 \
        --speed 1 "$@" >"$dir/$name" 2>&1 &
    servers+=($!)
    for ((i = 0; i < 1200; i++)); do
        grep -q '^vein runs at' "$dir/$name" && return
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$dir/$name"
    echo "the server did not start"
    exit 1
}
