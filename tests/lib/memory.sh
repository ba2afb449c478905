# Where tests keep their files, sourced: in memory where there is room for them, since they sync
# thousands of times and a slow disk would be all that is measured. What a disk loses is shown by
# disks of the tests' own, and tests/suites/faults.sh works on the machine's.
# shellcheck shell=bash
memory_folder() { # sets TMPDIR to a folder that ends with the script, unless it is set
    local room
    [ -z "${TMPDIR:-}" ] || return 0
    room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)
    [ "${room:-0}" -ge 4000000 ] || return 0
    TMPDIR=$(mktemp -d /dev/shm/vein-XXXXXX) || { unset TMPDIR; return 0; }
    export TMPDIR
    chmod 755 "$TMPDIR" # a database's server of a test is another user
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$TMPDIR'" EXIT
    printf '#!/bin/sh\n' >"$TMPDIR/runs" && chmod +x "$TMPDIR/runs"
    "$TMPDIR/runs" 2>/dev/null || unset TMPDIR # tests run programs there
}
