#!/bin/bash
# rclone as an S3 client. Argument: other (AWS V4), v2 (AWS V2), or alibaba (its own provider, which insists on host
# names and so comes through HTTP_PROXY with absolute targets).
set -euo pipefail
export RCLONE_CONFIG=$PWD/rclone.conf
provider=Other endpoint=http://$OSS_HOST more=
case $1 in
    v2) more='v2_auth = true' ;;
    alibaba) provider=Alibaba endpoint=http://oss-cn-hangzhou.aliyuncs.com; export HTTP_PROXY=http://$OSS_HOST http_proxy=http://$OSS_HOST ;;
esac
cat > rclone.conf <<CONF
[t]
type = s3
provider = $provider
access_key_id = $OSS_KEY
secret_access_key = $OSS_SECRET
endpoint = $endpoint
acl = private
$more
CONF
same() { [ "$1" = "$2" ] || { echo "line ${BASH_LINENO[0]}: got '$1', expected '$2'" >&2; exit 1; }; }

rclone mkdir t:rclone-bucket
same "$(rclone lsd t: | awk '{print $NF}')" rclone-bucket
mkdir -p source/sub
printf 'hello world' > 'source/测试 a+b.raw'
for n in 0 1 2; do echo $n > source/sub/$n; done
head -c 12000000 /dev/urandom > source/large
rclone --s3-upload-cutoff 5Mi --s3-chunk-size 5Mi sync source t:rclone-bucket/dir
rclone check source t:rclone-bucket/dir
same "$(rclone cat 't:rclone-bucket/dir/测试 a+b.raw')" 'hello world'
same "$(rclone cat --offset 3 --count 5 't:rclone-bucket/dir/测试 a+b.raw')" 'lo wo'
same "$(rclone lsf --files-only t:rclone-bucket/dir/sub | xargs)" '0 1 2'
same "$(rclone lsf --dirs-only t:rclone-bucket/dir)" 'sub/'
same "$(rclone lsf -R --files-only --s3-list-chunk 2 t:rclone-bucket | wc -l)" 5
rclone copyto t:rclone-bucket/dir/large t:rclone-bucket/copy
rclone moveto t:rclone-bucket/dir/sub/0 t:rclone-bucket/moved
same "$(rclone cat t:rclone-bucket/moved)" 0
mkdir back
rclone copy t:rclone-bucket/dir back
cmp source/large back/large
printf 'streamed' | rclone rcat t:rclone-bucket/streamed
same "$(rclone cat t:rclone-bucket/streamed)" streamed
if [ "$1" != v2 ]; then
    same "$(curl -s ${http_proxy:+--proxy "$http_proxy"} "$(rclone link --expire 1m t:rclone-bucket/moved)")" 0
fi
if rclone lsf t:rclone-none 2> refusal; then echo 'a refusal expected' >&2; exit 1; fi
grep -qi 'not found' refusal
rclone purge t:rclone-bucket
same "$(rclone lsd t:)" ""
echo "all good"
