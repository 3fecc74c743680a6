#!/usr/bin/env bash
# Installs the official clients of the RPC doors, beside the OSS ones, and an S3 server that others wrote, into DIR.
# Costs nothing when it is done already.
set -euo pipefail
dir=${1:?usage: install.sh DIR}
stamp="$dir/e2e-4.installed"
[ -e "$stamp" ] && exit 0
mkdir -p "$dir"
[ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  alibabacloud-ecs20140526 aliyun-python-sdk-core aliyun-python-sdk-ecs alibabacloud-swas-open20200601 alibabacloud-vpc20160428 alibabacloud-ram20150501 alibabacloud-sts20150401 oss2 alibabacloud-oss-v2 'moto[server]'
npm install --silent --no-audit --no-fund --prefix "$dir" @alicloud/pop-core @alicloud/ecs20140526 @alicloud/openapi-client ali-oss
touch "$stamp"
