//! `DeleteInstances`: release servers, all of them or none.

use engine::machines;
use model::ClientToken;
use wire::Params;

use super::delete_instance::{RELEASE_CODES, may_release};
use super::power::Batch;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, optional};
use crate::resource::once;

/// The call.
pub(crate) struct DeleteInstances {
    batch: Batch,
    force: bool,
    token: Option<ClientToken>,
}

impl Action for DeleteInstances {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteInstances",
        summary: "Release servers.",
        codes: &[
            RELEASE_CODES[0],
            RELEASE_CODES[1],
            RELEASE_CODES[2],
            RELEASE_CODES[3],
            Code::RegionIdNotFound404,
            Code::InstanceIdsMissingForDelete,
            Code::TooManyInstanceIds,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::DryRunSuccess,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            batch: Batch::read(params, cx).map_err(|error| match error.code() {
                Code::InstanceIdMissing => Code::InstanceIdsMissingForDelete.error(),
                _ => error,
            })?,
            force: flag(params, "Force")?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.batch.access(cx, "ecs:DeleteInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let seq = cx.engine().age_sequence(now);
        let Self { batch, force, token } = self;
        let region = batch.region.clone();
        let released = once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let found = batch.find(tx, account)?;
            found.iter().try_for_each(|stored| may_release(&stored.record, force))?;
            if batch.dry_run {
                return Err(Code::DryRunSuccess.error());
            }
            (0..).zip(&found).try_for_each(|(n, stored)| machines::release(tx, stored, now, seq + n))?;
            Ok(Nothing {})
        })
        .await?;
        cx.engine().wake_keeper();
        Ok(released)
    }
}
