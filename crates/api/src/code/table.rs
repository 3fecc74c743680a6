//! Every code that an action answers with: its wire text, its HTTP status and the sentence beside it.
//!
//! The spellings are the service's, also where they look wrong (`Acount`, `Forbbiden`): clients compare them. One code
//! may stand here twice, because actions of different ages give it different statuses or texts.

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
    ThrottlingUser = 400 "Throttling.User" "Request was denied due to user flow control.";
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
    ImportForbidden = 400 "Forbbiden" "User not authorized to operate on the specified resource";
    ImportSnapshotQuotaExceeded = 403 "QuotaExceed.Snapshot" "The Snapshot Quota exceeds.";
    ImportRegionNotFound = 400 "RegionId.NotFound" "The specified region is not found.";
    ImportRegionNotSupport = 403 "InvalidRegion.NotSupport" "The specified region does not support image import or export.";
    ExportRegionNotSupport = 400 "InvalidRegion.NotSupport" "The specified region does not support image import or export.";
    ImportImageStatusIncorrect = 400 "IncorrectImageStatus" "The specified image is not available.";
    LicenseTypeByolOnly = 400 "InvalidLicenseType.BYOLOnly" "Only BYOL LicenseType is supported for the current platform provided.";
    ImageCategoryNotSupported = 403 "InvalidImageCategory.NotSupported" "The specified image category is not supported.";
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
    TooManyExports = 403 "ConcurrentQuotaExceed.ExportImage" "The number of images that are being exported has reached its limit.";
    TooManyExportsThisWeek = 403 "WeeklyQuotaExceed.ExportImage" "The number of images that were exported within a week has reached its limit.";

    // Images.
    ImageIdNotFound = 404 "InvalidImageId.NotFound" "The specified ImageId does not exist.";
    ImageNotFoundForTypes = 404 "InvalidImageId.NotFound" "The specified image does not exist.";
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
    InstanceTypeNotFoundForImages = 400 "InvalidInstanceType.ValueNotSupported" "The specified InstanceType does not exist or beyond the permitted range.";
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

    // Tags, the older calls.
    TagResourceIdNotSupported = 403 "InvalidResourceId.NotSupported" "The specified ResourceId does not support tagging.";
    TagResourceIdNotFound = 404 "InvalidResourceId.NotFound" "The specified ResourceId is not found in our records.";
    TagKeyIllegal = 400 "InvalidTagKey.Malformed" "The parameter Tag.n.Key is illegal.";
    TagValueIllegal = 400 "InvalidTagValue.Malformed" "The parameter Tag.n.Value is illegal.";
    TagCountInvalid = 400 "InvalidTagCount" "The specified tags are beyond the permitted range.";

    // Making images of servers, snapshots and images.
    ImageSourceMissing = 400 "MissingParameter" "The input parameter SnapshotId or InstanceId or DiskDeviceMapping that is mandatory for processing this request is not supplied.";
    ImageNameMalformedForCreate = 400 "InvalidImageName.Malformed" "The specified Image name is wrongly formed.";
    ImageNameDuplicatedForCreate = 400 "InvalidImageName.Duplicated" "The specified image name is already in use.";
    ImageDescriptionMalformedForCreate = 400 "InvalidDescription.Malformed" "The specified description is wrongly formed.";
    ImageFamilyMalformed = 400 "InvalidImageFamily.Malformed" "The format of the specified image family is invalid.";
    ImageVersionMalformed = 400 "InvalidImageVersion.Malformed" "The specified ImageVersion is wrongly formed.";
    ImageTokenMismatch = 400 "IdempotenceParamNotMatch" "Request uses a client token in a previous request but is not identical to that request.";
    InstanceIdNotFoundForImage = 404 "InvalidInstanceId.NotFound" "The specified InstanceId does not exist.";
    InstanceStatusIncorrectForImage = 400 "IncorrectInstanceStatus" "The current status of the instance does not support this operation.";
    SnapshotNotReadyForImage = 403 "InvalidSnapshotId.NotReady" "The current status of the DiskDeviceMapping.n.SnapshotId or SnapshotId does not support this operation.";
    SnapshotIsOfDataDisk = 403 "OperationDenied" "The specified snapshot is not allowed to create image.";
    ImageDeviceMalformed = 400 "InvalidDevice.Malformed" "The specified parameter DiskDeviceMapping.n.Device is not valid.";
    ImageDeviceInUse = 400 "InvalidDevice.InUse" "The specified parameter DiskDeviceMapping.n.Device has been occupied.";
    ImageDiskSizeInvalid = 400 "InvalidSize.ValueNotSupported" "The specified parameter DiskDeviceMapping.n.Size beyond the permitted range.";
    ImageDiskTypeInvalid = 400 "InvalidDiskType.ValueNotSupported" "The specified disk type is not supported.";
    ImageSystemDiskMissing = 400 "OperationDenied" "The specified parameter DiskDeviceMapping.n.SnapshotId does not contain system disk snapshot.";
    SourceRegionNotFound = 400 "SourceRegion.NotFound" "The source region not found.";
    DestinationRegionNotFound = 400 "DestinationRegion.NotFound" "The destination region not found.";
    CopyDescriptionMalformed = 400 "InvalidDescription.Malformed" "The specified destination description is wrongly formed.";
    CopyNameMalformed = 400 "InvalidImageName.Malformed" "The specified destination image name is wrongly formed.";
    CopyNameDuplicated = 400 "InvalidImageName.Duplicated" "The specified image name is already in use in the target region. Please try a different one.";
    CopyUnderWay = 400 "OperationDenied.ImageCopyConflict" "The same image cannot be copied concurrently. Please wait until the last copy is completed before performing the next operation.";
    ImageNotAvailableForCopy = 400 "IncorrectImageStatus" "The image not available.";
    SharedImageSameRegionOnly = 403 "OperationDenied.SameRegionOnly" "The image shared from others can not be copied to another region directly.";
    ImageNotFromCopy = 400 "ImageCreatedNotFromCopy" "The specified image is not the target image of a copy action.";
    ImageNotBeingCopied = 400 "IncorrectImageStatus" "The specified snapshot is not coping.";
    ImageUsedByInstance = 403 "ImageUsingByInstance" "The specified image has been used to create instances. You can use the DescribeInstances API to query these instances, or you can use the force parameter to proceed.";
    ImageIsBeingCopied = 403 "OperationDenied.ImageCopying" "The image is being copied. Please use the CancelCopyImage API.";
    ImageIsShared = 403 "ImageUseShared" "The specified image has been shared to others. You can use the DescribeImageSharePermission API to query the users who have been shared.";
    ImageIsPublic = 403 "ImageIsPublic" "You can not delete public image, please modify it to private.";
    ImageFamilyFull = 400 "ImageQuotaExceed.ImageFamily" "The specified image family exceeds the maximum number of images for one image family.";
    ImageFamiliesFull = 400 "ImageFamilyQuotaExceed" "The number of image families exceeds the limit in the region.";
    CommunityImageNotCopied = 400 "OperationDenied.CommunityImage" "Community image does not support copy.";

    // Changing what an image says of itself.
    MissingRegionIdForImage = 400 "MissingParameter" "The input parameter \"RegionId\" that is mandatory for processing this request is not supplied.";
    ImageNameMalformed = 400 "InvalidImageName.Malformed" "Image names must be between 2 and 128 characters long, using either English or Chinese characters. The name must start with a letter or a Chinese character, and can include numbers, colons, underscores and hyphens.";
    ImageNameDuplicated = 400 "InvalidImageName.Duplicated" "The specified Image name has already bean used.";
    ImageDescriptionMalformed = 400 "InvalidDescription.Malformed" "The specified description is wrongly formed.";
    ImageDescriptionInvalid = 403 "InvalidDescription.Malformed" "The specified parameter description is not valid.";
    ImageFamilyMalformedForModify = 400 "InvalidImageFamily.Malformed" "The specified parameter \"ImageFamily\" is malformed.";
    ImageFamilyFullForModify = 400 "ImageQuotaFull.ImageFamily" "The specified image family has exceeded max number of images for one image family.";
    ImageFamiliesFullForModify = 400 "ImageFamilyQuotaFull" "The specified region has exceeded max number of image family.";
    ImageBootModeNotSupported = 400 "InvalidBootMode.NotSupport" "The specified parameter BootMode is not supported.";
    ImageLicenseTypeNotSupported = 400 "InvalidLicenseType.NotSupported" "The specified parameter LicenseType is not supported.";
    ImageStatusNotAvailable = 403 "ImageStatus.NotAvailable" "The specified image status is not available.";
    ImageStatusNotDeprecated = 403 "ImageStatus.NotDeprecated" "The specified image status is not deprecated.";
    ImageIsSharedForModify = 403 "ImageUseShared" "The specified image has been shared to others, please remove shared accounts first.";
    ImageBootModeInUse = 403 "OperationDeined.ImageUsingByInstance" "The boot mode of the image cannot be modified because it has associated instances.";
    ImageImdsSupportOneWay = 403 "InvalidOperation.FeaturesImdsSupportNotMatch" "The specified parameter Features.ImdsSupport can not be set to v1 from v2.";
    ImageIsCreatingForModify = 403 "InvalidStatus.ImageIsCreating" "The operation cannot be performed because the image is creating. Please wait until the creation is complete and try again.";
    CommunityImageOfOthers = 403 "InvalidOperation.PublicImageUnsupported" "The community image's publisher is not the current account. Modification is not permitted.";

    // Sharing images.
    AccountForbidden = 404 "InvalidAccount.Forbbiden" "The specified Account does not yourself.";
    /// The text that is answered names the account.
    AccountNotFound = 404 "InvalidAccount.NotFound" "The specified parameter \"AddAccount.n\" or \"RemoveAccount.n\" does not exist.";
    RegionIdMalformed = 400 "InvalidRegionId.MalFormed" "The specified RegionId is not valid.";
    RegionIdNotFoundForSharing = 400 "InvalidRegionId.NotFound" "The specified region does not exist.";
    ShareImageQuotaExceeded = 403 "QuotaExceed.ShareImage" "The shared Image Quota exceeds.";
    ImageNotAvailableForSharing = 400 "IncorrectImageStatus" "The image is not available.";
    ImageAlreadyPublic = 403 "Image.Public" "The specified image is public image.";
    ImageNotPublic = 403 "Image.NotPublic" "The specified image is not public image.";
    IsPublicConflicts = 403 "InvalidParameter.IsPublic" "The specified parameter IsPublic is conflicted with other parameters.";
    LaunchPermissionForbidden = 400 "ForbiddenParameter.LaunchPermission" "The specified parameter \"LaunchPermission\" is forbidden for current account.";
    LaunchPermissionUnnecessary = 400 "UnnecessaryParameter.LaunchPermission" "The specified parameter \"LaunchPermission\" is unnecessary if paramter \"AddAccounts\" or \"RemoveAccounts\" exist.";
    ShareUserQuotaExceeded = 403 "QuotaExceed.ShareImageUser" "The shared Image user Quota exceeds.";
    SharedImageDeprecated = 403 "OperationDenied.InvalidImageStatus" "The specified image cannot be shared when it is deprecated.";

    // Servers.
    InstanceIdNotFound = 404 "InvalidInstanceId.NotFound" "The specified InstanceId does not exist.";
    InstanceIdMissing = 403 "InvalidInstanceId.NotFound" "InstanceId should not be null.";
    TooManyInstanceIds = 403 "InvalidParameter.TooManyInstanceIds" "Instance ids cannot be more than 100.";
    InstanceIdsNotSupported = 400 "InvalidInstanceIds.ValueNotSupported" "The specified parameter InstanceIds is not valid.";
    InstanceIdsMissingForDelete = 403 "InvalidInstanceIds.ValueNotSupported" "The specified instanceIds is not valid.";
    InstanceStatusIncorrect = 403 "IncorrectInstanceStatus" "The current status of the resource does not support this operation.";
    InstanceInitializing = 403 "IncorrectInstanceStatus.Initializing" "The specified instance status does not support this operation.";
    InstanceStatusNotFound = 404 "InvalidStatus.NotFound" "The specified Status is not found.";
    DeletionProtected = 403 "InvalidOperation.DeletionProtection" "The operation is not allowed due to deletion protection.";
    ImageFamilyBesideId = 400 "UnexpectedImageFamily.ImageIdSupplied" "The input parameter ImageFamily must be null when image id is set.";
    ImageFamilyEmpty = 403 "InvalidImageFamily.MissingAvailableImage" "There is no available image related to the specified image family.";
    InstanceTypeNotFound = 404 "InvalidInstanceType.ValueNotSupported" "The specified InstanceType does not exist or beyond the permitted range.";
    InstanceTypeNotFound403 = 403 "InvalidInstanceType.ValueNotSupported" "The specified InstanceType beyond the permitted range.";
    ImageNotForInstanceType = 403 "ImageNotSupportInstanceType" "The specified image don't support the InstanceType instance.";
    InstanceNameMalformed = 400 "InvalidInstanceName.Malformed" "The specified parameter \"InstanceName\" is not valid.";
    InstanceNameTooLongForSuffix = 403 "InvalidParams.InstanceNameExceed" "The uniqueSuffix takes three naming places, please shorten your InstanceName.";
    CountingNameMalformed = 400 "InvalidInstanceName.CustomMalformed" "Customized section of instance or host name is invalid, please use valid format: [], [,], [m,], [,n], [m,n].";
    InstanceDescriptionMalformed = 400 "InvalidDescription.Malformed" "The specified parameter \"Description\" is not valid.";
    HostNameMalformed = 400 "InvalidHostName.Malformed" "The specified parameter \"HostName\" is not valid.";
    HostNameTooLongForSuffix = 403 "InvalidParams.HostnameExceed" "The uniqueSuffix takes three naming places, please shorten your Hostname.";
    HostNameBesideHostNames = 403 "InvalidHostname.SingleAndMultiConflict" "The parameters HostName and HostNames cannot be given together.";
    HostNamesNotAsManyAsServers = 403 "InvalidHostname.SizeInvalid" "There must be as many HostNames as there are instances.";
    PasswordMalformed = 400 "InvalidPassword.Malformed" "The specified parameter \"Password\" is not valid.";
    UserDataMalformed = 403 "InvalidUserData.Base64FormatInvalid" "The specified UserData is not valid.";
    UserDataMalformed400 = 400 "InvalidUserData.Base64FormatInvalid" "The specified UserData is not valid.";
    UserDataNeedsNetwork = 400 "InvalidUserData.NotSupported" "The specified parameter \"UserData\" only support the vpc and IoOptimized Instance.";
    AutoReleaseTimeMalformed = 400 "InvalidAutoReleaseTime.Malformed" "The specified parameter AutoReleaseTime is not valid.";
    UserDataTooLong = 400 "InvalidUserData.SizeExceeded" "The specified parameter \"UserData\" exceeds the size.";
    BandwidthInMalformed = 400 "InvalidInternetMaxBandwidthIn.Malformed" "The specified parameter internetMaxBandwidthIn is not valid.";
    BandwidthOutMalformed = 400 "InvalidInternetMaxBandwidthOut.Malformed" "The specified parameter internetMaxBandwidthOut is not valid.";
    InternetChargeTypeInvalid = 400 "InvalidInternetChargeType.ValueNotSupported" "The specified InternetChargeType is not valid.";
    InternetChargeTypeInvalid404 = 404 "InvalidInternetChargeType.ValueNotSupported" "The specified InternetChargeType is not valid.";
    InstanceChargeTypeNotFound = 404 "InvalidInstanceChargeType.NotFound" "The InstanceChargeType does not exist in our records.";
    NetworkTypeNotFound = 404 "InvalidNetworkType.NotFound" "The specified InstanceNetworkType is not found.";
    LockReasonNotFound = 404 "InvalidLockReason.NotFound" "The specified LockReason is not found.";
    HttpEndpointInvalid = 400 "InvalidHttpEndpoint.NotSupported" "The specified HttpEndpoint not supported, you can use enabled(default) or disabled.";
    HttpTokensInvalid = 400 "InvalidHttpTokens.NotSupported" "The specified HttpTokens not supported, you can use optional(default) or required.";
    AmountInvalid = 400 "InvalidMaxAmount.Malformed" "The specified parameter MaxAmount is not valid.";
    MinAmountInvalid = 400 "InvalidMinAmount.Malformed" "The specified parameter MinAmount is not valid.";
    ClientTokenInvalid = 400 "InvalidClientToken.ValueNotSupported" "The ClientToken provided is invalid.";
    EncryptionUnsupported = 400 "UnsupportedOperation" "Encryption is not supported by this deployment.";
    ConsoleEmpty = 405 "IncorrectInstanceStatus" "The console output of the specified instance is not available in its current status.";
    PublicAddressThere = 403 "AllocatedAlready" "There is an IpAddress allocated already for the specified instance.";
    IpAddressMalformed = 400 "InvalidIpAddress.Malformed" "The specified parameter \"IpAddress\" is not valid.";
    IpAddressNotPublic = 403 "InvalidIpAddress.NotPublic" "The specified IP is not public address.";
    IpAddressNotFound = 404 "InvalidIpAddress.NotFound" "The specified IP is not in the specified vlan.";
    BandwidthIsZero = 400 "AllocateIpInvalidInstanceBandwidth" "OperationDenied The InternetMaxBandwidthOut of the specified instance cannot be less than 0.";
    SecurityGroupsRepeated = 404 "InvalidParameter.SecurityGroupIdRepeated" "The specified security group ids has repeated.";
    SecurityGroupsRepeated400 = 400 "InvalidParameter.SecurityGroupIdRepeated" "The specified security group ids are repeated.";
    SecurityGroupBesideSeveral = 400 "InvalidSecurityGroupId.SingleIdAndMultiIdConflict" "The parameters SecurityGroupId and SecurityGroupIds cannot be given together.";
    ServerInTooManyGroups = 400 "JoinedGroupLimitExceed" "The instance cannot join so many security groups.";
    GroupHasTooManyServers = 403 "SecurityGroupInstanceLimitExceed" "The maximum number of instances in a security group is exceeded.";
    GroupsOfDifferentKinds = 403 "EnterpriseGroupLimited.MutliGroupType" "The specified instance can't join multi SecurityGroup types.";
    SecurityGroupsOfOtherNetwork = 404 "InvalidSecurityGroupVpc.NotBelongToOneVpc" "The specified SecurityGroupIds are belong to different vpc.";
    SecurityGroupIsClassic = 404 "InvalidSecurityGroupType.NotSupportClassic" "The specified SecurityGroupIds have classic group type.";
    ServerIsClassic = 400 "InvalidNetworkType.NotSupported" "The classic networkType does not support to modify security group";
    DestinationResourceMissing = 400 "Invalid.Param" "The input parameter DestinationResource that is mandatory for processing this request is not supplied.";
    DestinationResourceInvalid = 404 "Invalid.DestinationResource" "The specified DestinationResource is not valid.";
    CoresInvalid = 403 "InvalidParam.Cores" "The specified parameter 'Cores' should be empty";
    MemoryInvalid = 403 "InvalidParam.Memory" "The specified parameter 'Memory' should be empty";
    TypeBesideCoresOrMemory = 403 "InvalidParam.TypeAndCpuMem.Conflict" "The specified 'InstanceType' and 'Cores','Memory' are not blank at the same time.";
    NetworkCategoryInvalid = 404 "Invalid.NetworkCategory" "The specified NetworkCategory is not valid.";
    AvailableResourceTypeInvalid = 404 "Invalid.ResourceType" "The ResourceType provided does not exist in our records.";

    // Disks.
    SystemDiskSizeInvalid = 404 "InvalidSystemDiskSize" "The specified parameter SystemDisk.Size is invalid.";
    SystemDiskSizeInvalid400 = 400 "InvalidSystemDiskSize" "The specified parameter SystemDisk.Size is invalid.";
    SystemDiskTooSmall = 404 "InvalidSystemDiskSize.LessThanMinSize" "The specified parameter SystemDisk.Size is less than the min size.";
    SystemDiskTooLarge = 404 "InvalidSystemDiskSize.MoreThanMaxSize" "The specified SystemDisk.Size parameter exceeds the maximum size.";
    SystemDiskTooSmallForImage = 404 "InvalidSystemDiskSize.LessThanImageSize" "The specified parameter SystemDisk.Size is less than the image size.";
    SystemDiskCategoryInvalid = 400 "InvalidSystemDiskCategory.ValueNotSupported" "The specified parameter \"SystemDisk.Category\" is not valid.";
    DataDiskCategoryInvalid = 400 "InvalidDataDiskCategory.ValueNotSupported" "The specified parameter \"DataDisk.n.Category\" is not valid.";
    DataDiskSizeInvalid = 400 "InvalidDataDiskSize.ValueNotSupported" "The specified DataDisk.n.Size beyond the permitted range, or the capacity of snapshot exceeds the size limit of the specified disk category.";
    DataDiskTooSmallForSnapshot = 403 "InvalidDiskSize.TooSmall" "Specified disk size is less than the size of snapshot.";
    DataDeviceMalformed = 400 "InvalidDataDevice.Malformed" "The specified parameter \"DataDisk.n.Device\" is not valid.";
    DataDiskSnapshotNotFound = 404 "InvalidDataDiskSnapshotId.NotFound" "The specified parameter \"DataDisk.n.SnapshotId\" is not valid.";
    DeviceInUse = 403 "InvalidDevice.InUse" "The specified device has been occupied.";
    DeviceMalformedForAttach = 400 "InvalidDevice.Malformed" "The specified device is not valid.";
    TooManyDisks = 403 "InstanceDiskLimitExceeded" "The amount of the disk on instance reach its limits.";
    DiskNameMalformed = 400 "InvalidDiskName.Malformed" "The specified parameter \"SyatemDisk.DiskName or DataDisk.n.DiskName\" is not valid.";
    DiskDescriptionMalformed = 400 "InvalidDiskDescription.Malformed" "The specified parameter \"SyatemDisk.DiskDescription\" or \"DataDisk.n.Description\" is not valid.";
    CreateDiskNameMalformed = 400 "InvalidDiskName.Malformed" "The specified disk name is wrongly formed.";
    CreateDiskDescriptionMalformed = 400 "InvalidDescription.Malformed" "The specified description is wrongly formed.";
    DiskDescriptionMalformed404 = 404 "InvalidDescription.Malformed" "The specified description is wrongly formed.";
    DiskIdMissing = 400 "MissingParameter.DiskIdOrDiskIds" "Specified parameter DiskId or DiskIds is missing.";
    DiskIdBesideDiskIds = 400 "ParameterConflict.DiskIdAndDiskIds" "Specified parameter DiskId and DiskIds conflict, only one can be chosen.";
    DiskIdNotFound = 404 "InvalidDiskId.NotFound" "The specified disk does not exist.";
    DiskIdsInvalid = 400 "InvalidParameter.DiskIds" "The specified parameter diskIds is not valid.";
    DiskIdsTooMany = 403 "InvalidDiskIds.Malformed" "The amount of specified disk Ids exceeds the limit.";
    DiskTypeNotSupported = 400 "InvalidDiskType.ValueNotSupported" "The specified disk type is not supported.";
    DiskCategoryNotSupported = 400 "InvalidCategory.ValueNotSupported" "The specified disk category is not supported.";
    DiskStatusNotSupported = 400 "InvalidStatus.ValueNotSupported" "The specified disk status is not supported.";
    DiskCategoryInvalid = 400 "InvalidDiskCategory.ValueNotSupported" "The specified parameter \"DiskCategory\" is not valid.";
    DiskSizeInvalid = 400 "InvalidSize.ValueNotSupported" "The specified parameter Size is not valid.";
    DiskSizeTooSmallForSnapshot = 403 "InvalidDiskSize.TooSmall" "Specified disk size is less than the size of snapshot.";
    SizeOrSnapshotMissing = 400 "MissingParameter" "The input parameter either \"SnapshotId\" or \"Size\" should be specified.";
    ZoneBesideInstance = 403 "InvalidParam.ZoneIdAndInstanceId.Conflict" "The specified parameter 'ZoneId' and 'InstanceId' are not blank at the same time.";
    DiskStatusIncorrect = 403 "IncorrectDiskStatus" "The current disk status does not support this operation.";
    DiskInAnotherZone = 403 "ResourcesNotInSameZone" "The specified instance and disk are not in the same zone.";
    DiskIsSystemDisk = 403 "DiskTypeViolation" "The specified disk is a system disk and cannot support the operation.";
    DiskOfAnotherServer = 403 "DependencyViolation" "The specified disk has not been attached on the specified instance.";
    DiskCreatingSnapshot = 403 "DiskCreatingSnapshot" "The operation is denied due to a snapshot of the specified disk is not completed yet.";
    DiskHasUnfinishedSnapshot = 403 "IncorrectDiskStatus.HasUnfinishedSnapshot" "The current disk has unfinished snapshot.";
    NewSizeTooSmall = 403 "InvalidDiskSize.TooSmall" "Specified new disk size is less than the original disk size.";
    NewSizeTooLarge = 403 "InvalidDiskSize.TooLarge" "Specified new disk size is beyond the permitted range.";
    ResizeTypeInvalid = 400 "InvalidParam.Type" "The specified type is not supported.";
    SharedImageDeleted = 403 "SharedImageDeleted" "The specified image by others shared is deleted.";
    SourceSnapshotDeleted = 403 "InvalidSourceSnapshot" "The source snapshot of the disk has been deleted and cannot support the current operation.";
    InstanceStatusIncorrectForDisk = 400 "IncorrectInstanceStatus" "The current status of the resource does not support this operation.";
    InstanceNotRunningForResize = 403 "InvalidInstanceStatus.NotRunning" "The status of instance to which the disk attachs must be running when resizing online.";
    InstanceIsCreating = 403 "OperationDenied.InstanceCreating" "The specified instance is creating.";
    NewSizeEqual = 403 "InvalidDiskSize" "Specified new disk size is less than or equal the original disk size.";
    TooManyDisksForAttach = 403 "InstanceDiskLimitExceeded" "The amount of the disk on instance in question reach its limits.";
    DiskNotBootable = 400 "InvalidDisk.DiskNotBootable" "The specified disk is not a bootable disk, can not be attached as system disk.";
    DiskAlreadyDetached = 404 "InvalidDisk.AlreadyDetached" "The specified disk has been detached.";
    SnapshotTooLargeForDisk = 403 "InvalidSnapshot.TooLarge" "The capacity of snapshot exceeds 2000GB.";
    RegionIdMalformedForDisk = 400 "InvalidRegionId.MalFormed" "The specified parameter RegionId is not valid.";
    RegionIdNotExists = 403 "InvalidRegionId.NotExists" "The region not exists.";
    DisksRegionMissing = 400 "MissingParamter.RegionId" "The regionId should not be null.";
    DisksRegionNotFound = 400 "InvalidRegion.NotFound" "The specified parameter RegionId is not valid.";
    DisksZoneNotFound = 400 "InvalidZoneId.NotFound" "The zoneId provided does not exist in our records.";
    DisksSnapshotInvalid = 400 "InvalidSnapshot.NotFound" "The specified parameter SnapshotId is not valid.";
    DisksFilterKeyNotFound = 404 "InvalidFilterKey.NotFound" "The filter key is not found.";
    DisksFilterValueInvalid = 404 "InvalidFilterValue" "The filter value is not valid.";
    KeyPairNameNotFoundForDisk = 400 "InvalidKeyPairName.NotFound" "The specified KeyPairName does not exist.";
    DiskArchitectureMalformed = 400 "InvalidArchitecture.Malformed" "Architecture is not valid.";
    DiskPlatformMalformed = 400 "InvalidPlatform.Malformed" "Platform is not valid.";
    HostNameNotForImage = 403 "InvalidHostname.MismatchImage" "The hostname of the current instance can not be applied to the image you choose.";
    ImageNotForReplacement = 403 "ImageNotSupportInstanceType" "The specified image don not support the InstanceType instance.";
    SystemDiskOfDiskUnsupported = 400 "UnsupportedOperation" "A system disk cannot be replaced by another disk.";
    MultiAttachUnsupported = 400 "UnsupportedOperation" "Multi-attach is not supported by this deployment.";

    // Snapshots.
    DiskIdNotFoundForSnapshot = 404 "InvalidDiskId.NotFound" "The specified DiskId does not exist.";
    SnapshotNameMalformed = 400 "InvalidSnapshotName.Malformed" "The specified SnapshotName is wrongly formed.";
    SnapshotDescriptionMalformed = 404 "InvalidDescription.Malformed" "The specified description is wrongly formed.";
    RetentionDaysMalformed = 400 "InvalidRetentionDays.Malformed" "The specified RetentionDays is not valid.";
    RetentionDaysDecreased = 400 "InvalidOperation.DecreaseRetentionDaysUnsupported" "The requested operation to decrease retention days for the snapshot is not supported.";
    NoAttributeToModify = 400 "NoAttributeToModify" "No attribute to be modified in this request.";
    SnapshotUnderWay = 403 "IncorrectDiskStatus.CreatingSnapshot" "A previous snapshot creation is in process.";
    SnapshotQuotaExceeded = 403 "QuotaExceed.Snapshot" "The snapshot quota exceeds.";
    ClientTokenMalformed403 = 403 "InvalidClientToken.Malformed" "The specified clientToken is improperly formatted. It must contain only ASCII characters and must not exceed 64 characters in length.";
    SnapshotTokenMismatch = 403 "IdempotentParameterMismatch" "The specified clientToken is used.";
    SnapshotIdNotFound = 404 "InvalidSnapshotId.NotFound" "The specified SnapshotId does not exist.";
    SnapshotIdNotFoundForDelete = 404 "InvalidSnapshotId.NotFound" "The specified snapshot is not found.";
    SnapshotHasImages = 403 "SnapshotCreatedImage" "The snapshot has been used to create user defined image(s).";
    SnapshotHasDisks = 403 "SnapshotCreatedDisk" "The snapshot has been used to create disk(s).";
    SnapshotUnderWayForDelete = 403 "Operation.Conflict" "The operation may conflicts with others, please retry later.";
    SnapshotNotReady403 = 403 "InvalidSnapshotId.NotReady" "The specified snapshot has not completed yet.";
    SnapshotOfSystemDisk = 403 "InvalidSnapshotId.NotDataDiskSnapshot" "The specified snapshot is system disk snapshot.";
    SnapshotOfAnotherDisk = 403 "InvalidParameter.Mismatch" "The specified snapshot is not created from the specified disk.";
    SnapshotStatusNotFound = 404 "InvalidStatus.NotFound" "The specified Status is not found.";
    SnapshotIdsTooMany = 403 "InvalidSnapshotIds.Malformed" "The amount of specified specified snapshot Ids exceeds the limit.";
    SnapshotTypeNotFound = 404 "InvalidSnapshotType.NotFound" "The specfied SnapshotType is not found.";
    SourceDiskTypeInvalid = 404 "InvalidSourceDiskType" "The specifed SourceDiskType is not valid.";
    SnapshotUsageInvalid = 404 "InvalidUsage" "The specifed Usage is not valid.";
    SnapshotsFilterKeyNotFound = 404 "InvalidFilterKey.NotFound" "The specified FilterKey is not found.";
    SnapshotsFilterValueInvalid = 404 "InvalidFilterValue" "The specified FilterValue  exceeds the limit.";
    SnapshotNotReadyForModify = 400 "InvalidSnapshotId.NotReady" "The specified snapshot has not completed yet.";

    // Simple Application Server.
    SwasRegionNotMatched = 400 "RegionIdNotMatchHost" "The parameter regionId does not match the endpoint host.";
    SwasParamInvalid = 403 "InvalidParam" "The specified parameter value is invalid.";
    SwasInstanceIdNotFound = 404 "InvalidInstanceId.NotFound" "The specified InstanceId does not exist.";
    SwasInstanceStatusIncorrect = 403 "IncorrectInstanceStatus" "The state of the current instance does not support this operation.";
    SwasImageIdNotFound = 404 "InvalidImageId.NotFound" "The specified ImageId does not exist.";
    SwasImageNotSupported = 400 "InvalidImageId.NotSupport" "The specified ImageId does not support the operation.";
    SwasImageTypeInvalid = 400 "InvalidImageType.ValueNotSupported" "The specified parameter ImageType is invalid.";
    SwasImageNameIllegal = 400 "InvalidParam.IllegalImageName" "The specified parameter imageName is illegal.";
    SwasImageNameTaken = 400 "ImageNameAlreadyExist" "The image name already exists.";
    SwasImageQuotaExceeded = 400 "CustomImageQuotaLimit" "The maximum number of custom image in this region is exceeded.";
    SwasSystemSnapshotNotFound = 400 "InvalidParam.SystemSnapshotIdNotFound" "The specified parameter systemSnapshotId is not found.";
    SwasSystemSnapshotNotSupported = 400 "InvalidParam.SystemSnapshotIdNotSupport" "You cannot create custom images in the specified parameter system snapshotId.";
    SwasDataSnapshotNotFound = 400 "InvalidParam.DataSnapshotIdNotFound" "The specified parameter dataSnapshotId is not found.";
    SwasImageShared = 400 "CustomImageInShare" "The custom image is being shared. Please disable sharing first and then delete it.";
    SwasImagesShared = 400 "CustomImageInShare" "The custom image is in sharing,please unshare first then to retry.";
    SwasShareOperationIllegal = 400 "InvalidParam.OperationIllegal" "The specified parameter operation is illegal.";
    SwasPlanIdNotFound = 404 "InvalidPlanId.NotFound" "The specified PlanId does not exist.";
    SwasPlanDiskTooSmall = 400 "InvalidPlanIdSize.ValueNotSupported" "The system disk size in the specified planId does not support the image.";
    SwasPlatformNotMatched = 400 "PlatformNotMatch" "The platform of specified ImageId and PlanId does not match.";
    SwasPeriodInvalid = 400 "InvalidPeriod.ValueNotSupported" "The specified parameter Period is invalid.";
    SwasAutoRenewPeriodInvalid = 400 "InvalidAutoRenewPeriod.ValueNotSupported" "The specified parameter AutoRenewPeriod is invalid.";
    SwasAmountInvalid = 400 "InvalidAmount.ValueNotSupported" "The specified parameter Amount is invalid.";
    SwasChargeTypeInvalid = 400 "InvalidChargeType.ValueNotSupported" "The specified parameter ChargeType is invalid.";
    SwasDataDiskSizeInvalid = 400 "InvalidDataDiskSize.ValueNotSupported" "The specified parameter DataDiskSize is invalid.";
    SwasQuotaExceeded = 400 "ExceedAccountQuota" "The accumulated instance amounts including this order have exceeded the quota of the account.";
    SwasAddressesInvalid = 400 "InvalidPublicIpAddresses.ValueNotSupported" "The specified parameter PublicIpAddresses is invalid.";
    SwasInstanceNameInvalid = 400 "InvalidInstanceName.ValueNotSupported" "The specified parameter InstanceName is invalid.";
    SwasPasswordInvalid = 400 "InvalidPassword.ValueNotSupported" "The specified parameter Password is invalid.";
    SwasDiskIdNotFound = 404 "InvalidDiskId.NotFound" "The specified DiskId does not exist.";
    SwasSnapshotIdNotFound = 404 "InvalidSnapshotId.NotFound" "The specified SnapshotId does not exist.";
    SwasSnapshotNameInvalid = 400 "InvalidSnapshotName.ValueNotSupported" "The specified SnapshotName is invalid.";
    SwasSnapshotNameTaken = 400 "InvalidSnapshotName.Duplicate" "The specified SnapshotName already exists.";
    SwasRemarkInvalid = 400 "InvalidRemark.ValueNotSupported" "The specified parameter Remark is invalid.";
    SwasSnapshotUnderWay = 403 "IncorrectDiskStatus.CreatingSnapshot" "A snapshot is being created in the specified disk. Please try again later.";
    SwasSnapshotQuotaExceeded = 403 "SnapshotLimitExceed" "The maximum number of snapshots in an instance is exceeded.";
    SwasSnapshotStatusIncorrect = 400 "IncorrectStatus" "The state of the disk or instance does not currently support snapshot creation.";
    SwasResetNeedsStop = 403 "IncorrectInstanceStatus.ResetDisk" "Rolling back the disk requires the instance to operate in a stopped state.";
    SwasSnapshotOutlived = 400 "UnsupportedOperation" "The snapshot was taken before the system of the instance was reset.";
    SwasSnapshotHasImages = 400 "UnsupportedOperation" "The snapshot has been used to create custom images. Delete them first.";
    SwasPortInvalid = 400 "InvalidPort.ValueNotSupported" "The specified parameter Port is invalid.";
    SwasProtocolInvalid = 400 "InvalidProtocol.ValueNotSupported" "The specified parameter Protocol is invalid.";
    SwasRuleTaken = 403 "FirewallRuleAlreadyExist" "The specified Rule already exist";
    SwasRuleQuotaExceeded = 403 "FirewallRuleLimitExceed" "The maximum number of firewall rules in an instance is exceeded.";
    SwasRuleIdNotFound = 404 "InvalidRuleId.NotFound" "The specified RuleId does not exist.";

    // Key pairs.
    KeyPairNameMalformed = 400 "InvalidKeyPairName.Malformed" "Specified Key Pair name is not valid.";
    KeyPairAlreadyExists = 400 "KeyPair.AlreadyExist" "The key pair already exist.";
    KeyPairQuotaExceeded = 403 "QuotaExceed.KeyPair" "The key pair quota exceeds.";
    KeyPairNamesInvalid = 400 "InvalidKeyPairNames.ValueNotSupported" "The specified parameter \"KeyPairNames\" is not valid.";
    KeyPairsTooMany = 403 "InstanceKeyPairLimitExceeded" "Exceeding the allowed amount of instance which will be deleted.";
    KeyPairAttached = 400 "InvalidParameter.KeypairAlreadyAttachedInstance" "The specified parameter \"KeyPairNames\" attached to instances can not be deleted.";
    KeyPairNameNotFound = 400 "InvalidKeyPairName.NotFound" "The specified KeyPairName does not exist in our records.";
    KeyPairNameNotFound404 = 404 "InvalidKeyPairName.NotFound" "The specified parameter KeyPairName does not exist in our records.";
    KeyPairInstancesTooMany = 403 "InstanceKeyPairLimitExceeded" "The specified instances are beyond the permitted range.";
    PublicKeyMalformed = 400 "InvalidPublicKeyBody.Malformed" "The PublicKeyBody format is not supported.";

    // Security groups.
    SecurityGroupNameMalformed = 400 "InvalidSecurityGroupName.Malformed" "Specified security group name is not valid.";
    SecurityGroupDescriptionMalformed = 400 "InvalidSecurityGroupDiscription.Malformed" "Specified security group description is not valid.";
    SecurityGroupTypeInvalid = 400 "InvalidParams.GroupType" "The specified security group type is not valid.";
    SecurityGroupTypeNeedsVpc = 400 "InvalidParams.VpcIdGroupType" "Only VPC instance supports enterprise level security group.";
    SecurityGroupQuotaExceeded = 403 "QuotaExceed.SecurityGroup" "The maximum number of security groups is reached.";
    SecurityGroupIdNotFound = 404 "InvalidSecurityGroupId.NotFound" "The specified SecurityGroupId does not exist.";
    SecurityGroupIdMalformed = 400 "InvalidSecurityGroupId.Malformed" "The specified parameter SecurityGroupId is not valid.";
    SecurityGroupNotFound = 404 "InvalidSecurityGroup.NotFound" "The specified security group is not found.";
    SecurityGroupHasInstances = 403 "DependencyViolation" "There is still instance(s) in the specified security group.";
    SecurityGroupIsReferenced = 403 "DependencyViolation" "The specified security group has been authorized in another one.";
    SecurityGroupTypeNotValid = 400 "InvalidParameter.SecurityGroupType" "The specified SecurityGroupType is not valid.";
    SecurityGroupPageTokenInvalid = 400 "InValidParameter.NextToken" "The parameter NextToken is invalid.";
    MissingRegionIdForGroup = 400 "MissingParameter.RegionId" "The parameter \"RegionId\" should not be null.";
    MissingRegionIdForGroups = 400 "MissingParameter.RegionId" "The input parameter RegionId that is mandatory for processing this request is not supplied.";
    IpProtocolNotSupported = 400 "InvalidIpProtocol.ValueNotSupported" "The parameter IpProtocol must be specified with case insensitive TCP, UDP, ICMP, GRE or All.";
    PortRangeMissing = 400 "InvalidPortRange.Malformed" "The specified parameter PortRange must set.";
    PortRangeMalformed = 400 "InvalidIpProtocol.Malformed" "The specified parameter PortRange is not valid.";
    RulePortRangeInvalid = 400 "InvalidParam.PortRange" "The specified parameter Permissions.N.PortRange is not valid. It should be two integers less than 65535 in ?/? format.";
    SourcePortRangeMalformed = 400 "InvalidSourcePortRange.Malformed" "The specified parameter SourcePortRange is not valid.";
    RevokedPortRangeMalformed = 400 "InvalidIpPortRange.Malformed" "The specified parameter PortRange is not valid.";
    ProtocolAndPortsMismatch = 400 "OperationDenied" "The specified IpProtocol does not exist or IpProtocol and PortRange do not match.";
    RulePolicyMalformed = 400 "InvalidPolicy.Malformed" "The specified parameter Policy is not valid.";
    PriorityMalformed = 400 "InvalidPriority.Malformed" "The parameter Priority is invalid.";
    PriorityNotSupported = 400 "InvalidPriority.ValueNotSupported" "The parameter Priority is invalid.";
    NicTypeNotSupported = 400 "InvalidNicType.ValueNotSupported" "The specified NicType does not exist.";
    SourceCidrIpMalformed = 400 "InvalidSourceCidrIp.Malformed" "The specified parameter SourceCidrIp is not valid.";
    DestCidrIpMalformed = 400 "InvalidDestCidrIp.Malformed" "The specified parameter DestCidrIp is not valid.";
    RuleSourceCidrIpInvalid = 400 "InvalidParam.SourceCidrIp" "The specified param SourceCidrIp is not valid.";
    RuleDestCidrIpInvalid = 400 "InvalidParam.DestCidrIp" "The specified parameter Permissions.N.DestCidrIp is not valid.";
    RuleSourceIpConflict = 400 "InvalidParam.SourceIp" "The Parameters SourceCidrIp and Ipv6SourceCidrIp in Permissions.N cannot be set at the same time.";
    RuleDestIpConflict = 400 "InvalidParam.DestIp" "The Parameters DestCidrIp and Ipv6DestCidrIp in Permissions.N cannot be set at the same time.";
    RuleIpVersionsConflict = 400 "InvalidParameter.Conflict" "IPv6 and IPv4 addresses cannot exist at the same time.";
    RuleProtocolNeedsIpv6 = 400 "InvalidParam.Ipv6ProtocolConflictWithIpv4Address" "IPv4 address cannot be specified for IPv6-specific protocol.";
    RuleEndsAreSame = 400 "InvalidParamter.Conflict" "The specified SourceCidrIp should be different from the DestCidrIp.";
    RuleSourceMissing = 400 "MissingParameter.Source" "One of the parameters SourceCidrIp, SourceGroupId or SourcePrefixListId must be specified.";
    RuleDestMissing = 400 "MissingParameter.Dest" "One of the parameters DestCidrIp, DestGroupId or DestPrefixListId must be specified.";
    RulePeerMissing = 403 "MissingParameter" "The input parameter SourceGroupId or SourceCidrIp cannot be both blank.";
    RevokedPeerMissing = 400 "MissingParameter" "The input parameter SourceGroupId or SourceCidrIp cannot be both blank.";
    RuleDescriptionMalformed = 400 "InvalidSecurityGroupDiscription.Malformed" "The specified security group rule description is not valid.";
    RuleGroupIsSame = 403 "InvalidParamter.Conflict" "The specified SecurityGroupId should be different from the SourceGroupId.";
    RevokedGroupIsSame = 400 "InvalidParamter.Conflict" "The specified SecurityGroupId should be different from the SourceGroupId.";
    SourceGroupIdNotFound = 404 "InvalidSourceGroupId.NotFound" "The SourceGroupId provided does not exist in our records.";
    DestGroupIdNotFound = 404 "InvalidDestGroupId.NotFound" "The DestGroupId provided does not exist in our records.";
    PrefixListIdNotFound = 404 "InvalidPrefixListId.NotFound" "The specified prefix list was not found.";
    SourceGroupOfOtherNetwork = 400 "InvalidSourceGroupId.Mismatch" "Specified security group and source group are not in the same VPC.";
    DestGroupOfOtherNetwork = 400 "InvalidDestGroupId.Mismatch" "Specified security group and destination group are not in the same VPC.";
    SourceGroupNeedsIntranet = 403 "InvalidSourceGroupId.Mismatch" "NicType is required or NicType expects intranet.";
    DestGroupNeedsIntranet = 403 "InvalidDestGroupId.Mismatch" "NicType is required or NicType expects intranet.";
    RuleNetworkTypesDiffer = 403 "InvalidNetworkType.Conflict" "The specified SecurityGroup network type should be same with SourceGroup network type (vpc or classic).";
    RuleOfEnterpriseGroup = 400 "InvalidGroupParameter.OperationDenied" "The attributes Policy, SourceGroupId, DestGroupId of enterprise level security groups are not allowed to be set or modified.";
    RuleWithEnterpriseGroup = 400 "InvalidGroupAuthParameter.OperationDenied" "The security group can not authorize to enterprise level security group.";
    GroupRuleLimitExceeded = 400 "AuthorizedGroupRule.LimitExceed" "You have reached the limit on the number of group authorization rules that you can add to a security group.When authorization object of rule is security group, the limit is 20.";
    PermissionsNotAlone = 400 "InvalidParam.Permissions" "The specified parameter Permissions cannot coexist with other parameters.";
    RuleLimitExceeded = 403 "AuthorizationLimitExceed" "The limit of authorization records in the security group reaches.";
    RulesDuplicated = 400 "InvalidParam.DuplicatePermissions" "There are duplicate permissions in the specified parameter Permissions.";
    RuleIdInvalid = 400 "InvalidParam.SecurityGroupRuleId" "The specified parameter SecurityGroupRuleId is not valid.";
    RuleIdNotFound = 404 "InvalidSecurityGroupRuleId.NotFound" "The specified SecurityGroupRuleId is not exists.";
    RuleIdRepeated = 400 "InvalidParam.SecurityGroupRuleIdRepeated" "The specified parameter SecurityGroupRuleId is repeated.";

    // Private networks.
    RegionIdNotFoundForVpc = 404 "InvalidRegionId.NotFound" "Specified value of \"regionId\" is not supported.";
    RegionIdNotFoundForVpcDeletion = 400 "InvalidRegionId.NotFound" "The specified region is not found.";
    RegionIdNotFoundForEip = 404 "InvalidRegionId.NotFound" "Specified value of \"RegionId\" is not supported.";
    RegionNotFoundOfEip = 404 "Forbidden.RegionNotFound" "Specified region is not found during access authentication.";
    RegionNotFoundOfVSwitch = 404 "Forbidden.RegionNotFound" "Specified instance is not found during access authentication.";
    ZoneIdNotFound = 404 "InvalidZoneId.NotFound" "Specified zone does not exist.";
    ZoneIdNotFoundForInstance = 404 "InvalidZoneId.NotFound" "The ZoneId provided does not exist in our records.";
    VpcIdNotFound = 404 "InvalidVpcId.NotFound" "Specified VPC does not exist.";
    VpcCidrInvalid = 400 "InvalidParameter" "Specified CIDR block is not valid";
    VpcCidrMaskIllegal = 400 "IllegalParam.Ipv4CidrMask" "The specified Ipv4CidrMask is illegal.";
    VpcCidrMissing = 400 "MissingParam.CidrOrCidrMask" "The CIDR or CIDR Mask must be input.";
    VpcIpv6Unsupported = 400 "OperationUnsupported.Ipv6Feature" "IPv6 is not supported by this deployment.";
    IpamPoolNotFound = 404 "ResourceNotFound.IpamPool" "The dependent IPAM pool is not found.";
    VpcIdMissing = 400 "MissingParam.vpcId" "The parameter vpcId is mandatory.";
    VpcIdsTooMany = 400 "InvalidVpcIdNumber.NotSupported" "The number of vpcIds exceeds the limit.";
    VpcIdsTooMany404 = 404 "InvalidVpcIdNumber.NotSupported" "The number of vpcIds exceeds the limit.";
    VSwitchIdsTooMany = 404 "InvalidVSwitchIdNumber.NotSupported" "The number of vSwitchIds exceeds the limit.";
    VSwitchIpv6Unsupported = 400 "OperationFailed.VpcIpv6Disabled" "IPv6 is not supported by this deployment.";
    TagKeysInvalid = 400 "InvalidTagKey" "The tag keys are not valid.";
    TagValuesInvalid = 400 "InvalidTagValue" "The tag values are not valid.";
    VpcNameMalformed = 400 "InvalidVpcName.Malformed" "Specified VPC name is not valid.";
    VpcDescriptionMalformed = 400 "InvalidVpcDiscription.Malformed" "Specified VPC description is not valid.";
    VpcQuotaExceeded = 400 "QuotaExceeded.Vpc" "VPC quota exceeded.";
    VpcHasInstances = 400 "DependencyViolation.Instance" "Specified object has dependent resources";
    VpcHasVSwitches = 400 "DependencyViolation.VSwitch" "Specified object has dependent resources";
    VpcHasSecurityGroups = 400 "DependencyViolation.SecurityGroup" "Specified object has dependent resources SecurityGroup.";
    VSwitchIdNotFound400 = 400 "InvalidVSwitchId.NotFound" "Specified VSwitch can not found.";
    VSwitchIdNotFound404 = 404 "InvalidVSwitchId.NotFound" "VSwitch not exist.";
    VSwitchIdNotFoundForInstance = 404 "InvalidVSwitchId.NotFound" "Specified virtual switch does not exist.";
    VSwitchMissing = 400 "MissingParameter" "The input parameter \"VSwitchId\" that is mandatory for processing this request is not supplied.";
    VSwitchCidrMalformed = 400 "InvalidCidrBlock.Malformed" "Specified CIDR block is not valid.";
    VSwitchCidrMask = 400 "InvalidCirdrBlock.MaskLength" "Specified CIDR block is not valid .";
    VSwitchCidrOutside = 400 "InvalidParameter" "Specified CIDR block is not valid in VPC.";
    VSwitchCidrOverlapped = 400 "InvalidCidrBlock.Overlapped" "Specified CIDR block overlapped with other subnets.";
    VSwitchNameMalformed = 400 "InvalidVSwitchName.Malformed" "Specified virtual switch name is not valid.";
    VSwitchDescriptionMalformed = 400 "InvalidVSwitchDiscription.Malformed" "Specified  virtual switch description is not valid.";
    VSwitchQuotaExceeded = 400 "QuotaExceeded.VSwitch" "Virtual switch quota exceeded.";
    VSwitchHasResources = 400 "DependencyViolation" "Resources deployed in the vSwitch have not been deleted.";
    GroupAndSubnetInDifferentNetworks = 403 "OperationDenied.InconsistentNetwork" "The specified security group and vswitch are not in the same vpc.";
    PrivateIpMalformed = 400 "InvalidPrivateIpAddress.Malformed" "Specified private IP address is malformed.";
    PrivateIpOutside = 403 "InvalidVSwitchId.IpInvalid" "The specified private IP address is not in the range of the specified vSwitch.";
    PrivateIpInUse = 400 "InvalidPrivateIpAddress.Duplicated" "Specified private IP address is duplicated.";
    PrivateIpOfSeveral = 403 "InvalidParam.Amount" "A private IP address can be given to one instance only.";
    PrivateIpsUsedUp = 400 "QuotaExceeded.PrivateIpAddress" "Don't have enough private IPs in this switch.";

    // Elastic addresses.
    AllocationIdNotFound = 404 "InvalidAllocationId.NotFound" "Specified allocation ID is not found.";
    AllocationIdNotFoundForRelease = 404 "InvalidAllocationId.NotFound" "Specified allocation ID is not found";
    BandwidthMalformed = 400 "InvalidBandwidth.Malformed" "The specified Bandwidth is invalid.";
    EipQuotaExceeded = 400 "QuotaExceeded.Eip" "Elastic IP address quota exceeded";
    EipInstanceTypeMissing = 400 "InstanceType.Invalid" "InstanceType is not null";
    EipAssociatedTypeNotSupported = 400 "InvalidIAssociatedInstanceType.ValueNotSupported" "The specified value of AssociatedInstanceType is not supported.";
    EipLockReasonNotFound = 404 "InvalidLockReason.NotFound" "The specified LockReason is not found";
    EipInstancePending = 400 "InvalidStatus.EcsStatusNotSupport" "The special instance status Pending is not support operate";
    EipStatusIncorrect = 400 "IncorrectEipStatus" "Current elastic IP status does not support this operation";
    EipStatusIncorrectForRelease = 400 "IncorrectEipStatus" "Current elastic IP status does not support this operation.";
    EipInstanceTypeNotSupported = 400 "InvalidInstanceType.ValueNotSupported" "The specified value of InstanceType is not supported.";
    EipInstanceNotFound = 404 "InvalidInstanId.NotFound" "Specified instance does not exist.";
    EipInstanceNotFoundForUnbinding = 400 "InvalidInstanceId.NotFound" "Specified instance does not exist.";
    EipInstanceNotVpc = 400 "InvalidInstance.NotVpc" "Bound instance is not vpc instance.";
    EipInstanceStatusIncorrect = 400 "IncorrectInstanceStatus" "Current instance status does not support this operation.";
    EipRegionMismatch = 400 "InvalidParameter.Mismatch" "Specified elastic IP address and ECS instance are not in the same region.";
    EipAssociationDuplicated = 400 "InvalidAssociation.Duplicated" "Specified instance already is associated.";
    EipBesidePublicAddress = 400 "EIP_CAN_NOT_ASSOCIATE_WITH_PUBLIC_IP" "instance already bind natpublicip,cannot bind eip.";

    // Sessions.
    StsRoleArnMalformed = 400 "InvalidParameter.RoleArn" "The parameter RoleArn is wrongly formed.";
    StsSessionNameMalformed = 400 "InvalidParameter.RoleSessionName" "The parameter RoleSessionName is wrongly formed.";
    StsDurationInvalid = 400 "InvalidParameter.DurationSeconds" "The Min/Max value of DurationSeconds is 15min/1hr.";
    StsPolicyMalformed = 400 "InvalidParameter.PolicyGrammar" "The parameter Policy has not passed grammar check.";
    StsPolicyTooLong = 400 "InvalidParameter.PolicySize" "The size of Policy must be smaller than 1024 bytes.";
    StsRoleNotExist = 404 "EntityNotExist.Role" "The specified Role not exists.";
    StsNotByRoot = 403 "NoPermission" "Roles may not be assumed by root accounts.";
    DiagnosticMessageInvalid = 400 "InvalidParameter.EncodedDiagnosticMessage" "The specified EncodedDiagnosticMessage is invalid.";

    // Users, groups and their keys.
    UserNameInvalidChars = 400 "InvalidParameter.UserName.InvalidChars" "The parameter - \"UserName\" contains invalid chars.";
    UserNameLength = 400 "InvalidParameter.UserName.Length" "The parameter - \"UserName\" beyond the length limit.";
    NewUserNameInvalidChars = 400 "InvalidParameter.NewUserName.InvalidChars" "The parameter - \"NewUserName\" contains invalid chars.";
    NewUserNameLength = 400 "InvalidParameter.NewUserName.Length" "The parameter - \"NewUserName\" beyond the length limit.";
    DisplayNameInvalidChars = 400 "InvalidParameter.DisplayName.InvalidChars" "The parameter - \"DisplayName\" contains invalid chars.";
    DisplayNameLength = 400 "InvalidParameter.DisplayName.Length" "The parameter - \"DisplayName\" beyond the length limit.";
    NewDisplayNameInvalidChars = 400 "InvalidParameter.NewDisplayName.InvalidChars" "The parameter - \"NewDisplayName\" contains invalid chars.";
    NewDisplayNameLength = 400 "InvalidParameter.NewDisplayName.Length" "The parameter - \"NewDisplayName\" beyond the length limit.";
    CommentsLength = 400 "InvalidParameter.Comments.Length" "The parameter - \"Comments\" beyond the length limit.";
    NewCommentsLength = 400 "InvalidParameter.NewComments.Length" "The parameter - \"NewComments\" beyond the length limit.";
    MobilePhoneFormat = 400 "InvalidParameter.MobilePhone.Format" "The format of the parameter - \"MobilePhone\" is incorrect.";
    NewMobilePhoneFormat = 400 "InvalidParameter.NewMobilePhone.Format" "The format of the parameter - \"NewMobilePhone\" is incorrect.";
    EmailFormat = 400 "InvalidParameter.Email.Format" "The format of the parameter - \"Email\" is incorrect.";
    NewEmailFormat = 400 "InvalidParameter.NewEmail.Format" "The format of the parameter - \"NewEmail\" is incorrect.";
    GroupNameInvalidChars = 400 "InvalidParameter.GroupName.InvalidChars" "The parameter - \"GroupName\" contains invalid chars.";
    GroupNameLength = 400 "InvalidParameter.GroupName.Length" "The parameter - \"GroupName\" beyond the length limit.";
    NewGroupNameInvalidChars = 400 "InvalidParameter.NewGroupName.InvalidChars" "The parameter - \"NewGroupName\" contains invalid chars.";
    NewGroupNameLength = 400 "InvalidParameter.NewGroupName.Length" "The parameter - \"NewGroupName\" beyond the length limit.";
    UserNotExist = 404 "EntityNotExist.User" "The user does not exist.";
    GroupNotExist = 404 "EntityNotExist.Group" "The group does not exist.";
    UserKeyNotExist = 404 "EntityNotExist.User.AccessKey" "The user access key does not exist.";
    UserGroupNotExist = 404 "EntityNotExist.User.Group" "The user has not joined the group.";
    UserAlreadyExists = 409 "EntityAlreadyExists.User" "The user does already EXIST.";
    GroupAlreadyExists = 409 "EntityAlreadyExists.Group" "The group does already EXIST.";
    UserGroupAlreadyExists = 409 "EntityAlreadyExists.User.Group" "The user has already joined the group.";
    UserLimit = 409 "LimitExceeded.User" "The count of users beyond the current limits.";
    GroupLimit = 409 "LimitExceeded.Group" "The count of groups beyond the current limits.";
    UserKeyLimit = 409 "LimitExceeded.User.AccessKey" "The access key count of the user access keys beyond the current limits.";
    UserGroupLimit = 409 "LimitExceeded.User.Group" "The count of groups the target user joined beyond the current limits.";
    UserStillInGroup = 409 "DeleteConflict.User.Group" "The user CAN NOT be in any group while deleting the user.";
    UserStillHasKey = 409 "DeleteConflict.User.AccessKey" "The user CAN NOT has any access key while deleting the user.";
    UserStillAttached = 409 "DeleteConflict.User.Policy" "The user CAN NOT has any attached policy while deleting the user.";
    GroupStillHasUser = 409 "DeleteConflict.Group.User" "The group CAN NOT has any user member while deleting the group.";
    GroupStillAttached = 409 "DeleteConflict.Group.Policy" "The entity CAN NOT has any attached policy while deleting the group.";

    // Roles.
    RoleNameInvalidChars = 400 "InvalidParameter.RoleName.InvalidChars" "The parameter - \"RoleName\" contains invalid chars.";
    RoleNameInvalidCharsInDelete = 400 "InvalidParameter.RoleName.InvalidChars" "The parameter - \"RoleNam\" contains invalid chars.";
    RoleNameLength = 400 "InvalidParameter.RoleName.Length" "The parameter - \"RoleName\" beyond the length limit.";
    TrustPolicyLength = 400 "InvalidParameter.AssumeRolePolicyDocument.Length" "The parameter - \"AssumeRolePolicyDocument\" beyond the length limit.";
    NewTrustPolicyLength = 400 "InvalidParameter.NewAssumeRolePolicyDocument.Length" "The parameter - \"NewAssumeRolePolicyDocument\" beyond the length limit.";
    RoleNotExist = 404 "EntityNotExist.Role" "The role does not exist.";
    RoleAlreadyExists = 409 "EntityAlreadyExists.Role" "The role does already EXIST.";
    RoleLimit = 409 "LimitExceeded.Role" "The count of roles beyond the current limits.";
    RoleStillAttached = 409 "DeleteConflict.Role.Policy" "The role CAN NOT has any attached policy while deleting the role.";

    // Policies, their versions, and whom they are attached to.
    PolicyNameInvalidChars = 400 "InvalidParameter.PolicyName.InvalidChars" "The parameter - \"PolicyNam\" contains invalid chars.";
    PolicyNameLength = 400 "InvalidParameter.PolicyName.Length" "The parameter - \"PolicyName\" beyond the length limit.";
    PolicyDocumentLength = 400 "InvalidParameter.PolicyDocument.Length" "The parameter - \"PolicyName\" beyond the length limit.";
    PolicyTypeInvalid = 400 "InvalidParameter.PolicyType" "The parameter - \"PolicyType\" is incorrect.";
    DescriptionLength = 400 "InvalidParameter.Description.Length" "The parameter - \"Description\" beyond the length limit.";
    VersionIdFormat = 400 "InvalidParameter.VersionId.Format" "The format of the parameter - \"VersionId\" is incorrect.";
    MalformedPolicyDocument = 400 "MalformedPolicyDocument" "The policy document is malformed.";
    PolicyNotExist = 404 "EntityNotExist.Policy" "The policy does not exist.";
    PolicyVersionNotExist = 404 "EntityNotExist.Policy.Version" "The policy version does not exist.";
    UserPolicyNotExist = 404 "EntityNotExist.User.Policy" "The indicate policy of the user does not exist.";
    GroupPolicyNotExist = 404 "EntityNotExist.Group.Policy" "The indicate policy of the group does not exist.";
    RolePolicyNotExist = 404 "EntityNotExist.Role.Policy" "The role has not been attached this policy.";
    PolicyAlreadyExists = 409 "EntityAlreadyExists.Policy" "The group does already EXIST.";
    UserPolicyAlreadyExists = 409 "EntityAlreadyExists.User.Policy" "The user has already been attached this policy.";
    GroupPolicyAlreadyExists = 409 "EntityAlreadyExists.Group.Policy" "The group has already been attached this policy.";
    RolePolicyAlreadyExists = 409 "EntityAlreadyExists.Role.Policy" "The role has already been attached this policy.";
    PolicyLimit = 409 "LimitExceeded.Policy" "The count of policy beyond the current limits.";
    PolicyVersionLimit = 409 "LimitExceeded.Policy.Version" "The count of policy version beyond the current limits.";
    UserPolicyLimit = 409 "LimitExceeded.User.Policy" "The policy count of the user attached policies beyond the current limits.";
    GroupPolicyLimit = 409 "LimitExceeded.Group.Policy" "The policy count of the group attached policies beyond the current limits.";
    RolePolicyLimit = 409 "LimitExceeded.Role.Policy" "The count of policies attached to the role beyond the current limits.";
    PolicyStillHasUser = 409 "DeleteConflict.Policy.User" "The policy CAN NOT been attached to any user while deleting the policy.";
    PolicyStillHasGroup = 409 "DeleteConflict.Policy.Group" "The policy CAN NOT been attached to any group while deleting the policy.";
    PolicyStillHasRole = 409 "DeleteConflict.Policy.Role" "The policy CAN NOT been attached to any role while deleting the policy.";
    PolicyStillHasVersion = 409 "DeleteConflict.Policy.Version" "The policy CAN NOT has any version except the defaul version.";
    PolicyVersionIsDefault = 409 "DeleteConflict.Policy.Version.Default" "The default policy version CAN NOT been deleted directly.";
}
