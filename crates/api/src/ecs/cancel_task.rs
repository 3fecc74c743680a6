//! `CancelTask`: stop an import or an export, and leave nothing of it.
//!
//! Once this answers, the task will not succeed: the flow's ending looks for a cancellation in its own transaction.

use meta::{Scope, flows, tasks};
use model::{RegionId, TaskId, TaskStatus};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region, required};

/// The call.
pub(crate) struct CancelTask {
    region: RegionId,
    task: TaskId,
}

impl Action for CancelTask {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CancelTask",
        summary: "Stop a running import or export.",
        codes: &[Code::RegionIdNotFound400, Code::TaskIdNotFound, Code::TaskStatusIncorrect],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound400)?,
            task: required(params, "TaskId", Code::TaskIdNotFound)?,
        })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:CancelTask", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let Self { region, task } = self;
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let found = tasks::get(tx, &task)?;
                let found = found.filter(|task| task.account == account && task.region == region);
                let found = found.ok_or(Code::TaskIdNotFound)?;
                if found.status != TaskStatus::Processing || !flows::cancel(tx, &task)? {
                    return Err(Code::TaskStatusIncorrect.error());
                }
                Ok(())
            })
            .await?;
        cx.engine().cancelled();
        Ok(Nothing {})
    }
}
