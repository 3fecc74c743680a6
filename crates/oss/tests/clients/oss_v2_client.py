"""alibabacloud-oss-v2, the newer Python SDK."""
import datetime
import os

import alibabacloud_oss_v2 as oss
import requests

config = oss.config.load_default()
config.credentials_provider = oss.credentials.StaticCredentialsProvider(os.environ["OSS_KEY"], os.environ["OSS_SECRET"])
config.region = os.environ["OSS_REGION"]
config.endpoint = "http://" + os.environ["OSS_HOST"]
config.use_path_style = True
client = oss.Client(config)
BUCKET = "v2-bucket"


def code_of(call, request):
    try:
        call(request)
    except oss.exceptions.OperationError as error:
        service = error.unwrap()
        return service.code, service.status_code
    raise AssertionError("an error expected")


client.put_bucket(oss.PutBucketRequest(
    bucket=BUCKET, create_bucket_configuration=oss.CreateBucketConfiguration(storage_class="IA")))
assert [b.name for b in client.list_buckets(oss.ListBucketsRequest()).buckets] == [BUCKET]
info = client.get_bucket_info(oss.GetBucketInfoRequest(bucket=BUCKET)).bucket_info
assert info.storage_class == "IA" and info.location == "oss-cn-hangzhou"
assert client.is_bucket_exist(BUCKET) and not client.is_bucket_exist("v2-none")
location = client.get_bucket_location(oss.GetBucketLocationRequest(bucket=BUCKET)).location
assert location == "oss-cn-hangzhou", location
assert client.get_bucket_acl(oss.GetBucketAclRequest(bucket=BUCKET)).acl == "private"
client.get_bucket_stat(oss.GetBucketStatRequest(bucket=BUCKET))

key = "dir/测试 a+b.raw"
put = client.put_object(oss.PutObjectRequest(
    bucket=BUCKET, key=key, body=b"hello world", content_type="text/x-a", metadata={"author": "foo"}))
assert put.hash_crc64 == "5981764153023615706"
got = client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=key))
assert got.body.read() == b"hello world" and got.metadata["author"] == "foo" and got.content_type == "text/x-a"
ranged = client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=key, range_header="bytes=3-7"))
assert ranged.status_code == 206 and ranged.body.read() == b"lo wo"
beyond = oss.GetObjectRequest(bucket=BUCKET, key=key, range_header="bytes=50-", range_behavior="standard")
assert code_of(client.get_object, beyond) == ("InvalidRange", 416)
assert client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key=key)).content_length == 11
assert client.get_object_meta(oss.GetObjectMetaRequest(bucket=BUCKET, key=key)).content_length == 11
assert client.is_object_exist(BUCKET, key) and not client.is_object_exist(BUCKET, "none")
assert code_of(client.get_object, oss.GetObjectRequest(bucket=BUCKET, key="none")) == ("NoSuchKey", 404)
assert code_of(client.head_object, oss.HeadObjectRequest(bucket=BUCKET, key="none")) == ("NoSuchKey", 404)
assert code_of(client.head_object, oss.HeadObjectRequest(bucket="v2-none", key="none")) == ("NoSuchBucket", 404)

client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="copy", source_bucket=BUCKET, source_key=key))
client.append_object(oss.AppendObjectRequest(bucket=BUCKET, key="log", position=0, body=b"hello "))
appended = client.append_object(oss.AppendObjectRequest(bucket=BUCKET, key="log", position=6, body=b"world"))
assert appended.next_position == 11 and appended.hash_crc64 == "5981764153023615706"
client.put_symlink(oss.PutSymlinkRequest(bucket=BUCKET, key="link", symlink_target="copy"))
assert client.get_symlink(oss.GetSymlinkRequest(bucket=BUCKET, key="link")).target == "copy"
client.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key="copy", acl="public-read"))
assert client.get_object_acl(oss.GetObjectAclRequest(bucket=BUCKET, key="copy")).acl == "public-read"

data = os.urandom(1_000_000)
with open("large", "wb") as file:
    file.write(data)
client.uploader(part_size=200 * 1024, parallel_num=3).upload_file(
    oss.PutObjectRequest(bucket=BUCKET, key="large"), filepath="large")
client.downloader(part_size=200 * 1024, parallel_num=3).download_file(
    oss.GetObjectRequest(bucket=BUCKET, key="large"), filepath="back")
with open("back", "rb") as file:
    assert file.read() == data
upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key="parts")).upload_id
part = client.upload_part(oss.UploadPartRequest(bucket=BUCKET, key="parts", upload_id=upload, part_number=1, body=data[:200_000]))
client.upload_part_copy(oss.UploadPartCopyRequest(
    bucket=BUCKET, key="parts", upload_id=upload, part_number=2, source_bucket=BUCKET, source_key="large",
    source_range="bytes=0-9"))
uploads = client.list_multipart_uploads(oss.ListMultipartUploadsRequest(bucket=BUCKET)).uploads
assert [u.key for u in uploads] == ["parts"]
listed = client.list_parts(oss.ListPartsRequest(bucket=BUCKET, key="parts", upload_id=upload)).parts
client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
    bucket=BUCKET, key="parts", upload_id=upload, complete_multipart_upload=oss.CompleteMultipartUpload(
        parts=[oss.UploadPart(part_number=p.part_number, etag=p.etag) for p in listed])))
assert client.get_object(oss.GetObjectRequest(bucket=BUCKET, key="parts")).body.read() == data[:200_000] + data[:10]

for n in range(9):
    client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=f"many/{n % 3}/{n}", body=b"x"))
pages = list(client.list_objects_v2_paginator().iter_page(
    oss.ListObjectsV2Request(bucket=BUCKET, prefix="many/", delimiter="/", max_keys=2)))
assert [p.prefix for page in pages for p in page.common_prefixes or []] == ["many/0/", "many/1/", "many/2/"]
pages = list(client.list_objects_paginator().iter_page(
    oss.ListObjectsRequest(bucket=BUCKET, prefix="many/", max_keys=4)))
assert sum(len(page.contents or []) for page in pages) == 9 and len(pages) == 3

expires = datetime.timedelta(seconds=60)
signed = client.presign(oss.GetObjectRequest(bucket=BUCKET, key=key), expires=expires)
assert requests.get(signed.url).content == b"hello world"
signed = client.presign(oss.PutObjectRequest(bucket=BUCKET, key="signed/put"), expires=expires)
assert requests.put(signed.url, data=b"signed", headers=signed.signed_headers).status_code == 200
assert client.get_object(oss.GetObjectRequest(bucket=BUCKET, key="signed/put")).body.read() == b"signed"

assert code_of(client.delete_bucket, oss.DeleteBucketRequest(bucket=BUCKET)) == ("BucketNotEmpty", 409)
everything = [o.key for o in client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET, max_keys=1000)).contents]
deleted = client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(
    bucket=BUCKET, objects=[oss.DeleteObject(key=name) for name in everything])).deleted_objects
assert [d.key for d in deleted] == everything
client.delete_bucket(oss.DeleteBucketRequest(bucket=BUCKET))
print("all good")
