#!/usr/bin/env bash
# Counts what erasing a flow's type costs: instructions per call, at most 12 (design law 9).
# Needs valgrind, and says so and passes when there is none.
set -euo pipefail
cd "$(dirname "$0")"
most=12

if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed, instructions per erased call were not counted"
    exit 0
fi

cargo build --quiet --locked --release -p erased
program=${CARGO_TARGET_DIR:-target}/release/erased
log=$(mktemp)
trap 'rm -f "$log"' EXIT

instructions() {
    if ! calls=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" 2>"$log"); then
        cat "$log" >&2
        exit 1
    fi
    counted=$(sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$log")
}

instructions known
known=$counted
instructions erased
erased=$counted

tenths=$(((erased - known) * 10 / calls))
echo "erasing costs $((tenths / 10)).$((tenths % 10)) instructions per call (at most $most)"
if ((tenths > most * 10)); then
    echo "that is too many: a call through AnyFlow should be one indirect call" >&2
    exit 1
fi
