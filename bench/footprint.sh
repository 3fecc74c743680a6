#!/usr/bin/env bash
# What Tintype costs before it does anything: crates, seconds to build, size, start, resident memory.
#
# usage: bench/footprint.sh [--build]     (`cargo build --release` first; --build also times a clean build)
#
# Start is from spawning the process to `server.json`, which appears when every door listens and the records are open;
# the first start of a data directory, which makes the database and the first account. Memory is what the kernel counts
# as resident (VmRSS), of which RssAnon is the process's own and the rest is the program's file, shared and evictable.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
program=$target/release/tintype
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

if [ "${1:-}" = --build ]; then
  began=$(date +%s)
  CARGO_TARGET_DIR=$work/target cargo build --release -p tintype --quiet
  echo "clean release build      $(($(date +%s) - began)) s on $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
fi
echo "crates of others         $(cargo tree -p tintype -e normal --prefix none | grep -v '(/' | awk '{print $1, $2}' | sort -u | wc -l)"
echo "program                  $(($(stat -c %s "$program") >> 10)) KiB, stripped $(strip -o "$work/stripped" "$program" && echo $(($(stat -c %s "$work/stripped") >> 10))) KiB"

start() { # DIR: starts a server there and sets `server` and `millis`
  local began
  began=$(date +%s%N)
  "$program" serve --listen 127.0.0.1:0 --oss-listen 127.0.0.1:0 --data "$1" >"$work/out" 2>&1 &
  server=$!
  until [ -e "$1/server.json" ]; do sleep 0.001; done
  millis=$((($(date +%s%N) - began) / 1000000))
}

stop() {
  kill "$server"
  wait "$server"
  server=
}

times() { # NAME: prints the median of the numbers on standard input
  sort -n | awk -v name="$1" '{ t[NR] = $1 } END { printf "%-24s %d ms, median of %d (%d to %d)\n", name, t[int((NR + 1) / 2)], NR, t[1], t[NR] }'
}

for run in $(seq 20); do
  start "$work/data$run"
  echo "$millis"
  stop
done >"$work/first"
times "first start" <"$work/first"
for run in $(seq 20); do
  start "$work/data$run"
  echo "$millis"
  stop
done >"$work/again"
times "later start" <"$work/again"

memory() { # NAME
  awk -v name="$1" '/^(VmRSS|RssAnon|Threads|VmHWM):/ { v[$1] = $2 } END { printf "%-24s %.1f MiB resident, %.1f MiB of them its own, %.1f MiB at most, %d threads\n", name, v["VmRSS:"] / 1024, v["RssAnon:"] / 1024, v["VmHWM:"] / 1024, v["Threads:"] }' "/proc/$server/status"
}

# A disk whose bytes do not repeat, so that an import has all the work.
head -c $((256 << 20)) /dev/urandom >"$work/disk.raw"
start "$work/idle"
TINTYPE_DATA=$work/idle "$program" images >/dev/null
memory "idle after start"
TINTYPE_DATA=$work/idle "$program" import "$work/disk.raw" --name footprint >/dev/null
memory "after one import"
stop
