# line PART WHAT FIGURE UNIT [MEMBER…]: a line of the table of speed, as bench/lib/line.h has it. A
# MEMBER is KEY=NUMBER (limit, at_least, at_most, ratio_at_least, ratio_at_most) or beside=TEXT.
line() {
    local json member
    json=$(printf '{"part":"%s","what":"%s","figure":%s,"unit":"%s"' "$1" "$2" "$3" "$4")
    printf '%s  %-58s %12s %s' "$1" "$2" "$3" "$4"
    shift 4
    for member; do
        case $member in
        beside=*) json+=",\"beside\":\"${member#*=}\"" ;;
        *) json+=",\"${member%%=*}\":${member#*=}" ;;
        esac
        printf '; %s' "$member"
    done
    echo
    [ -z "${VEIN_BENCH_LINES:-}" ] || echo "$json}" >>"$VEIN_BENCH_LINES"
}
