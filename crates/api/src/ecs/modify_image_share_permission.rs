//! `ModifyImageSharePermission`: share a custom image with other accounts or with all of them, or take it back.
//!
//! What recipients made of the image goes on running when it is taken from them; they only cannot begin anew from it. An
//! image that is shared with all is a community image: everybody in its region may make servers of it, and nobody copies
//! or exports it. The accounts that it was shared with before keep their share, and have it again when it is withdrawn.

use meta::images::{self, Stored};
use meta::{Scope, Tx, accounts, visible};
use model::quota::{Quota, SHARE_ACCOUNTS_PER_CALL};
use model::{AccountId, Image, ImageId, ImageStatus, RegionId, Timestamp};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region, required};
use crate::quota;

/// The call.
pub(crate) struct ModifyImageSharePermission {
    region: RegionId,
    image: ImageId,
    change: Change,
    dry_run: bool,
}

/// What is to change.
#[derive(Clone)]
enum Change {
    /// Nothing, when there are no accounts: some clients always make the call.
    Accounts {
        add: Vec<String>,
        remove: Vec<String>,
    },
    Publish,
    Unpublish,
}

impl Action for ModifyImageSharePermission {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ModifyImageSharePermission",
        summary: "Share a custom image with other accounts, or with all of them.",
        codes: &[
            Code::MissingRegionIdForImage,
            Code::RegionIdNotFoundForSharing,
            Code::LaunchPermissionForbidden,
            Code::LaunchPermissionUnnecessary,
            Code::IsPublicConflicts,
            Code::ImageIdNotFound,
            Code::ImageNotAvailableForSharing,
            Code::SharedImageDeprecated,
            Code::ImageAlreadyPublic,
            Code::ImageNotPublic,
            Code::AccountForbidden,
            Code::AccountNotFound,
            Code::ShareUserQuotaExceeded,
            Code::ShareImageQuotaExceeded,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        if params.get("RegionId").is_none() {
            return Err(Code::MissingRegionIdForImage.error());
        }
        let accounts = |name: &str| -> Vec<String> {
            params.list(name).into_iter().map(|(_, text)| text.to_owned()).take(SHARE_ACCOUNTS_PER_CALL).collect()
        };
        let region = region(params, cx, Code::RegionIdNotFoundForSharing)?;
        let image = required(params, "ImageId", Code::ImageIdNotFound)?;
        let (add, remove) = (accounts("AddAccount"), accounts("RemoveAccount"));
        let names_accounts = !(add.is_empty() && remove.is_empty());
        if params.get("LaunchPermission").is_some() {
            // A preview that the service opens to no ordinary account; so no value of it is right or wrong.
            let code = if names_accounts { Code::LaunchPermissionUnnecessary } else { Code::LaunchPermissionForbidden };
            return Err(code.error());
        }
        let change = match input::optional_flag(params, "IsPublic")? {
            Some(_) if names_accounts => return Err(Code::IsPublicConflicts.error()),
            Some(true) => Change::Publish,
            Some(false) => Change::Unpublish,
            None => Change::Accounts { add, remove },
        };
        Ok(Self { region, image, change, dry_run: input::flag(params, "DryRun")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        let resource = cx.resource("ecs", self.region.as_str(), &image);
        vec![Access { verb: "ecs:ModifyImageSharePermission", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let Self { region, image, change, dry_run } = self;
        let work = move |tx: &mut Tx<'_>| {
            let found = images::get_exclusive(tx, &image)?
                .filter(|stored| stored.image.owner == account && stored.image.region == region)
                .ok_or(Code::ImageIdNotFound)?;
            match &change {
                Change::Accounts { add, remove } => share(tx, &found.image, (add, remove), now)?,
                Change::Publish => publish(tx, &found)?,
                Change::Unpublish => unpublish(tx, &found)?,
            }
            // What was done is undone with the transaction.
            if dry_run { Err(Code::DryRunOperation.error()) } else { Ok(Nothing {}) }
        };
        cx.engine().meta().write(Scope::Account(account), work).await
    }
}

/// Whether an image may become visible to more. A copy that is under way may be shared already: clients do that before
/// they wait.
fn may_be_shared(image: &Image) -> ApiResult<()> {
    match image.status {
        ImageStatus::Deprecated => Err(Code::SharedImageDeprecated.error()),
        ImageStatus::CreateFailed | ImageStatus::UnAvailable => Err(Code::ImageNotAvailableForSharing.error()),
        ImageStatus::Waiting | ImageStatus::Creating | ImageStatus::Available => Ok(()),
    }
}

fn share(tx: &mut Tx<'_>, image: &Image, (add, remove): (&[String], &[String]), now: Timestamp) -> ApiResult<()> {
    if !add.is_empty() {
        may_be_shared(image)?;
        if image.is_public {
            return Err(Code::ImageAlreadyPublic.error());
        }
    }
    let known = accounts::list(tx)?;
    let resolve = |text: &String| -> ApiResult<AccountId> {
        let id = text.parse().map_err(|_| unknown(text))?;
        if id == image.owner {
            return Err(Code::AccountForbidden.error());
        }
        if known.iter().any(|known| known.id == id) { Ok(id) } else { Err(unknown(text)) }
    };
    let mut add: Vec<AccountId> = add.iter().map(resolve).collect::<ApiResult<_>>()?;
    let remove: Vec<AccountId> = remove.iter().map(resolve).collect::<ApiResult<_>>()?;
    for id in remove {
        visible::unshare(tx, &image.id, id)?;
    }
    // In one order, whoever calls: owners who share with the same accounts wait for each other, and not in a circle.
    add.sort_unstable();
    add.dedup();
    let there: Vec<AccountId> = visible::shared_with(tx, &image.id)?.into_iter().map(|(id, _)| id).collect();
    add.retain(|id| !there.contains(id));
    let all = (there.len() + add.len()) as u64;
    quota::at_most(tx, image.owner, Quota::AccountsPerImage, all, Code::ShareUserQuotaExceeded)?;
    for id in add {
        let received = visible::received(tx, id)?;
        quota::one_more(tx, id, Quota::SharedImages, received, Code::ShareImageQuotaExceeded)?;
        visible::share(tx, &image.id, id, now)?;
    }
    Ok(())
}

fn unknown(account: &str) -> ApiError {
    Code::AccountNotFound.with(format!(
        "The specified account {account} in parameter \"AddAccount.n\" or \"RemoveAccount.n\" does not exist."
    ))
}

fn publish(tx: &mut Tx<'_>, found: &Stored) -> ApiResult<()> {
    may_be_shared(&found.image)?;
    if found.image.status != ImageStatus::Available {
        // Everybody would see what is not there yet.
        return Err(Code::ImageNotAvailableForSharing.error());
    }
    if found.image.is_public {
        return Err(Code::ImageAlreadyPublic.error());
    }
    set_public(tx, found, true)
}

fn unpublish(tx: &mut Tx<'_>, found: &Stored) -> ApiResult<()> {
    if !found.image.is_public {
        return Err(Code::ImageNotPublic.error());
    }
    set_public(tx, found, false)
}

fn set_public(tx: &mut Tx<'_>, found: &Stored, is_public: bool) -> ApiResult<()> {
    let after = Image { is_public, ..found.image.clone() };
    if images::update(tx, found, &after)? {
        Ok(())
    } else {
        Err(ApiError::internal("a row changed that this transaction has to itself"))
    }
}
