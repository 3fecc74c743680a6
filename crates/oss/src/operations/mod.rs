//! What the operations do, a file for each group of them.
//!
//! An operation gets a request that is verified and allowed, calls [`engine::buckets::Buckets`], and writes the answer
//! in the request's dialect. [`run`] is the one place that says which function an operation is.

mod bucket;
mod copy;
mod list;
mod multi_delete;
mod multipart;
mod new_object;
mod object;
mod service;
mod settings;
mod write;

use crate::door::Inner;
use crate::error::{Code, OssError};
use crate::request::{Answer, Request};
use crate::route::Operation as O;

/// Runs an operation.
pub async fn run(operation: O, door: &Inner, request: &Request) -> Result<Answer, OssError> {
    match operation {
        O::ListBuckets => service::list_buckets(door, request).await,
        O::PutBucket => bucket::put(door, request).await,
        O::HeadBucket => Ok(bucket::head(request)),
        O::DeleteBucket => bucket::delete(door, request).await,
        O::GetBucketInfo => Ok(bucket::info(request)),
        O::GetBucketLocation => Ok(bucket::location(request)),
        O::GetBucketStat => bucket::statistics(door, request).await,
        O::GetBucketAcl => Ok(settings::bucket_acl(request)),
        O::PutBucketAcl => settings::put_bucket_acl(door, request).await,
        O::GetBucketEncryption => settings::encryption(request),
        O::PutBucketEncryption => settings::put_encryption(door, request).await,
        O::DeleteBucketEncryption => settings::delete_encryption(door, request).await,
        O::GetBucketVersioning => Ok(settings::unset("VersioningConfiguration")),
        O::GetBucketTags | O::GetObjectTagging => Ok(settings::no_tags()),
        O::GetBucketRequestPayment => Ok(settings::request_payment()),
        O::GetBucketLogging => Ok(settings::unset("BucketLoggingStatus")),
        O::GetBucketReferer => Ok(settings::referer()),
        O::GetBucketPolicy => Err(Code::NoSuchBucketPolicy.into()),
        O::GetBucketLifecycle => Err(settings::no_lifecycle(request)),
        O::GetBucketCors => Err(Code::NoSuchCORSConfiguration.into()),
        O::GetBucketWebsite => Err(Code::NoSuchWebsiteConfiguration.into()),
        O::ListObjects => list::objects(door, request).await,
        O::ListMultipartUploads => list::uploads(door, request).await,
        O::DeleteMultipleObjects => multi_delete::delete(door, request).await,
        O::PutObject => write::put(door, request).await,
        O::AppendObject => write::append(door, request).await,
        O::DeleteObject => write::delete(door, request).await,
        O::PutSymlink => write::put_symlink(door, request).await,
        O::PutObjectAcl => settings::put_object_acl(door, request).await,
        O::GetObjectAcl => settings::object_acl(door, request).await,
        O::GetObject => object::get(door, request).await,
        O::HeadObject => object::head(door, request).await,
        O::GetObjectMeta => object::meta(door, request).await,
        O::GetSymlink => object::symlink(door, request).await,
        O::CopyObject => copy::object(door, request).await,
        O::UploadPartCopy => copy::part(door, request).await,
        O::InitiateMultipartUpload => multipart::initiate(door, request).await,
        O::UploadPart => multipart::upload_part(door, request).await,
        O::CompleteMultipartUpload => multipart::complete(door, request).await,
        O::AbortMultipartUpload => multipart::abort(door, request).await,
        O::ListParts => multipart::list_parts(door, request).await,
    }
}
