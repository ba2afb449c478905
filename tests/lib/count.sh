# For suites written in shell, sourced: counts cases and tells of those that failed.
# shellcheck shell=bash
passed=0 failed=0

count() { # STATUS WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok: $2"
    fi
}
