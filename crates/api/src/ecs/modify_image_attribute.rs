//! `ModifyImageAttribute`: change what a custom image says of itself.
//!
//! What is absent or empty stays as it is; a call that names nothing is valid and changes nothing. Whether the change may
//! be is decided in the transaction that makes it, always in one order ([`Changes::check`]), so that an image against
//! which several things speak always answers with the same one.

use meta::images::{self, Stored};
use meta::{Scope, Tx, resources, visible};
use model::image::ImageEvent;
use model::quota::Quota;
use model::{
    AccountId, BootMode, Description, Image, ImageId, ImageName, ImageStatus, ImdsSupport, Instance, LicenseType,
    NvmeSupport, RegionId,
};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, optional, region, required};
use crate::quota;

/// The shortest description (ModifyImageAttribute, `Description`).
const SHORTEST_DESCRIPTION: usize = 2;

/// The call.
pub(crate) struct ModifyImageAttribute {
    region: RegionId,
    image: ImageId,
    changes: Changes,
    dry_run: bool,
}

/// What is to change.
#[derive(Clone, Default)]
struct Changes {
    name: Option<ImageName>,
    description: Option<Description>,
    family: Option<ImageName>,
    status: Option<ImageEvent>,
    boot_mode: Option<BootMode>,
    license: Option<LicenseType>,
    nvme: Option<NvmeSupport>,
    imds: Option<ImdsSupport>,
}

impl Action for ModifyImageAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ModifyImageAttribute",
        summary: "Change name, family, status and other attributes of a custom image.",
        codes: &[
            Code::MissingRegionIdForImage,
            Code::RegionIdNotFoundForDelete,
            Code::ImageNameMalformed,
            Code::ImageDescriptionMalformed,
            Code::ImageDescriptionInvalid,
            Code::ImageFamilyMalformedForModify,
            Code::ImageBootModeNotSupported,
            Code::ImageLicenseTypeNotSupported,
            Code::ImdsSupportInvalid,
            Code::ImageIdNotFound,
            Code::CommunityImageOfOthers,
            Code::ImageIsCreatingForModify,
            Code::ImageStatusNotAvailable,
            Code::ImageStatusNotDeprecated,
            Code::ImageIsSharedForModify,
            Code::ImageBootModeInUse,
            Code::ImageImdsSupportOneWay,
            Code::ImageNameDuplicated,
            Code::ImageFamiliesFullForModify,
            Code::ImageFamilyFullForModify,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        if params.get("RegionId").is_none() {
            return Err(Code::MissingRegionIdForImage.error());
        }
        let region = region(params, cx, Code::RegionIdNotFoundForDelete)?;
        let image = required(params, "ImageId", Code::ImageIdNotFound)?;
        let changes = Changes {
            name: optional(params, "ImageName", Code::ImageNameMalformed)?,
            description: params.get("Description").map(description).transpose()?,
            family: optional(params, "ImageFamily", Code::ImageFamilyMalformedForModify)?,
            status: match params.get("Status") {
                None => None,
                Some("Deprecated") => Some(ImageEvent::Deprecated),
                Some("Available") => Some(ImageEvent::Restored),
                // The document has no code for another word.
                Some(_) => return Err(ApiError::invalid("Status")),
            },
            boot_mode: optional(params, "BootMode", Code::ImageBootModeNotSupported)?,
            license: license(params)?,
            nvme: optional(params, "Features.NvmeSupport", ApiError::invalid("Features.NvmeSupport"))?,
            imds: optional(params, "Features.ImdsSupport", Code::ImdsSupportInvalid)?,
        };
        Ok(Self { region, image, changes, dry_run: input::flag(params, "DryRun")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        vec![Access { verb: "ecs:ModifyImageAttribute", resource: cx.resource("ecs", self.region.as_str(), &image) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let Self { region, image, changes, dry_run } = self;
        let work = move |tx: &mut Tx<'_>| {
            let before = own_image(tx, account, &region, &image)?;
            changes.check(tx, &before.image)?;
            if dry_run {
                return Err(Code::DryRunOperation.error());
            }
            let after = changes.applied_to(&before.image);
            if after != before.image && !images::update(tx, &before, &after)? {
                return Err(ApiError::internal("a row changed that this transaction has to itself"));
            }
            Ok(Nothing {})
        };
        cx.engine().meta().write(Scope::Account(account), work).await
    }
}

/// The only licence that can be said afterwards: those that the service brings are a matter of the import.
fn license(params: &Params) -> ApiResult<Option<LicenseType>> {
    let bad = Code::ImageLicenseTypeNotSupported;
    let license: Option<LicenseType> = optional(params, "LicenseType", bad)?;
    if license.is_some_and(|license| license != LicenseType::Byol) { Err(bad.error()) } else { Ok(license) }
}

/// A description that is wrongly formed is one thing: its length, or a link in front. One of the right form may still
/// have contents that no page can show: then the document's other row answers. Lines may be broken.
fn description(text: &str) -> ApiResult<Description> {
    let parsed: Description = text.parse().map_err(|_| Code::ImageDescriptionMalformed)?;
    if text.chars().count() < SHORTEST_DESCRIPTION {
        return Err(Code::ImageDescriptionMalformed.error());
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Code::ImageDescriptionInvalid.error());
    }
    Ok(parsed)
}

/// The caller's image, with nobody beginning to use it meanwhile. A community image of somebody else can be seen and not
/// changed, which is said; an image that is shared with the caller is not the caller's, and that is all that is said.
fn own_image(tx: &mut Tx<'_>, account: AccountId, region: &RegionId, id: &ImageId) -> ApiResult<Stored> {
    let found = images::get_exclusive(tx, id)?.filter(|stored| stored.image.region == *region);
    match found {
        Some(stored) if stored.image.owner == account => Ok(stored),
        Some(stored) if stored.image.is_public => Err(Code::CommunityImageOfOthers.error()),
        Some(_) | None => Err(Code::ImageIdNotFound.error()),
    }
}

/// What speaks against retiring an image: only one that is available and that nobody else counts on can be.
pub(crate) fn against_deprecation(tx: &mut Tx<'_>, image: &Image) -> ApiResult<Option<Code>> {
    if image.status.is_building() {
        return Ok(Some(Code::ImageIsCreatingForModify));
    }
    if image.status.on(ImageEvent::Deprecated).is_err() {
        return Ok(Some(Code::ImageStatusNotAvailable));
    }
    // A community image is shared with everybody.
    let is_shared = image.is_public || !visible::shared_with(tx, &image.id)?.is_empty();
    Ok(is_shared.then_some(Code::ImageIsSharedForModify))
}

impl Changes {
    /// The first of the things that speak against the change: the image's state, then what hangs on it, then what its
    /// owner has beside it.
    fn check(&self, tx: &mut Tx<'_>, image: &Image) -> ApiResult<()> {
        if image.status.is_building() {
            return Err(Code::ImageIsCreatingForModify.error());
        }
        match self.status {
            Some(ImageEvent::Deprecated) => {
                if let Some(code) = against_deprecation(tx, image)? {
                    return Err(code.error());
                }
            }
            Some(_) if image.status != ImageStatus::Deprecated => return Err(Code::ImageStatusNotDeprecated.error()),
            _ => {}
        }
        if let Some(boot_mode) = self.boot_mode.filter(|mode| *mode != image.boot_mode) {
            if !boot_mode.fits(image.architecture) {
                return Err(Code::ImageBootModeNotSupported.error());
            }
            if 0 < resources::count_with::<Instance>(tx, "image", image.id.as_str())? {
                return Err(Code::ImageBootModeInUse.error());
            }
        }
        if (image.features.imds, self.imds) == (ImdsSupport::V2, Some(ImdsSupport::V1)) {
            return Err(Code::ImageImdsSupportOneWay.error());
        }
        if let Some(name) = self.name.as_ref().filter(|name| **name != image.name)
            && images::by_name(tx, image.owner, &image.region, name)?.is_some()
        {
            return Err(Code::ImageNameDuplicated.error());
        }
        if let Some(family) = self.family.as_ref().filter(|family| Some(*family) != image.family.as_ref()) {
            let full = (Code::ImageFamiliesFullForModify, Code::ImageFamilyFullForModify);
            family_has_room(tx, (image.owner, &image.region), family, full)?;
        }
        Ok(())
    }

    fn applied_to(&self, image: &Image) -> Image {
        let mut after = image.clone();
        after.name = self.name.clone().unwrap_or(after.name);
        after.description = self.description.clone().unwrap_or(after.description);
        after.family = self.family.clone().or(after.family);
        after.boot_mode = self.boot_mode.unwrap_or(after.boot_mode);
        after.license = self.license.unwrap_or(after.license);
        after.features.nvme = self.nvme.unwrap_or(after.features.nvme);
        after.features.imds = self.imds.unwrap_or(after.features.imds);
        after.status = self.status.and_then(|event| after.status.on(event).ok()).unwrap_or(after.status);
        after
    }
}

/// Whether one more image may join a family, which its first member makes. The codes of the actions are spelled
/// differently: for the families of the region, and for the images of one.
pub(crate) fn family_has_room(
    tx: &mut Tx<'_>,
    (owner, region): (AccountId, &RegionId),
    family: &ImageName,
    (families_full, family_full): (Code, Code),
) -> ApiResult<()> {
    let (members, families) = images::family_totals(tx, owner, region, family)?;
    if members == 0 {
        quota::one_more(tx, owner, Quota::ImageFamilies, families, families_full)?;
    }
    quota::one_more(tx, owner, Quota::ImagesPerFamily, members, family_full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_wrong_in_one_of_two_ways() {
        let code = |text: &str| description(text).err().map(|error| error.code());
        for (text, expected) in [
            ("a base image", None),
            ("two\nlines", None),
            ("镜像", None),
            ("x", Some(Code::ImageDescriptionMalformed)),
            ("http://x", Some(Code::ImageDescriptionMalformed)),
            ("https://x", Some(Code::ImageDescriptionMalformed)),
            (&"x".repeat(257), Some(Code::ImageDescriptionMalformed)),
            ("a\u{7}b", Some(Code::ImageDescriptionInvalid)),
            ("a\0b", Some(Code::ImageDescriptionInvalid)),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
    }
}
