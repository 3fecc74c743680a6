//! `DescribeTaskAttribute`: one task, with what became of each of its parts.

use meta::tasks;
use model::{RegionId, Task, TaskId, TaskItem, TaskStatus, Timestamp};
use serde::Serialize;
use wire::Params;

use super::describe_tasks::can_cancel;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region, required};

/// The call.
pub(crate) struct DescribeTaskAttribute {
    region: RegionId,
    task: TaskId,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaskAttribute {
    region_id: RegionId,
    task_id: TaskId,
    task_action: &'static str,
    task_status: &'static str,
    task_process: String,
    support_cancel: &'static str,
    total_count: usize,
    success_count: usize,
    failed_count: usize,
    creation_time: String,
    finished_time: String,
    operation_progress_set: ProgressSet,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProgressSet {
    operation_progress: Vec<Operation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Operation {
    operation_status: &'static str,
    error_code: String,
    error_msg: String,
    related_item_set: RelatedItems,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RelatedItems {
    related_item: Vec<RelatedItem>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RelatedItem {
    name: String,
    value: String,
}

impl Action for DescribeTaskAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeTaskAttribute",
        summary: "Show one task and what became of its parts.",
        codes: &[Code::RegionIdNotFound400, Code::TaskIdNotFound],
    };
    type Output = TaskAttribute;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound400)?,
            task: required(params, "TaskId", Code::TaskIdNotFound)?,
        })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeTaskAttribute", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<TaskAttribute> {
        let (account, id) = (cx.account(), self.task);
        let found = cx.engine().meta().read(move |tx| tasks::get(tx, &id)).await?;
        let task = found.filter(|task| task.account == account && task.region == self.region);
        Ok(TaskAttribute::new(task.ok_or(Code::TaskIdNotFound)?))
    }
}

impl TaskAttribute {
    fn new(task: Task) -> Self {
        let operations: Vec<Operation> = task.items.iter().map(|item| Operation::new(item, &task)).collect();
        let count = |status: &str| operations.iter().filter(|operation| operation.operation_status == status).count();
        Self {
            task_process: format!("{}%", task.progress),
            support_cancel: can_cancel(&task),
            total_count: operations.len(),
            success_count: count("Success"),
            failed_count: count("Failed"),
            creation_time: task.created.minutes(),
            finished_time: task.finished.map_or_else(String::new, Timestamp::minutes),
            task_action: task.action.as_str(),
            task_status: task.status.as_str(),
            region_id: task.region,
            task_id: task.id,
            operation_progress_set: ProgressSet { operation_progress: operations },
        }
    }
}

impl Operation {
    fn new(item: &TaskItem, task: &Task) -> Self {
        // A failed task is undone as a whole, so none of its parts succeeded.
        let operation_status = match task.status {
            TaskStatus::Failed => "Failed",
            _ if item.done => "Success",
            _ => "Processing",
        };
        let failure = task.failure.as_ref();
        let related = item.related.iter();
        Self {
            operation_status,
            error_code: failure.map_or_else(String::new, |failure| failure.code.clone()),
            error_msg: failure.map_or_else(String::new, |failure| failure.message.clone()),
            related_item_set: RelatedItems {
                related_item: related
                    .map(|(name, value)| RelatedItem { name: name.clone(), value: value.clone() })
                    .collect(),
            },
        }
    }
}
