#!/usr/bin/env bash
# Runs each fuzz target for some seconds: run.sh [SECONDS] [TARGET ...]. Found inputs stay in corpus/ and crashes in
# artifacts/. Builds on stable Rust: these are the flags that cargo-fuzz gives on nightly, without a sanitizer (there is
# no unsafe code in what is tested; panics, overflows and endless loops are what is looked for).
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-5}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for file in src/bin/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
export CARGO_TARGET_DIR=$PWD/target
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
host=$(rustc -vV | sed -n 's/^host: //p')
# A named target keeps these flags away from build scripts and macros.
cargo build --release --quiet --locked --target "$host"
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "artifacts/$target"
  log=$(mktemp)
  if ! "target/$host/release/$target" "corpus/$target" -seed=1 -max_total_time="$seconds" -timeout=10 -max_len=4096 \
    -rss_limit_mb=2048 -artifact_prefix="artifacts/$target/" >"$log" 2>&1; then
    tail -n 40 "$log"
    exit 1
  fi
  echo "fuzz $target: $(grep -oE 'Done [0-9]+ runs' "$log"), coverage $(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d' ' -f2)"
  rm -f "$log"
done
