#!/usr/bin/env bash
# The library beside raw tokio, tokio-rustls, hyper-util and libp2p: bench/library.sh [--short]
#
# Prints tables and writes nothing. `--short` takes seconds, leaves out the peers that take long to
# build, and judges what does not depend on the machine's speed: that every byte arrived, that an
# address that never answers costs about one stagger, and how much is allocated. bench/erased.sh
# counts instructions.
set -euo pipefail
cd "$(dirname "$0")"

what=(-p library)
if [[ ${1:-} == --short ]]; then
    # With the other measurements, so that what they share is built once.
    what=(--workspace --no-default-features)
fi
cargo build --quiet --locked --release "${what[@]}"
programs=${CARGO_TARGET_DIR:-target}/release
"$programs/library" "$@"
"$programs/memory"
