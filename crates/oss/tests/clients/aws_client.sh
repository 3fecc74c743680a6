#!/bin/bash
# awscli: s3 and s3api.
set -euo pipefail
export AWS_ACCESS_KEY_ID=$OSS_KEY AWS_SECRET_ACCESS_KEY=$OSS_SECRET AWS_DEFAULT_REGION=$OSS_REGION AWS_EC2_METADATA_DISABLED=true
export AWS_PAGER= NO_PROXY=127.0.0.1
endpoint=http://$OSS_HOST
s3() { "$CLIENTS_DIR/venv/bin/aws" --endpoint-url "$endpoint" s3 "$@"; }
api() { "$CLIENTS_DIR/venv/bin/aws" --endpoint-url "$endpoint" --output text s3api "$@"; }
same() { [ "$1" = "$2" ] || { echo "line ${BASH_LINENO[0]}: got '$1', expected '$2'" >&2; exit 1; }; }
refused() { local code=$1; shift; if "$@" 2> refusal; then echo "line ${BASH_LINENO[0]}: $code expected" >&2; exit 1; fi; grep -q "$code" refusal || { cat refusal >&2; exit 1; }; }

s3 mb s3://aws-bucket
refused BucketAlreadyOwnedByYou api create-bucket --bucket aws-bucket
same "$(s3 ls | awk '{print $3}')" aws-bucket
api head-bucket --bucket aws-bucket > head
same "$(api get-bucket-location --bucket aws-bucket)" cn-hangzhou
same "$(api get-bucket-acl --bucket aws-bucket --query 'Grants[].Permission')" FULL_CONTROL
api put-bucket-acl --bucket aws-bucket --acl public-read
same "$(api get-bucket-acl --bucket aws-bucket --query 'Grants[].Permission')" $'FULL_CONTROL\tREAD'
same "$(api get-bucket-versioning --bucket aws-bucket)" ""
refused NoSuchLifecycleConfiguration api get-bucket-lifecycle-configuration --bucket aws-bucket
refused ServerSideEncryptionConfigurationNotFoundError api get-bucket-encryption --bucket aws-bucket

printf 'hello world' > small
head -c 20000000 /dev/urandom > large
key='dir/测试 a+b.raw'
s3 cp --quiet --metadata author=foo small "s3://aws-bucket/$key"
same "$(s3 cp "s3://aws-bucket/$key" -)" 'hello world'
same "$(api head-object --bucket aws-bucket --key "$key" --query '[ContentLength,Metadata.author]')" $'11\tfoo'
same "$(api get-object --bucket aws-bucket --key "$key" --range bytes=3-7 part --query ContentLength)" 5
same "$(cat part)" 'lo wo'
refused InvalidRange api get-object --bucket aws-bucket --key "$key" --range bytes=50-60 part
refused NoSuchKey api get-object --bucket aws-bucket --key none part
refused 404 api head-object --bucket aws-bucket --key none
refused NoSuchBucket s3 ls s3://aws-none
refused PreconditionFailed api put-object --bucket aws-bucket --key "$key" --body small --if-none-match '*'
for sum in CRC32 SHA1 SHA256; do
    api put-object --bucket aws-bucket --key sums --body small --checksum-algorithm $sum > put
done
s3 cp --quiet "s3://aws-bucket/$key" s3://aws-bucket/copy
same "$(s3 cp s3://aws-bucket/copy -)" 'hello world'

s3 cp --quiet large s3://aws-bucket/large
s3 cp --quiet s3://aws-bucket/large back
cmp large back
s3 cp --quiet s3://aws-bucket/large s3://aws-bucket/large-copy
upload=$(api create-multipart-upload --bucket aws-bucket --key parts --query UploadId)
etag=$(api upload-part --bucket aws-bucket --key parts --upload-id "$upload" --part-number 1 --body large --query ETag)
same "$(api list-parts --bucket aws-bucket --key parts --upload-id "$upload" --query 'Parts[].Size')" 20000000
same "$(api list-multipart-uploads --bucket aws-bucket --query 'Uploads[].Key')" parts
api complete-multipart-upload --bucket aws-bucket --key parts --upload-id "$upload" \
    --multipart-upload "Parts=[{ETag=$etag,PartNumber=1}]" > complete
refused NoSuchUpload api abort-multipart-upload --bucket aws-bucket --key parts --upload-id "$upload"

mkdir many
for n in 0 1 2 3 4 5 6 7 8; do mkdir -p many/$((n % 3)); echo $n > many/$((n % 3))/$n; done
s3 sync --quiet many s3://aws-bucket/many
same "$(s3 ls --page-size 2 s3://aws-bucket/many/ | awk '{print $2}' | xargs)" '0/ 1/ 2/'
same "$(s3 ls --page-size 2 --recursive s3://aws-bucket/many/ | wc -l)" 9
same "$(api list-objects --bucket aws-bucket --prefix many/ --delimiter / --page-size 1 --query 'CommonPrefixes[].Prefix' | xargs)" 'many/0/ many/1/ many/2/'
same "$(api list-objects-v2 --bucket aws-bucket --prefix many/ --start-after many/2/4 --query 'Contents[].Key' | xargs)" 'many/2/5 many/2/8'

url=$(s3 presign --expires-in 60 "s3://aws-bucket/$key")
same "$(curl -s --noproxy '*' "$url")" 'hello world'
same "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "${url}0")" 403

refused BucketNotEmpty s3 rb s3://aws-bucket
same "$(api delete-objects --bucket aws-bucket --delete 'Objects=[{Key=parts},{Key=never}]' --query 'Deleted[].Key')" $'parts\tnever'
s3 rb --force s3://aws-bucket > rb
same "$(s3 ls)" ""
echo "all good"
