#!/bin/sh
# Runs every fuzz target for some seconds: fuzz/run.sh [SECONDS [TARGET...]]
#
# Works on stable Rust without cargo-fuzz: the targets are built with the compiler's coverage counters and linked with
# libFuzzer (a C++ compiler is needed). FUZZ_SEED chooses the mutations, 0 (random) by default. Findings land in
# fuzz/artifacts/TARGET, what was learned in fuzz/corpus/TARGET.
set -eu

seconds=${1:-30}
[ $# -gt 0 ] && shift
fuzz=$(cd "$(dirname "$0")" && pwd)
targets=${*:-archive chart_yaml functions index_yaml provenance schema set template_exec template_parse values version yaml}
target_dir=${CARGO_TARGET_DIR:-$fuzz/../target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')

export CARGO_TARGET_DIR="$target_dir"
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"

# With an explicit target the flags do not reach build scripts, which could not be linked with them.
cargo build --release --quiet --manifest-path "$fuzz/Cargo.toml" --target "$host"
for target in $targets; do
    mkdir -p "$fuzz/corpus/$target" "$fuzz/artifacts/$target"
    dictionary=
    [ -f "$fuzz/dictionaries/$target.dict" ] && dictionary="-dict=$fuzz/dictionaries/$target.dict"
    echo "fuzzing $target for $seconds s"
    log="$fuzz/artifacts/$target.log"
    # shellcheck disable=SC2086
    if ! "$target_dir/$host/release/$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -rss_limit_mb=1024 -timeout=10 -max_len=16384 \
        $dictionary -artifact_prefix="$fuzz/artifacts/$target/" "$fuzz/corpus/$target" "$fuzz/seeds/$target" \
        >"$log" 2>&1; then
        tail -n 60 "$log"
        echo "$target failed: the input is in $fuzz/artifacts/$target" >&2
        exit 1
    fi
    grep -a '^Done' "$log" || tail -n 3 "$log"
done
