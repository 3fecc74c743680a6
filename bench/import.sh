#!/usr/bin/env bash
# How long it takes to import one disk image, beside `qemu-img convert` to a compressed QCOW2.
#
#   bench/import.sh DIR [SCRATCH]
#
# DIR is what corpus.sh made. For base.raw and base.qcow2, five alternating runs each of: qemu-img (zstd, as parallel as
# it goes), our ingest into an empty store, and our ingest of the same file once more. The page cache is warm, everything
# written goes to SCRATCH (default DIR/import, emptied before and after). Seconds are whole processes, start to end, and
# ours fsync what they write while qemu-img does not; memory is the peak resident set of a process. Prints medians.
#
# Needs qemu-img and GNU time; TINTYPE_INGEST names a built `ingest` example of the crate `store` (default: built here).
set -euo pipefail

dir=$(realpath "${1:?usage: import.sh DIR [SCRATCH]}")
scratch=${2:-$dir/import}
rounds=5
repository=$(realpath "$(dirname "$0")/..")
if [ -z "${TINTYPE_INGEST:-}" ]; then
    cargo build --quiet --release --manifest-path "$repository/Cargo.toml" -p store --example ingest
    target=$(cargo metadata --format-version 1 --no-deps --manifest-path "$repository/Cargo.toml" |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    TINTYPE_INGEST=$target/release/examples/ingest
fi

# timed NAME COMMAND…: append seconds and peak KiB to the measurements called NAME.
timed() {
    local name=$1
    shift
    /usr/bin/time -v --output="$scratch/time" "$@" >/dev/null
    awk -F': ' '
        /Elapsed/ { n = split($NF, part, ":"); for (i = 1; i <= n; i++) seconds = seconds * 60 + part[i] }
        /Maximum resident/ { kib = $NF }
        END { print seconds, kib }
    ' "$scratch/time" >>"$scratch/$name.times"
}

# median NAME COLUMN
median() {
    awk -v column="$2" '{ print $column }' "$scratch/$1.times" | sort -n | sed -n "$(((rounds + 1) / 2))p"
}

mib() { awk "BEGIN { printf \"%.0f\", $1 / 1024 }"; }

ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

rm -rf "$scratch"
mkdir -p "$scratch"
echo '| source | qemu-img s | import s | ratio | again s | ratio | qemu-img peak MiB | import peak MiB |'
echo '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |'
for format in raw qcow2; do
    source=$dir/base.$format
    cat "$source" >/dev/null
    for ((round = 0; round < rounds; round++)); do
        timed "qemu-$format" qemu-img convert -c -f "$format" -O qcow2 -o compression_type=zstd -m 16 -W \
            "$source" "$scratch/out.qcow2"
        rm "$scratch/out.qcow2"
        timed "first-$format" "$TINTYPE_INGEST" "$scratch/store" "$source"
        timed "again-$format" "$TINTYPE_INGEST" "$scratch/store" "$source"
        rm -r "$scratch/store"
    done
    qemu=$(median "qemu-$format" 1)
    first=$(median "first-$format" 1)
    again=$(median "again-$format" 1)
    echo "| base.$format | $qemu | $first | $(ratio "$qemu" "$first")x | $again | $(ratio "$qemu" "$again")x" \
        "| $(mib "$(median "qemu-$format" 2)") | $(mib "$(median "first-$format" 2)") |"
done
rm -rf "$scratch"
