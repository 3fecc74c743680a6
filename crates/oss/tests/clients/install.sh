#!/bin/sh
# Installs the clients that crates/oss/tests/real_clients.rs drives into DIR/venv and DIR/node_modules.
# Running it again changes nothing. rclone is the distribution's (apt-get install rclone).
#
# usage: install.sh DIR
set -eu
dir=${1:?usage: install.sh DIR}
mkdir -p "$dir"
if ! [ -x "$dir/venv/bin/python" ]; then
    python3 -m venv "$dir/venv"
fi
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    oss2==2.19.1 alibabacloud-oss-v2 awscli
if ! [ -d "$dir/node_modules/ali-oss" ]; then
    [ -f "$dir/package.json" ] || echo '{"private":true}' > "$dir/package.json"
    (cd "$dir" && npm install --silent --no-audit --no-fund ali-oss@6)
fi
command -v rclone > /dev/null || { echo "rclone is not installed (apt-get install rclone)" >&2; exit 1; }
