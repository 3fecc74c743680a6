"""oss2, the classic Python SDK: every operation that its users reach for. Argument: v1 or v4."""
import os
import sys

import oss2
import requests

endpoint = "http://" + os.environ["OSS_HOST"]
key, secret, region = os.environ["OSS_KEY"], os.environ["OSS_SECRET"], os.environ["OSS_REGION"]
v4 = sys.argv[1] == "v4"
auth = oss2.AuthV4(key, secret) if v4 else oss2.Auth(key, secret)
more = {"region": region} if v4 else {}
service = oss2.Service(auth, endpoint, **more)
bucket = oss2.Bucket(auth, endpoint, "py-bucket", **more)


def refused(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError(f"{kind} expected")


# Buckets.
refused(oss2.exceptions.NoSuchBucket, bucket.get_bucket_info)
bucket.create_bucket()
bucket.create_bucket()
for name in ["py-a", "py-b", "py-c"]:
    oss2.Bucket(auth, endpoint, name, **more).create_bucket(oss2.BUCKET_ACL_PUBLIC_READ)
assert [b.name for b in oss2.BucketIterator(service, max_keys=2)] == ["py-a", "py-b", "py-bucket", "py-c"]
assert [b.name for b in service.list_buckets(prefix="py-b").buckets] == ["py-b", "py-bucket"]
info = bucket.get_bucket_info()
assert info.location == "oss-" + region and info.acl.grant == "private", info
assert bucket.get_bucket_location().location == "oss-" + region
assert bucket.get_bucket_acl().acl == "private"
assert oss2.Bucket(auth, endpoint, "py-a", **more).get_bucket_acl().acl == "public-read"
assert requests.get(endpoint + "/py-a").status_code == 200
refused(oss2.exceptions.NoSuchKey, oss2.Bucket(oss2.AnonymousAuth(), endpoint, "py-a").get_object, "none")
refused(oss2.exceptions.AccessDenied, oss2.Bucket(oss2.AnonymousAuth(), endpoint, "py-bucket").get_object, "none")
refused(oss2.exceptions.ServerError, oss2.Bucket(auth, endpoint, "py-bucket", **more).put_bucket_acl, "everyone")
bucket.put_bucket_acl("public-read-write")
assert bucket.get_bucket_acl().acl == "public-read-write"
bucket.put_bucket_acl("private")
for name in ["py-a", "py-b", "py-c"]:
    oss2.Bucket(auth, endpoint, name, **more).delete_bucket()

# Objects.
headers = {"Content-Type": "text/x-a", "Cache-Control": "no-cache", "x-oss-meta-author": "foo@bar.com"}
name = "images/测试 a+b&<c>.raw"
put = bucket.put_object(name, b"hello world", headers=headers)
assert put.etag == "5EB63BBBE01EEED093CB22BB8F5ACDC3" and put.crc == 5981764153023615706, (put.etag, put.crc)
got = bucket.get_object(name)
assert got.read() == b"hello world" and got.headers["x-oss-meta-author"] == "foo@bar.com"
assert got.headers["content-type"] == "text/x-a" and got.headers["cache-control"] == "no-cache"
assert bucket.get_object(name, byte_range=(3, 7)).read() == b"lo wo"
assert bucket.get_object(name, byte_range=(None, 3)).read() == b"rld"
assert bucket.get_object(name, byte_range=(100, 200)).read() == b"hello world"
head = bucket.head_object(name)
assert (head.content_length, head.object_type, head.etag) == (11, "Normal", put.etag)
assert bucket.get_object_meta(name).content_length == 11
assert bucket.object_exists(name) and not bucket.object_exists("none")
refused(oss2.exceptions.NotModified, bucket.get_object, name, headers={"If-None-Match": put.etag})
refused(oss2.exceptions.PreconditionFailed, bucket.get_object, name, headers={"If-Match": "x"})
refused(oss2.exceptions.NoSuchKey, bucket.get_object, "none")
refused(oss2.exceptions.NotFound, bucket.head_object, "none")
assert refused(oss2.exceptions.ServerError, bucket.put_object, name, b"x",
               headers={"x-oss-forbid-overwrite": "true"}).code == "FileAlreadyExists"
assert refused(oss2.exceptions.ServerError, bucket.put_object, "md5", b"x",
               headers={"Content-MD5": "eB5eJF1ptWaXm4bijSPyxw=="}).code == "InvalidDigest"
assert bucket.get_object(name, params={"response-content-type": "a/b"}).headers["content-type"] == "a/b"
bucket.put_object("empty", b"")
assert bucket.get_object("empty").read() == b""
bucket.put_object("stream", (chunk for chunk in [b"one", b"two"]))
assert bucket.get_object("stream").read() == b"onetwo"
bucket.update_object_meta(name, {"x-oss-meta-new": "1"})
assert bucket.head_object(name).headers["x-oss-meta-new"] == "1"
assert "x-oss-meta-author" not in bucket.head_object(name).headers
assert bucket.get_object_acl(name).acl == "default"
bucket.put_object_acl(name, "public-read")
assert bucket.get_object_acl(name).acl == "public-read"
bucket.put_symlink(name, "link")
assert bucket.get_symlink("link").target_key == name
assert bucket.get_object("link").read() == b"hello world"

# Copy, append.
bucket.copy_object("py-bucket", name, "copy")
assert bucket.get_object("copy").read() == b"hello world"
first = bucket.append_object("log", 0, b"hello ")
assert first.next_position == 6
second = bucket.append_object("log", 6, b"world", init_crc=first.crc)
assert second.next_position == 11 and second.crc == 5981764153023615706
assert bucket.head_object("log").object_type == "Appendable"
assert refused(oss2.exceptions.PositionNotEqualToLength, bucket.append_object, "log", 3, b"x").next_position == 11
refused(oss2.exceptions.ObjectNotAppendable, bucket.append_object, "copy", 11, b"x")

# Multipart, resumable both ways.
data = os.urandom(1_000_000)
with open("large", "wb") as file:
    file.write(data)
oss2.resumable_upload(bucket, "large", "large", multipart_threshold=200_000, part_size=200_000, num_threads=3)
assert bucket.get_object("large").read() == data
assert bucket.head_object("large").object_type == "Multipart"
oss2.resumable_download(bucket, "large", "back", multiget_threshold=200_000, part_size=200_000, num_threads=3)
with open("back", "rb") as file:
    assert file.read() == data
upload = bucket.init_multipart_upload("parts").upload_id
parts = []
for number in (1, 2):
    part = bucket.upload_part("parts", upload, number, data[:150_000])
    parts.append(oss2.models.PartInfo(number, part.etag, part_crc=part.crc, size=150_000))
part = bucket.upload_part_copy("py-bucket", "large", (10, 19), "parts", upload, 3)
parts.append(oss2.models.PartInfo(3, part.etag))
assert [p.part_number for p in oss2.PartIterator(bucket, "parts", upload, max_parts=2)] == [1, 2, 3]
assert [u.key for u in oss2.MultipartUploadIterator(bucket)] == ["parts"]
assert [u.key for u in oss2.ObjectUploadIterator(bucket, "parts", max_uploads=1)] == ["parts"]
bucket.complete_multipart_upload("parts", upload, parts)
assert bucket.get_object("parts").read() == data[:150_000] * 2 + data[10:20]
upload = bucket.init_multipart_upload("parts").upload_id
bucket.abort_multipart_upload("parts", upload)
refused(oss2.exceptions.NoSuchUpload, bucket.abort_multipart_upload, "parts", upload)

# Lists.
for n in range(25):
    bucket.put_object(f"many/{n % 5}/{n:02}", b"x")
keys = [f"many/{n % 5}/{n:02}" for n in sorted(range(25), key=lambda n: (n % 5, n))]
assert [o.key for o in oss2.ObjectIterator(bucket, prefix="many/", max_keys=4)] == keys
assert [o.key for o in oss2.ObjectIteratorV2(bucket, prefix="many/", max_keys=4)] == keys
groups = [f"many/{n}/" for n in range(5)]
for iterator in (oss2.ObjectIterator, oss2.ObjectIteratorV2):
    listed = list(iterator(bucket, prefix="many/", delimiter="/", max_keys=2))
    assert [o.key for o in listed] == groups and all(o.is_prefix() for o in listed)
assert [o.key for o in bucket.list_objects_v2(prefix="many/", start_after="many/4/10").object_list] == keys[-3:]
assert bucket.list_objects(prefix="images/").object_list[0].key == name
stat = bucket.get_bucket_stat()
assert stat.object_count == 33, stat.object_count

# Presigned addresses.
url = bucket.sign_url("GET", name, 60, slash_safe=True)
assert requests.get(url).content == b"hello world"
assert requests.get(url + "0").status_code == 403
url = bucket.sign_url("PUT", "signed/put", 60, slash_safe=True)
assert requests.put(url, data=b"signed").status_code == 200
assert bucket.get_object("signed/put").read() == b"signed"

# Settings that were never made, and one that is kept.
refused(oss2.exceptions.NoSuchLifecycle, bucket.get_bucket_lifecycle)
refused(oss2.exceptions.NoSuchCors, bucket.get_bucket_cors)
refused(oss2.exceptions.NoSuchWebsite, bucket.get_bucket_website)
assert refused(oss2.exceptions.ServerError, bucket.get_bucket_policy).code == "NoSuchBucketPolicy"
refused(oss2.exceptions.NoSuchServerSideEncryptionRule, bucket.get_bucket_encryption)
rule = oss2.models.ServerSideEncryptionRule()
rule.sse_algorithm = oss2.SERVER_SIDE_ENCRYPTION_AES256
bucket.put_bucket_encryption(rule)
assert bucket.get_bucket_encryption().sse_algorithm == "AES256"
assert bucket.get_bucket_info().bucket_encryption_rule.sse_algorithm == "AES256"
bucket.delete_bucket_encryption()
assert bucket.get_bucket_versioning().status is None
assert bucket.get_bucket_request_payment().payer == "BucketOwner"
bucket.get_bucket_logging()
bucket.get_bucket_referer()
bucket.get_bucket_tagging()

# Wrong keys, and the end.
wrong = oss2.Bucket(oss2.Auth(key, "wrong"), endpoint, "py-bucket")
assert "StringToSign" in refused(oss2.exceptions.SignatureDoesNotMatch, wrong.get_object, "copy").details
stranger = oss2.Bucket(oss2.Auth("x", "y"), endpoint, "py-bucket")
assert refused(oss2.exceptions.ServerError, stranger.get_object, "copy").code == "InvalidAccessKeyId"
refused(oss2.exceptions.BucketNotEmpty, bucket.delete_bucket)
everything = [o.key for o in oss2.ObjectIterator(bucket)]
assert bucket.batch_delete_objects(everything).deleted_keys == everything
bucket.delete_object("never there")
bucket.delete_bucket()
assert service.list_buckets().buckets == []
print("all good")
