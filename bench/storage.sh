#!/usr/bin/env bash
# How many bytes each way of keeping disk images takes for a set of related ones, and how long it takes to store them.
#
#   bench/storage.sh DIR [SCRATCH]
#
# DIR is what corpus.sh made. Every tool stores base, rebuilt, upgraded and web, in that order, into one fresh
# repository under SCRATCH (default DIR/storage, emptied before and after); none encrypts more than it must. Bytes are
# what the repository's files hold, without caches outside it. Prints a table in Markdown.
#
# Needs qemu-img, restic, borg and casync; TINTYPE_INGEST names a built `ingest` example of the crate `store`
# (default: built here with cargo). TINTYPE_SKIP names rows to leave out, by their first word ("casync" takes long).
set -euo pipefail

dir=$(realpath "${1:?usage: storage.sh DIR [SCRATCH]}")
scratch=${2:-$dir/storage}
images=(base rebuilt upgraded web)
repository=$(realpath "$(dirname "$0")/..")
if [ -z "${TINTYPE_INGEST:-}" ]; then
    cargo build --quiet --release --manifest-path "$repository/Cargo.toml" -p store --example ingest
    target=$(cargo metadata --format-version 1 --no-deps --manifest-path "$repository/Cargo.toml" |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    TINTYPE_INGEST=$target/release/examples/ingest
fi

# Caches and settings of the tools stay here, whatever the user's are.
export HOME=$scratch/home XDG_CACHE_HOME=$scratch/home/cache
export BORG_BASE_DIR=$scratch/home/borg BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export RESTIC_PASSWORD=measurement

qcow2() {
    for image in "${images[@]}"; do
        qemu-img convert -c -f raw -O qcow2 -o compression_type=zstd -m 16 -W "$dir/$image.raw" "$1/$image.qcow2"
    done
}

restic_default() {
    restic --quiet --repo "$1" init
    for image in "${images[@]}"; do restic --quiet --repo "$1" backup "$dir/$image.raw"; done
}

borg_with() {
    borg init --encryption=none "$1"
    for image in "${images[@]}"; do borg create "${@:2}" "$1::$image" "$dir/$image.raw"; done
}

borg_default() { borg_with "$1"; }

borg_zstd() { borg_with "$1" --compression zstd,3; }

borg_fixed() { borg_with "$1" --compression zstd,3 --chunker-params fixed,65536; }

casync_default() {
    for image in "${images[@]}"; do
        casync make --store="$1/store.castr" "$1/$image.caibx" "$dir/$image.raw" >/dev/null
    done
}

tintype_default() {
    local paths=()
    for image in "${images[@]}"; do paths+=("$dir/$image.raw"); done
    "$TINTYPE_INGEST" "$1" "${paths[@]}" >&2
}

tintype_small() { TINTYPE_FRAME_BLOCKS=32 TINTYPE_ZSTD_LEVEL=3 tintype_default "$1"; }

# row SHORT "what it is" FUNCTION
row() {
    case " ${TINTYPE_SKIP:-} " in *" $1 "*) return ;; esac
    rm -rf "$scratch"
    mkdir -p "$HOME" "$scratch/repository"
    local begin end bytes
    begin=$(date +%s.%N)
    "$3" "$scratch/repository"
    end=$(date +%s.%N)
    # Apparent sizes of files, so that directories and the file system's blocks do not count.
    bytes=$(find "$scratch/repository" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }')
    rm -rf "$scratch"
    rows+=("$bytes|$2|$(awk "BEGIN { printf \"%.1f\", $end - $begin }")")
}

for image in "${images[@]}"; do cat "$dir/$image.raw" >/dev/null; done
rows=()
row qcow2 'QCOW2, zstd (qemu-img convert -m 16 -W)' qcow2
row restic 'restic, defaults' restic_default
row borg 'borg, defaults (lz4)' borg_default
row borg-zstd 'borg, zstd 3' borg_zstd
row borg-fixed 'borg, fixed 64 KiB chunks, zstd 3' borg_fixed
row casync 'casync, defaults' casync_default
row tintype 'Tintype, defaults' tintype_default
row tintype-small 'Tintype, 128 KiB frames, zstd 3' tintype_small

ours=$(printf '%s\n' "${rows[@]}" | awk -F'|' '$2 == "Tintype, defaults" { print $1 }')
echo '| how | MiB stored | against Tintype | seconds |'
echo '| --- | ---: | ---: | ---: |'
printf '%s\n' "${rows[@]}" |
    awk -F'|' -v ours="$ours" '{ printf "| %s | %.1f | %.2fx | %s |\n", $2, $1 / 1048576, $1 / ours, $3 }'
