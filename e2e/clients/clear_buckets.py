"""Empties and deletes every bucket of the account, open uploads included."""

import oss2

import common

auth = oss2.Auth(common.KEY, common.SECRET)
for found in oss2.BucketIterator(oss2.Service(auth, common.OSS)):
    bucket = oss2.Bucket(auth, common.OSS, found.name)
    for upload in oss2.MultipartUploadIterator(bucket):
        bucket.abort_multipart_upload(upload.key, upload.upload_id)
    for entry in oss2.ObjectIterator(bucket):
        bucket.delete_object(entry.key)
    bucket.delete_bucket()
