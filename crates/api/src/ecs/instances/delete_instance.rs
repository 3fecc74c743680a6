//! `DeleteInstance`: release a server. Disks that go with it go; the others are left without a server.

use engine::machines;
use meta::Scope;
use model::{Instance, InstanceStatus};
use wire::Params;

use super::power::One;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::flag;
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DeleteInstance {
    one: One,
    force: bool,
}

/// Codes that releasing one server and several share.
pub(super) const RELEASE_CODES: [Code; 4] =
    [Code::InstanceIdNotFound, Code::InstanceStatusIncorrect, Code::InstanceInitializing, Code::DeletionProtected];

impl Action for DeleteInstance {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteInstance",
        summary: "Release a server.",
        codes: &[RELEASE_CODES[0], RELEASE_CODES[1], RELEASE_CODES[2], RELEASE_CODES[3], Code::DryRunOperation],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { one: One::read(params)?, force: flag(params, "Force")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.one.access(cx, "ecs:DeleteInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let seq = cx.engine().age_sequence(now);
        let Self { one, force } = self;
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let code = Code::InstanceIdNotFound;
                let found = own_anywhere::<Instance>(tx, account, one.instance.as_str(), code)?;
                may_release(&found.record, force)?;
                if one.dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                machines::release(tx, &found, now, seq)?;
                Ok(())
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}

/// Whether a server may be released as it stands.
pub(super) fn may_release(instance: &Instance, force: bool) -> ApiResult<()> {
    if instance.deletion_protection {
        return Err(Code::DeletionProtected.error());
    }
    match instance.status {
        InstanceStatus::Stopped => Ok(()),
        _ if force => Ok(()),
        InstanceStatus::Pending => Err(Code::InstanceInitializing.error()),
        InstanceStatus::Starting | InstanceStatus::Running | InstanceStatus::Stopping => {
            Err(Code::InstanceStatusIncorrect.error())
        }
    }
}
