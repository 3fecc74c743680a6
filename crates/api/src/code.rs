//! Every code that an action answers with: its wire text, its HTTP status and the sentence beside it.
//!
//! The spellings are the service's, also where they look wrong (`Acount`, `Forbbiden`): clients compare them. One code
//! may stand here twice, because actions of different ages give it different statuses or texts.

use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal $text:literal;)*) => {
        /// A code of the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* #[doc = $text] $name),* }

        impl Code {
            /// Every code, in the order of this file.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code's text on the wire.
            pub const fn wire(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Its HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),* }
            }

            /// The sentence beside it.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

codes! {
    // Any action.
    ActionNotFound = 404 "InvalidAction.NotFound" "Specified api is not found, please check your url and method.";
    VersionNotFound = 404 "InvalidVersion" "Specified parameter Version is not valid.";
    InternalError = 500 "InternalError" "The request processing has failed due to some unknown error.";
    ServiceUnavailable = 503 "ServiceUnavailable" "The request has failed due to a temporary failure of the server.";
    ForbiddenRam = 403 "Forbidden.RAM" "User not authorized to operate on the specified resource, or this API doesn't support RAM.";
    NoPermission = 403 "NoPermission" "You are not authorized to do this action. You should be authorized by RAM.";
    MissingParameter = 400 "MissingParameter" "The input parameter that is mandatory for processing this request is not supplied.";
    InvalidParameter = 400 "InvalidParameter" "The specified parameter is not valid.";
    UnsupportedOperation = 400 "UnsupportedOperation" "The specified operation is not supported.";
    DryRunOperation = 400 "DryRunOperation" "Request validation has been passed with DryRun flag set.";
    IdempotentParameterMismatch = 400 "IdempotentParameterMismatch" "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical.";

    // Regions and zones.
    RegionIdNotFound400 = 400 "InvalidRegionId.NotFound" "The specified RegionId does not exist.";
    RegionIdNotFound404 = 404 "InvalidRegionId.NotFound" "The specified RegionId does not exist.";
    RegionIdNotFoundForDelete = 404 "InvalidRegionId.NotFound" "The specified region does not exist.";
    RegionIdNotFoundForTags = 404 "InvalidRegionId.NotFound" "The RegionId provided does not exist in our records.";
    AcceptLanguageNotFound = 404 "InvalidAcceptLanguage.NotFound" "Only Chinese (zh-CN), English (en-US), and Japanese (ja) are allowed.";

    // Importing and exporting images.
    DryRunSuccess = 400 "DRYRUN.SUCCESS" "This request is a dryrun request with successful result.";
    MissingDiskDeviceMapping = 403 "MissingParameter.DiskDeviceMapping" "The specified parameter DiskDeviceMapping is not supplied.";
    DestinationImageNameMalformed = 400 "InvalidImageName.Malformed" "The specified destination Image name is wrongly formed.";
    DestinationImageNameDuplicated = 400 "InvalidImageName.Duplicated" "The destination image is exist.";
    DestinationDescriptionMalformed = 400 "InvalidDescription.Malformed" "The specified destination image description is wrongly formed.";
    ArchitectureMalformed = 400 "InvalidArchitecture.Malformed" "The specified Architecture is wrongly formed.";
    ArchitecturePlatformUnsupported = 403 "InvalidArchitecture.PlatformUnsupported" "The OS platform you selected does not support the specified architecture.";
    OsTypeMalformed = 400 "InvalidOSType.Malformed" "The specified OSType is wrongly formed.";
    PlatformMalformed = 400 "InvalidPlatform.Malformed" "The specified Platform is wrongly formed.";
    BootModeMalformed = 400 "InvalidBootMode.Malformed" "The specified parameter \"BootMode\" is malformed.";
    BootModeNotSupport = 400 "InvalidBootMode.NotSupport" "The specified parameter BootMode is not supported for current image architecture.";
    LicenseTypeNotSupported = 400 "InvalidLicenseType.NotSupported" "The specified LicenseType is not supported.";
    DetectionStrategyInvalid = 400 "InvalidParameter.DetectionStrategy" "The specified parameter DetectionStrategy is invalid.";
    DetectionUnsupportedForWindows = 403 "ImageCheckUnsupported.WindowsImage" "Image check is unsupported for windows image.";
    ImdsSupportInvalid = 400 "InvalidParameter.FeaturesImdsSupport" "The specified parameter Features.ImdsSupport is not supported.";
    FormatMalformed = 400 "InvalidFormat.Malformed" "The specified Image format is wrongly formed.";
    ImageFormatMalformed = 400 "InvalidImageFormat.Malformed" "The specified Image Format is wrongly formed.";
    VhdSizeIncorrect = 403 "InvalidVHDImage.IncorrectSize" "The specified size of the VHD image does not meet the 'header.MaxTableEntries * header.BlockSize' specification.";
    VhdBlockSizeNotSupport = 403 "InvalidBlockSize.NotSupport" "The block size of the VHD image is not supported.";
    DiskImageSizeTooSmall = 400 "InvalidImageSize" "The specified \u{201c}DiskDeviceMapping.n.DiskImageSize\" should be not less than system device size.";
    DiskImageSizeOutOfRange = 400 "InvalidDataDiskSize" "The specified DiskDeviceMapping.N.DiskImSize should be in the specified range.";
    DeviceMalformed = 403 "InvalidParameter.Malformed" "The specified parameter \"DiskDeviceMapping.n.Device \" is not valid.";
    ClientTokenMalformed = 400 "InvalidClientToken.Malformed" "The specified parameter clientToken is not valid.";
    ResourceGroupNotFound = 404 "InvalidResourceGroup.NotFound" "The ResourceGroup provided does not exist in our records.";
    CloudBoxUnsupported = 403 "InvalidOperation.CloudBoxImageImportUnsupported" "Importing cloud box images is not supported.";
    ImageQuotaExceeded = 403 "QuotaExceed.Image" "The Image Quota exceeds.";
    ImageIsImporting = 403 "ImageIsImporting" "The specified Image is importing.";
    NoRole = 403 "NoSetRoletoECSServiceAcount" "ECS service account Have no right to access your OSS.please attach a role of access your oss to ECS service account.";
    OssBucketMalformed = 400 "InvalidOSSBucket.Malformed" "The specified OSS bucket is wrongly formed.";
    OssBucketNotFound = 400 "InvalidOSSBucket.NotFound" "The specified OSS bucket does not exist in this region.";
    OssBucketNotMatched = 400 "InvalidOSSBucket.NotMatched" "The specified OSS bucket is incorrect, it belongs to another account.";
    OssBucketEncrypted = 403 "InvalidOSSBucket.EncryptUnsupported" "Accessing objects from encrypted OSS bucket is not supported.";
    OssObjectMalformed = 400 "InvalidOSSObject.Malformed" "The specified OSS object is wrongly formed.";
    OssObjectNotFound = 400 "InvalidOSSObject.NotFound" "The specified OSS object does not exist in this region.";
    OssObjectEmpty = 400 "InvalidOSSObject.Size" "The specified OSS object size is zero.";
    OssObjectNeedsRestore = 400 "InvalidOSSObject.NeedRestore" "The specified OSS object is a archive object, need restore first.";
    OssObjectSuffix = 400 "UnsupportedSuffix.OSSObject" "The specified OSS object suffix is not supported.";
    OssPrefixMalformed = 400 "InvalidOSSPrefix.Malformed" "The specified OSSPrefix format is wrongly formed.";
    ImageNotAvailable = 400 "IncorrectImageStatus" "The specified Image is not available.";
    ImageDisksTooLarge = 400 "InvalidImage.DiskAmountOrSize" "The diskSize of the image exceeds the maximum size.";
    ImageLicenseNotSupported = 403 "InvalidImageLicense.NotSupported" "Images of Windows Server cannot be exported.";
    ImageIsBeingExported = 403 "ImageIsExporting" "The specified Image is being exported. You can use the DescribeTasks API to check the status of existing tasks.";

    // Images.
    ImageIdNotFound = 404 "InvalidImageId.NotFound" "The specified ImageId does not exist.";
    ImageIsCreating = 403 "ImageIsCreating" "The specified image is being created.";
    ImageIsExporting = 403 "ImageIsExporting" "The specified image is currently being exported. You can use the DescribeTasks API to check the status of related tasks and cancel them if needed.";
    ArchitectureInvalid = 404 "InvalidArchitecture" "The specified Architecture is not valid.";
    OsTypeInvalid = 404 "InvalidOSType" "The specified OSType is not valid.";
    UsageInvalid = 404 "InvalidUsage" "The specified Usage is not valid.";
    FilterKeyNotFound = 404 "InvalidFilterKey.NotFound" "The specified Filter Key is not found.";
    FilterValueInvalid = 404 "InvalidFilterValue" "The specified Filter Value is not valid.";
    NetworkTypeInvalid = 400 "InvalidFilterValue.NetworkType" "The specified networkType value in the Filter is invalid.";
    OwnerAliasNotSupported = 400 "InvalidImageOwnerAlias.ValueNotSupported" "The specified ImageOwnerAlias value is not supported.";
    OwnerAliasNotForPublic = 400 "InvalidImageOwnerAlias.PublicImageUnsupported" "When querying images, the parameter ImageOwnerAlias should be others while specified parameter IsPublic is true.";
    OwnerIdUnsupported = 400 "InvalidOperation.ImageOwnerIdUnsupported" "The parameter \"ImageOwnerId\" is not supported in this context, it is only valid when querying shared images or community images.";
    InvalidParamter = 400 "InvalidParamter" "Invalid Parameter.";

    // Tasks.
    TaskIdNotFound = 400 "InvalidTaskId.NotFound" "The specified \"TaskId\" is not found.";
    TaskStatusIncorrect = 403 "InvalidTaskId.IncorrectTaskStatus" "The specified task status is invalid.";

    // Tags.
    TagKeyMalformed = 400 "InvalidTagKey.Malformed" "The specified Tag.n.Key is not valid.";
    TagValueMalformed = 400 "InvalidTagValue.Malformed" "The specified Tag.n.Value is not valid.";
    TagKeyDuplication = 403 "TagKey.Duplication" "The TagKey has duplication with others, case-insensitive.";
    TagKeyDuplicate = 400 "Duplicate.TagKey" "The Tag.N.Key contain duplicate key.";
    TagMismatch = 400 "InvalidTag.Mismatch" "The specified Tag.n.Key and Tag.n.Value are not match.";
    TagsTooMany = 400 "NumberExceed.Tags" "The Tags parameter's number is exceed , Valid : 20.";
    TagQuotaExceeded = 403 "QuotaExceed.Tags" "The quota of tags on the resource is exceeded.";
    ResourceIdsTooMany = 400 "NumberExceed.ResourceIds" "The ResourceIds parameter's number is exceed , Valid : 50.";
    ResourceIdNotFound = 404 "InvalidResourceId.NotFound" "The specified ResourceIds are not found in our records.";
    ResourceTypeNotFound = 404 "InvalidResourceType.NotFound" "The ResourceType provided does not exist in our records.";
    MissingRegionIdForTags = 404 "MissingParameter.RegionId" "The parameter - RegionId should not be null.";
    MissingResourceIds = 404 "MissingParameter.ResourceIds" "The parameter - ResourceIds.N should not be null.";
    MissingResourceType = 404 "MissingParameter.ResourceType" "The parameter - ResourceType should not be null.";
    MissingTags = 404 "MissingParameter.Tags" "The parameter - Tags should not be null.";
    AllAndTagKeys = 403 "Param.Conflict" "The specified all is true, but the specified TagKey.N is not empty.";
    TagsAndResourcesEmpty = 403 "BothEmpty.TagsAndResources" "The specified Tags and ResourcesIds are not allow to both empty.";
    TagsBesideFilters = 400 "InvalidTags.MalFormed" "The tags must be empty, when the tagFilters is not empty.";
    TagFilterMalformed = 403 "InvalidTagFilter.Malformed" "The specified TagFilter is not valid.";
    TagValuesTooMany = 403 "NumberExceed.TagValues" "The number of the specified TagValues is beyond permitted range, the max is 5.";
    NextTokenInvalid = 403 "Invalid.NextToken" "The specified NextToken is not valid.";

    // Roles and policies.
    RoleNameInvalidChars = 400 "InvalidParameter.RoleName.InvalidChars" "The parameter - \"RoleName\" contains invalid chars.";
    RoleNameLength = 400 "InvalidParameter.RoleName.Length" "The parameter - \"RoleName\" beyond the length limit.";
    TrustPolicyLength = 400 "InvalidParameter.AssumeRolePolicyDocument.Length" "The parameter - \"AssumeRolePolicyDocument\" beyond the length limit.";
    NewTrustPolicyLength = 400 "InvalidParameter.NewAssumeRolePolicyDocument.Length" "The parameter - \"NewAssumeRolePolicyDocument\" beyond the length limit.";
    PolicyNameInvalidChars = 400 "InvalidParameter.PolicyName.InvalidChars" "The parameter - \"PolicyName\" contains invalid chars.";
    PolicyNameLength = 400 "InvalidParameter.PolicyName.Length" "The parameter - \"PolicyName\" beyond the length limit.";
    PolicyDocumentLength = 400 "InvalidParameter.PolicyDocument.Length" "The parameter - \"PolicyDocument\" beyond the length limit.";
    PolicyTypeInvalid = 400 "InvalidParameter.PolicyType" "The parameter - \"PolicyType\" is incorrect.";
    DescriptionLength = 400 "InvalidParameter.Description.Length" "The parameter - \"Description\" beyond the length limit.";
    MaxSessionDurationInvalid = 400 "InvalidParameter.MaxSessionDuration" "The parameter - \"MaxSessionDuration\" is invalid.";
    MalformedPolicyDocument = 400 "MalformedPolicyDocument" "The policy document is malformed.";
    RoleNotExist = 404 "EntityNotExist.Role" "The role does not exist.";
    PolicyNotExist = 404 "EntityNotExist.Policy" "The policy does not exist.";
    AttachmentNotExist = 404 "EntityNotExist.Role.Policy" "The role has not been attached this policy.";
    RoleAlreadyExists = 409 "EntityAlreadyExists.Role" "The role does already EXIST.";
    PolicyAlreadyExists = 409 "EntityAlreadyExists.Policy" "The policy does already EXIST.";
    AttachmentAlreadyExists = 409 "EntityAlreadyExists.Role.Policy" "The role has already been attached this policy.";
    RoleStillAttached = 409 "DeleteConflict.Role.Policy" "The role CAN NOT has any attached policy while deleting the role.";
    PolicyStillAttached = 409 "DeleteConflict.Policy.Role" "The policy CAN NOT been attached to any role while deleting the policy.";
    RoleLimit = 409 "LimitExceeded.Role" "The count of roles beyond the current limits.";
    PolicyLimit = 409 "LimitExceeded.Policy" "The count of policy beyond the current limits.";
    RolePolicyLimit = 409 "LimitExceeded.Role.Policy" "The count of policies attached to the role beyond the current limits.";
}

/// Codes that every action may answer with; a room does not list them.
pub(crate) const SHARED: &[Code] = &[
    Code::InternalError,
    Code::ServiceUnavailable,
    Code::ForbiddenRam,
    Code::NoPermission,
    Code::MissingParameter,
    Code::InvalidParameter,
];

impl Code {
    /// An error with this code and its own text.
    pub fn error(self) -> ApiError {
        self.with(self.text())
    }

    /// An error with this code and another text.
    pub fn with(self, message: impl Into<String>) -> ApiError {
        ApiError { code: self, message: message.into(), access_denied: None, source: None }
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        code.error()
    }
}

/// What an action answers when it does not succeed.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) access_denied: Option<Value>,
    /// What really happened; for the log, never for the client.
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What an action gives.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// A fault of ours; the client learns no more than that.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Code::InternalError.error() }
    }

    /// A parameter that is not there.
    pub fn missing(name: &str) -> Self {
        Code::MissingParameter.with(format!(
            "An input parameter \"{name}\" that is mandatory for processing the request is not supplied."
        ))
    }

    /// A parameter that cannot be read, where the action has no code of its own for it.
    pub fn invalid(name: &str) -> Self {
        Code::InvalidParameter.with(format!("The specified parameter \"{name}\" is not valid."))
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.wire(), self.message)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<meta::Error> for ApiError {
    fn from(error: meta::Error) -> Self {
        let code = if error.is_retryable() { Code::ServiceUnavailable } else { Code::InternalError };
        Self { source: Some(error.into()), ..code.error() }
    }
}
