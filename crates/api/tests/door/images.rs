//! Images and tasks at the door: the story of an import, and every way in which it is refused.

use std::ops::ControlFlow;

use crate::support::{IMPORT, OTHER_KEY, World, import_with};
use engine::buckets::NewObject;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_import_from_the_call_to_the_deletion() {
    let world = World::ready().await;
    let tags = [("Tag.1.Key", "team"), ("Tag.1.Value", "core"), ("Tag.2.Key", "env"), ("Tag.2.Value", "")];
    let imported = world.ecs_ok("ImportImage", &import_with(&tags)).await;
    let (image, task) = (imported["ImageId"].as_str().expect("an id"), imported["TaskId"].as_str().expect("an id"));
    assert_eq!(imported["ImportTaskId"], task);
    assert_eq!(imported["RegionId"], "cn-hangzhou");

    // Visible at once, to those who ask for it.
    assert_eq!(world.ecs_ok("DescribeImages", &[("ImageId", image)]).await["TotalCount"], 0);
    let waiting = world.ecs_ok("DescribeImages", &[("ImageId", image), ("Status", "ALL")]).await;
    assert_eq!(waiting["Images"]["Image"][0]["Status"], "Waiting");
    assert_eq!(waiting["Images"]["Image"][0]["Usable"], false);
    let running = world.ecs_ok("DescribeTasks", &[("TaskIds", task)]).await;
    assert_eq!(running["TaskSet"]["Task"][0]["TaskStatus"], "Processing");
    assert_eq!(running["TaskSet"]["Task"][0]["SupportCancel"], "true");
    assert_eq!(world.ecs_code("DeleteImage", &[("ImageId", image)]).await, (403, "ImageIsImporting".into()));

    world.work().await;
    let found = world.ecs_ok("DescribeImages", &[]).await;
    assert_eq!(found["TotalCount"], 1);
    let view = &found["Images"]["Image"][0];
    assert_eq!(view["ImageId"], image);
    assert_eq!(view["Status"], "Available");
    assert_eq!(view["Usable"], true);
    assert_eq!(view["Progress"], "100%");
    assert_eq!(view["Description"], "");
    assert_eq!(view["Size"], 1);
    assert_eq!(view["ImageOwnerId"], json!(1_000_000_000_000_001_u64));
    assert_eq!(view["ImageOwnerAlias"], "self");
    assert_eq!(view["OSType"], "linux");
    assert_eq!(view["Platform"], "Others Linux");
    assert_eq!(view["BootMode"], "BIOS");
    assert_eq!(view["Features"]["NvmeSupport"], "unsupported");
    assert_eq!(view["CreationTime"], "2026-11-21T08:00:30Z");
    let disk = &view["DiskDeviceMappings"]["DiskDeviceMapping"][0];
    assert_eq!(disk["Device"], "/dev/xvda");
    assert_eq!(disk["Type"], "system");
    assert_eq!(disk["Size"], "1");
    assert_eq!(disk["Format"], "RAW");
    assert_eq!(disk["ImportOSSBucket"], "disks");
    assert_eq!(disk["ImportOSSObject"], "disk.raw");
    let tags = json!([{"TagKey": "env", "TagValue": ""}, {"TagKey": "team", "TagValue": "core"}]);
    assert_eq!(view["Tags"]["Tag"], tags);

    let ended = world.ecs_ok("DescribeTaskAttribute", &[("TaskId", task)]).await;
    assert_eq!(ended["TaskStatus"], "Finished");
    assert_eq!(ended["TaskProcess"], "100%");
    assert_eq!(ended["SuccessCount"], 1);
    assert_eq!(ended["FinishedTime"], "2026-11-21T08:00Z");
    assert_eq!(ended["OperationProgressSet"]["OperationProgress"][0]["OperationStatus"], "Success");
    assert_eq!(
        world.ecs_code("CancelTask", &[("TaskId", task)]).await,
        (403, "InvalidTaskId.IncorrectTaskStatus".into())
    );

    world.ecs_ok("DeleteImage", &[("ImageId", image)]).await;
    assert_eq!(world.ecs_ok("DescribeImages", &[("Status", "ALL")]).await["Images"], json!({"Image": []}));
    assert_eq!(world.ecs_code("DeleteImage", &[("ImageId", image)]).await, (404, "InvalidImageId.NotFound".into()));
    world.ecs_ok("ImportImage", &IMPORT).await;
}

/// Parameters that are changed, and the status and code that they lead to.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn every_bad_parameter_of_an_import_has_its_code() {
    let world = World::ready().await;
    let too_many: Vec<(String, String)> = (1..=21).map(|n| (format!("Tag.{n}.Key"), format!("k{n}"))).collect();
    let too_many: Vec<(&str, &str)> = too_many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let cases: &[Case] = &[
        (&[("RegionId", "cn-nowhere")], 400, "RegionId.NotFound"),
        (&[("DiskDeviceMapping.1.OSSBucket", "")], 400, "MissingParameter"),
        (&[("DiskDeviceMapping.1.OSSObject", "")], 400, "MissingParameter"),
        (&[("DiskDeviceMapping.1.OSSBucket", "No")], 400, "InvalidOSSBucket.Malformed"),
        (&[("DiskDeviceMapping.1.OSSObject", "/x")], 400, "InvalidOSSObject.Malformed"),
        (&[("DiskDeviceMapping.1.OSSObject", "x.raw.tar.gz")], 400, "UnsupportedSuffix.OSSObject"),
        (&[("DiskDeviceMapping.1.OSSObject", "x.ISO")], 400, "UnsupportedSuffix.OSSObject"),
        (&[("DiskDeviceMapping.1.Format", "ISO")], 400, "InvalidFormat.Malformed"),
        (&[("DiskDeviceMapping.1.Format", "QCOW2")], 400, "InvalidImageFormat.Malformed"),
        (&[("DiskDeviceMapping.1.DiskImageSize", "0")], 400, "InvalidDataDiskSize"),
        (&[("DiskDeviceMapping.1.DiskImageSize", "2049")], 400, "InvalidDataDiskSize"),
        (&[("DiskDeviceMapping.1.DiskImSize", "x")], 400, "InvalidDataDiskSize"),
        (&[("DiskDeviceMapping.1.Device", "/dev/sda")], 403, "InvalidParameter.Malformed"),
        (&[("ImageName", "1bad")], 400, "InvalidImageName.Malformed"),
        (&[("Description", "http://x")], 400, "InvalidDescription.Malformed"),
        (&[("Architecture", "sparc")], 400, "InvalidArchitecture.Malformed"),
        (&[("Architecture", "arm64"), ("BootMode", "BIOS")], 400, "InvalidBootMode.NotSupport"),
        (
            &[("Architecture", "arm64"), ("Platform", "Windows Server 2022")],
            403,
            "InvalidArchitecture.PlatformUnsupported",
        ),
        (&[("OSType", "bsd")], 400, "InvalidOSType.Malformed"),
        (&[("Platform", "Plan 9")], 400, "InvalidPlatform.Malformed"),
        (&[("BootMode", "UEFI-Preferred")], 400, "InvalidBootMode.Malformed"),
        (&[("LicenseType", "GPL")], 400, "InvalidLicenseType.NotSupported"),
        (&[("Features.ImdsSupport", "v3")], 400, "InvalidParameter.FeaturesImdsSupport"),
        (&[("Features.NvmeSupport", "yes")], 400, "InvalidParameter"),
        (&[("DetectionStrategy", "Deep")], 400, "InvalidParameter.DetectionStrategy"),
        (&[("DetectionStrategy", "Standard"), ("OSType", "windows")], 403, "ImageCheckUnsupported.WindowsImage"),
        (&[("Tag.1.Key", "acs:x")], 400, "InvalidTagKey.Malformed"),
        (&[("Tag.1.Key", "x"), ("Tag.1.Value", "acs:x")], 400, "InvalidTagValue.Malformed"),
        (&[("Tag.1.Key", "x"), ("Tag.2.Key", "X")], 403, "TagKey.Duplication"),
        (&[("Tag.1.Value", "x")], 400, "InvalidTag.Mismatch"),
        (&too_many, 400, "NumberExceed.Tags"),
        (&[("ClientToken", "镜")], 400, "InvalidClientToken.Malformed"),
        (&[("ResourceGroupId", "rg-x")], 404, "InvalidResourceGroup.NotFound"),
        (&[("StorageLocationArn", "arn:x")], 403, "InvalidOperation.CloudBoxImageImportUnsupported"),
        (&[("DryRun", "maybe")], 400, "InvalidParameter"),
        (&[("DryRun", "True")], 400, "DRYRUN.SUCCESS"),
        (&[("RoleName", "nobody")], 403, "NoSetRoletoECSServiceAcount"),
        (&[("DiskDeviceMapping.1.OSSBucket", "nowhere")], 400, "InvalidOSSBucket.NotFound"),
        (&[("DiskDeviceMapping.1.OSSObject", "nothing")], 400, "InvalidOSSObject.NotFound"),
    ];
    for (changes, status, code) in cases {
        let got = world.ecs_code("ImportImage", &import_with(changes)).await;
        assert_eq!(got, (*status, (*code).to_owned()), "{changes:?}");
    }
    let no_disk = world.ecs_code("ImportImage", &[("ImageName", "x2")]).await;
    assert_eq!(no_disk, (403, "MissingParameter.DiskDeviceMapping".into()));
    let (status, missing) = world.call_as(crate::support::KEY, "2014-05-26", "ImportImage", &IMPORT).await;
    assert_eq!((status, missing["Code"].as_str()), (400, Some("MissingParameter")));
    let text = "An input parameter \"RegionId\" that is mandatory for processing the request is not supplied.";
    assert_eq!(missing["Message"], text);
    assert_eq!(world.ecs_ok("DescribeImages", &[("Status", "ALL")]).await["TotalCount"], 0, "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn buckets_and_objects_that_an_import_refuses() {
    let world = World::ready().await;
    let (main, other) = (world.account, world.other);
    let far = world.bucket(main, "far", "us-west-1").await;
    let foreign = world.bucket(other, "foreign", "cn-hangzhou").await;
    let sealed = world.bucket(main, "sealed", "cn-hangzhou").await;
    world.engine.buckets().update(&sealed, |bucket| bucket.encryption = Some("AES256".into())).await.expect("updated");
    for bucket in [&far, &foreign, &sealed] {
        world.put(bucket, NewObject::plain("disk.raw"), vec![7; 4096]).await;
    }
    for (bucket, code) in [
        ("far", "InvalidOSSBucket.NotFound"),
        ("foreign", "InvalidOSSBucket.NotMatched"),
        ("sealed", "InvalidOSSBucket.EncryptUnsupported"),
    ] {
        let got = world.ecs_code("ImportImage", &import_with(&[("DiskDeviceMapping.1.OSSBucket", bucket)])).await;
        assert_eq!(got.1, code);
    }
    let disks = "disks".parse().expect("a name");
    world.put(&disks, NewObject::plain("empty"), vec![]).await;
    let cold = NewObject { storage_class: "ColdArchive".into(), ..NewObject::plain("cold") };
    world.put(&disks, cold, vec![7; 4096]).await;
    world.put(&disks, NewObject::plain("qcow2"), [b"QFI\xfb\0\0\0\x03".as_slice(), &[0xff; 4096]].concat()).await;
    world.put(&disks, NewObject::plain("packed"), [b"\x1f\x8b\x08".as_slice(), &[0; 4096]].concat()).await;
    world.put(&disks, NewObject::plain("vmdk"), [b"KDMV".as_slice(), &[0; 4096]].concat()).await;
    for (object, code) in [
        ("empty", "InvalidOSSObject.Size"),
        ("cold", "InvalidOSSObject.NeedRestore"),
        ("qcow2", "InvalidImageFormat.Malformed"),
        ("packed", "UnsupportedSuffix.OSSObject"),
        ("vmdk", "InvalidImageFormat.Malformed"),
    ] {
        let got = world.ecs_code("ImportImage", &import_with(&[("DiskDeviceMapping.1.OSSObject", object)])).await;
        assert_eq!(got.1, code, "{object}");
    }
    let mut two_gib = Vec::new();
    let stamp = disk::Stamp::default();
    disk::write(&Blank, disk::Format::Qcow2, &stamp, &mut two_gib, &mut |_| ControlFlow::Continue(()))
        .expect("written");
    world.put(&disks, NewObject::plain("big"), two_gib).await;
    let small = import_with(&[("DiskDeviceMapping.1.OSSObject", "big"), ("DiskDeviceMapping.1.DiskImageSize", "1")]);
    assert_eq!(world.ecs_code("ImportImage", &small).await, (400, "InvalidImageSize".into()));
}

/// A disk of 2 GiB with nothing on it.
struct Blank;

impl disk::Disk for Blank {
    fn virtual_size(&self) -> u64 {
        2 << 30
    }

    fn read_exact_at(&self, buf: &mut [u8], _offset: u64) -> std::io::Result<()> {
        buf.fill(0);
        Ok(())
    }

    fn next_data(&self, _offset: u64) -> std::io::Result<Option<std::ops::Range<u64>>> {
        Ok(None)
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn the_role_is_taken_literally() {
    let world = World::new().await;
    let bucket = world.bucket(world.account, "disks", "cn-hangzhou").await;
    world.put(&bucket, NewObject::plain("disk.raw"), vec![7; 4096]).await;
    let refused = (403, "NoSetRoletoECSServiceAcount".to_owned());
    assert_eq!(world.ecs_code("ImportImage", &IMPORT).await, refused, "no role");

    let role = "AliyunECSImageImportDefaultRole";
    let trust = |service: &str| {
        format!(
            r#"{{"Version":"1","Statement":[{{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{{"Service":["{service}"]}}}}]}}"#
        )
    };
    let (status, _) =
        world.ram("CreateRole", &[("RoleName", role), ("AssumeRolePolicyDocument", &trust("fc.aliyuncs.com"))]).await;
    assert_eq!(status, 200);
    let narrow = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject","oss:GetBucketLocation"],"Resource":["acs:oss:*:*:disks","acs:oss:*:*:disks/disk.raw"]}]}"#;
    let (status, _) = world.ram("CreatePolicy", &[("PolicyName", "narrow"), ("PolicyDocument", narrow)]).await;
    assert_eq!(status, 200);
    let attach = [("RoleName", role), ("PolicyName", "narrow"), ("PolicyType", "Custom")];
    assert_eq!(world.ram("AttachPolicyToRole", &attach).await.0, 200);
    assert_eq!(world.ecs_code("ImportImage", &IMPORT).await, refused, "the trust policy names another service");

    let update = [("RoleName", role), ("NewAssumeRolePolicyDocument", &*trust("ecs.aliyuncs.com"))];
    assert_eq!(world.ram("UpdateRole", &update).await.0, 200);
    world.put(&bucket, NewObject::plain("other.raw"), vec![7; 4096]).await;
    let other = import_with(&[("DiskDeviceMapping.1.OSSObject", "other.raw")]);
    assert_eq!(world.ecs_code("ImportImage", &other).await, refused, "the policy names another object");
    world.ecs_ok("ImportImage", &IMPORT).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn names_and_tokens() {
    let world = World::ready().await;
    let with_token = import_with(&[("ClientToken", "tok-1")]);
    let first = world.ecs_ok("ImportImage", &with_token).await;
    assert_eq!(world.ecs_code("ImportImage", &IMPORT).await, (403, "ImageIsImporting".into()));
    let mut again = world.ecs_ok("ImportImage", &with_token).await;
    again["RequestId"] = first["RequestId"].clone();
    assert_eq!(again, first, "the same token gives the same answer");
    let changed = import_with(&[("ClientToken", "tok-1"), ("Description", "other")]);
    assert_eq!(world.ecs_code("ImportImage", &changed).await, (400, "IdempotentParameterMismatch".into()));
    world.work().await;
    assert_eq!(world.ecs_code("ImportImage", &IMPORT).await, (400, "InvalidImageName.Duplicated".into()));
    world.clock.advance_millis(meta::tokens::KEPT_MILLIS + 1);
    assert_eq!(world.ecs_code("ImportImage", &with_token).await, (400, "InvalidImageName.Duplicated".into()));
    let nameless: Vec<_> = IMPORT.into_iter().filter(|(name, _)| *name != "ImageName").collect();
    let made = world.ecs_ok("ImportImage", &nameless).await;
    let id = made["ImageId"].as_str().expect("an id");
    let found = world.ecs_ok("DescribeImages", &[("ImageId", id), ("Status", "ALL")]).await;
    assert_eq!(found["Images"]["Image"][0]["ImageName"], id);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_cancelled_import_is_gone() {
    let world = World::ready().await;
    let imported = world.ecs_ok("ImportImage", &IMPORT).await;
    let task = imported["TaskId"].as_str().expect("an id");
    world.ecs_ok("CancelTask", &[("TaskId", task)]).await;
    world.work().await;
    assert_eq!(world.ecs_ok("DescribeImages", &[("Status", "ALL")]).await["TotalCount"], 0);
    let ended = world.ecs_ok("DescribeTaskAttribute", &[("TaskId", task)]).await;
    assert_eq!(ended["TaskStatus"], "Failed");
    assert_eq!(ended["FailedCount"], 1);
    assert_eq!(ended["OperationProgressSet"]["OperationProgress"][0]["ErrorCode"], "TaskCancelled");
    for (action, expected) in [("CancelTask", 403), ("DescribeTaskAttribute", 400)] {
        let id = if expected == 403 { task } else { "t-unknown" };
        assert_eq!(world.ecs_code(action, &[("TaskId", id)]).await.0, expected);
    }
    assert_eq!(world.ecs_code("CancelTask", &[("TaskId", "t-x")]).await, (400, "InvalidTaskId.NotFound".into()));
    assert_eq!(world.ecs_code("CancelTask", &[]).await, (400, "MissingParameter".into()));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn exports() {
    let world = World::ready().await;
    let imported = world.ecs_ok("ImportImage", &IMPORT).await;
    let image = imported["ImageId"].as_str().expect("an id");
    let export = |changes: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        let base = [("ImageId", image), ("OSSBucket", "disks"), ("OSSPrefix", "pre"), ("ImageFormat", "qcow2")];
        let kept = base.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        kept.chain(changes.iter().copied()).collect()
    };
    assert_eq!(world.ecs_code("ExportImage", &export(&[])).await, (400, "IncorrectImageStatus".into()));
    world.work().await;
    assert_eq!(world.ecs_code("ExportImage", &export(&[])).await, (403, "NoSetRoletoECSServiceAcount".into()));
    world.role("AliyunECSImageExportDefaultRole", "AliyunECSImageExportRolePolicy").await;
    for (change, code) in [
        (("ImageId", "m-x"), "InvalidImageId.NotFound"),
        (("ImageId", ""), "MissingParameter"),
        (("OSSBucket", "nowhere"), "InvalidOSSBucket.NotFound"),
        (("OSSPrefix", "a_b"), "InvalidOSSPrefix.Malformed"),
        (("ImageFormat", "vdi2"), "InvalidImageFormat.Malformed"),
        (("DryRun", "true"), "DryRunOperation"),
    ] {
        assert_eq!(world.ecs_code("ExportImage", &export(&[change])).await.1, code, "{change:?}");
    }
    let started = world.ecs_ok("ExportImage", &export(&[])).await;
    assert_eq!(started["ExportTaskId"], started["TaskId"]);
    assert_eq!(world.ecs_code("ExportImage", &export(&[])).await, (403, "ImageIsExporting".into()));
    assert_eq!(world.ecs_code("DeleteImage", &[("ImageId", image)]).await, (403, "ImageIsExporting".into()));
    world.work().await;
    let task = started["TaskId"].as_str().expect("an id");
    let ended = world.ecs_ok("DescribeTaskAttribute", &[("TaskId", task)]).await;
    assert_eq!(ended["TaskStatus"], "Finished", "{ended}");
    let related = &ended["OperationProgressSet"]["OperationProgress"][0]["RelatedItemSet"]["RelatedItem"];
    let key = format!("pre_{image}_system.qcow2");
    let expected = json!([
        {"Name": "OSSBucket", "Value": "disks"},
        {"Name": "OSSObject", "Value": key},
        {"Name": "ImageFormat", "Value": "qcow2"},
    ]);
    assert_eq!(related, &expected);
    let bucket = "disks".parse().expect("a name");
    assert!(world.engine.buckets().object(&bucket, &key).await.expect("the object").size > 0);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn nobody_sees_what_is_not_theirs() {
    let world = World::ready().await;
    let imported = world.ecs_ok("ImportImage", &IMPORT).await;
    world.work().await;
    let (image, task) = (imported["ImageId"].as_str().expect("an id"), imported["TaskId"].as_str().expect("an id"));
    let other = async |action: &str, params: &[(&str, &str)]| -> Value {
        let params = [params, &[("RegionId", "cn-hangzhou")]].concat();
        world.call_as(OTHER_KEY, "2014-05-26", action, &params).await.1
    };
    assert_eq!(other("DescribeImages", &[("ImageId", image), ("Status", "ALL")]).await["TotalCount"], 0);
    assert_eq!(other("DescribeTasks", &[]).await["TotalCount"], 0);
    assert_eq!(other("DescribeTaskAttribute", &[("TaskId", task)]).await["Code"], "InvalidTaskId.NotFound");
    assert_eq!(other("CancelTask", &[("TaskId", task)]).await["Code"], "InvalidTaskId.NotFound");
    assert_eq!(other("DeleteImage", &[("ImageId", image)]).await["Code"], "InvalidImageId.NotFound");
    let tag = [("ResourceType", "image"), ("ResourceId.1", image), ("Tag.1.Key", "k")];
    assert_eq!(other("TagResources", &tag).await["Code"], "InvalidResourceId.NotFound");
    let export = [("ImageId", image), ("OSSBucket", "disks")];
    assert_eq!(other("ExportImage", &export).await["Code"], "InvalidImageId.NotFound");
    // Nor in another region of one's own.
    let elsewhere = [("RegionId", "us-west-1"), ("ImageId", image), ("Status", "ALL")];
    assert_eq!(world.call_as(crate::support::KEY, "2014-05-26", "DescribeImages", &elsewhere).await.1["TotalCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn lists_and_their_filters() {
    let world = World::ready().await;
    for n in 0..12 {
        let name = format!("image-{n:02}");
        world.ecs_ok("ImportImage", &import_with(&[("ImageName", &name)])).await;
        world.clock.advance_millis(60_000);
    }
    world.work().await;
    let names = async |params: &[(&str, &str)]| -> (Vec<String>, u64) {
        let found = world.ecs_ok("DescribeImages", params).await;
        let images = found["Images"]["Image"].as_array().expect("a list");
        let name = |image: &Value| image["ImageName"].as_str().expect("a name").to_owned();
        (images.iter().map(name).collect(), found["TotalCount"].as_u64().expect("a number"))
    };
    let (first, total) = names(&[]).await;
    assert_eq!((first.len(), first[0].as_str(), total), (10, "image-11", 12));
    let (second, _) = names(&[("PageNumber", "2"), ("PageSize", "10")]).await;
    assert_eq!(second, ["image-01", "image-00"]);
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = world.ecs_ok("DescribeImages", &[("MaxResults", "5"), ("NextToken", &token)]).await;
        let images = page["Images"]["Image"].as_array().expect("a list");
        seen.extend(images.iter().map(|image| image["ImageName"].as_str().expect("a name").to_owned()));
        assert_eq!((&page["TotalCount"], &page["PageSize"]), (&json!(12), &json!(5)));
        token = page["NextToken"].as_str().expect("a token").to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [first, second].concat(), "both ways of paging show the same");
    for (params, expected) in [
        (&[("ImageName", "image-03")][..], 1),
        (&[("ImageName", "image-0*")], 10),
        (&[("ImageName", "image")], 0),
        (&[("Status", "Available,Creating")], 12),
        (&[("Status", "Deprecated")], 0),
        (&[("ImageOwnerAlias", "self")], 12),
        (&[("ImageOwnerAlias", "system")], 0),
        (&[("ImageOwnerAlias", "others"), ("IsPublic", "true")], 0),
        (&[("Usage", "none")], 12),
        (&[("Usage", "instance")], 0),
        (&[("Status", "ALL"), ("Usable", "True")], 12),
        (&[("Status", "ALL"), ("Usable", "false")], 0),
        (&[("Architecture", "x86_64")], 12),
        (&[("Architecture", "arm64")], 0),
        (&[("OSType", "windows")], 0),
        (&[("SnapshotId", "s-x")], 0),
        (&[("ResourceGroupId", "rg-x")], 0),
        (&[("Tag.1.Key", "none")], 0),
        (&[("Filter.1.Key", "CreationStartTime"), ("Filter.1.Value", "2026-11-21T08:10Z")], 2),
        (&[("Filter.1.Key", "CreationEndTime"), ("Filter.1.Value", "2026-11-21T08:01Z")], 2),
        (&[("Filter.1.Key", "NetworkType"), ("Filter.1.Value", "vpc")], 12),
        (&[("Filter.1.Key", "CpuOnlineUpgrade"), ("Filter.1.Value", "supported")], 0),
    ] {
        assert_eq!(names(params).await.1, expected, "{params:?}");
    }
    for (params, status, code) in [
        (&[("PageSize", "101")][..], 400, "InvalidParameter"),
        (&[("PageNumber", "0")], 400, "InvalidParameter"),
        (&[("MaxResults", "101")], 400, "InvalidParameter"),
        (&[("NextToken", "-1")], 400, "InvalidParameter"),
        (&[("Status", "Shiny")], 400, "InvalidParamter"),
        (&[("Architecture", "vax")], 404, "InvalidArchitecture"),
        (&[("OSType", "vms")], 404, "InvalidOSType"),
        (&[("Usage", "some")], 404, "InvalidUsage"),
        (&[("ActionType", "x")], 400, "InvalidParamter"),
        (&[("ImageOwnerAlias", "me")], 400, "InvalidImageOwnerAlias.ValueNotSupported"),
        (&[("IsPublic", "true")], 400, "InvalidImageOwnerAlias.PublicImageUnsupported"),
        (&[("ImageOwnerId", "1")], 400, "InvalidOperation.ImageOwnerIdUnsupported"),
        (&[("Filter.1.Key", "Color")], 404, "InvalidFilterKey.NotFound"),
        (&[("Filter.1.Key", "CreationEndTime"), ("Filter.1.Value", "x")], 404, "InvalidFilterValue"),
        (&[("Filter.1.Key", "NetworkType"), ("Filter.1.Value", "x")], 400, "InvalidFilterValue.NetworkType"),
        (&[("Usable", "true")], 400, "MissingParameter"),
        (&[("DryRun", "True")], 400, "DryRunOperation"),
        (&[("RegionId", "x-1")], 404, "InvalidRegionId.NotFound"),
    ] {
        assert_eq!(world.ecs_code("DescribeImages", params).await, (status, code.to_owned()), "{params:?}");
    }
    for (params, expected) in [
        (&[][..], 12),
        (&[("TaskStatus", "Finished")], 12),
        (&[("TaskStatus", "Failed")], 0),
        (&[("TaskStatus", "Whatever")], 12),
        (&[("TaskAction", "ImportImage")], 12),
        (&[("TaskAction", "ExportImage")], 0),
        (&[("TaskAction", "ModifyDiskSpec")], 0),
        (&[("StartTime", "2026-11-21T08:10:00Z")], 2),
        (&[("EndTime", "2026-11-21T08:00:30Z")], 1),
        (&[("ResourceIds.1", "m-x")], 0),
        (&[("TaskIds", "t-1,t-2")], 0),
    ] {
        assert_eq!(world.ecs_ok("DescribeTasks", params).await["TotalCount"], expected, "{params:?}");
    }
    assert_eq!(world.ecs_code("DescribeTasks", &[("TaskAction", "Dance")]).await.0, 400);
}
