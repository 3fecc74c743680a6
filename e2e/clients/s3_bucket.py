"""A bucket of an S3 server, through the official client of S3: make it, or print the names of what is in it.

usage: s3_bucket.py create|list ENDPOINT BUCKET, with the key in the usual AWS_… variables
"""

import sys

import boto3
from botocore.config import Config

what, endpoint, bucket = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}))
if what == "create":
    s3.create_bucket(Bucket=bucket)
else:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            print(found["Key"])
    uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    for upload in uploads:
        print("open upload of", upload["Key"])
