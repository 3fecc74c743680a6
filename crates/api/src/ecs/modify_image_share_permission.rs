//! `ModifyImageSharePermission`: share a custom image with other accounts, or take it from them.
//!
//! What recipients made of the image goes on running when it is taken from them; they only cannot begin anew from it.

use meta::{Scope, accounts, images, visible};
use model::{AccountId, ImageId, ImageStatus, RegionId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region, required};

/// Accounts of one call; the surplus is ignored (ModifyImageSharePermission, `AddAccount.N`).
const PER_CALL: usize = 10;

/// Accounts that one image is shared with (ModifyImageSharePermission, "Usage notes").
const PER_IMAGE: usize = 50;

/// The call.
pub(crate) struct ModifyImageSharePermission {
    region: RegionId,
    image: ImageId,
    add: Vec<String>,
    remove: Vec<String>,
    dry_run: bool,
}

impl Action for ModifyImageSharePermission {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ModifyImageSharePermission",
        summary: "Share a custom image with other accounts.",
        codes: &[
            Code::RegionIdNotFoundForSharing,
            Code::ImageIdNotFound,
            Code::ImageNotAvailable,
            Code::SharedImageDeprecated,
            Code::AccountForbidden,
            Code::AccountNotFound,
            Code::ShareUserQuotaExceeded,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let accounts = |name: &str| -> Vec<String> {
            params.list(name).into_iter().map(|(_, text)| text.to_owned()).take(PER_CALL).collect()
        };
        if params.get("IsPublic").is_some() {
            // Images for everybody are not offered by this server.
            return Err(Code::UnsupportedOperation.error());
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForSharing)?,
            image: required(params, "ImageId", Code::ImageIdNotFound)?,
            add: accounts("AddAccount"),
            remove: accounts("RemoveAccount"),
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let image = format!("image/{}", self.image);
        let resource = cx.resource("ecs", self.region.as_str(), &image);
        vec![Access { verb: "ecs:ModifyImageSharePermission", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let Self { region, image, add, remove, dry_run } = self;
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let found = images::get(tx, &image)?
                    .filter(|stored| stored.image.owner == account && stored.image.region == region)
                    .ok_or(Code::ImageIdNotFound)?;
                match found.image.status {
                    ImageStatus::Deprecated if !add.is_empty() => return Err(Code::SharedImageDeprecated.error()),
                    ImageStatus::CreateFailed | ImageStatus::UnAvailable if !add.is_empty() => {
                        return Err(Code::ImageNotAvailable.error());
                    }
                    // A copy that is under way may be shared already: clients do that before they wait.
                    _ => {}
                }
                let known = accounts::list(tx)?;
                let resolve = |text: &String| {
                    let id: AccountId = text.parse().map_err(|_| Code::AccountNotFound)?;
                    if id == account {
                        return Err(Code::AccountForbidden);
                    }
                    if known.iter().any(|known| known.id == id) { Ok(id) } else { Err(Code::AccountNotFound) }
                };
                let add: Vec<AccountId> = add.iter().map(resolve).collect::<Result<_, Code>>()?;
                let remove: Vec<AccountId> = remove.iter().map(resolve).collect::<Result<_, Code>>()?;
                if dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                for id in remove {
                    visible::unshare(tx, &image, id)?;
                }
                for id in add {
                    visible::share(tx, &image, id, now)?;
                }
                if PER_IMAGE < visible::shared_with(tx, &image)?.len() {
                    return Err(Code::ShareUserQuotaExceeded.error());
                }
                Ok(Nothing {})
            })
            .await
    }
}
