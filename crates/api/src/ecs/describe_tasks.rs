//! `DescribeTasks`: the caller's tasks in a region, newest first.

use meta::tasks::{self, Filter};
use model::{RegionId, Task, TaskStatus, Timestamp};
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{PageNumber, comma_list, region};

/// Ids that one call may name (`TaskIds`, `ResourceIds.N`).
const IDS_AT_MOST: usize = 100;

/// Other values of `TaskAction`: real ones, of tasks that this server does not run.
const OTHER_ACTIONS: &[&str] = &["RedeployInstance", "ModifyDiskSpec", "ArchiveSnapshot"];

/// The call.
pub(crate) struct DescribeTasks {
    region: RegionId,
    filter: Filter,
    may_match: bool,
    page: PageNumber,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tasks {
    total_count: u64,
    page_number: u64,
    page_size: u64,
    region_id: RegionId,
    task_set: TaskSet,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TaskSet {
    task: Vec<TaskView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TaskView {
    task_id: String,
    task_action: &'static str,
    task_status: &'static str,
    resource_id: String,
    support_cancel: &'static str,
    creation_time: String,
    finished_time: String,
}

impl Action for DescribeTasks {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeTasks",
        summary: "List the caller's tasks in a region.",
        codes: &[Code::RegionIdNotFound400],
    };
    type Output = Tasks;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: comma_list(params, "TaskIds"),
            resources: params.list("ResourceIds").into_iter().map(|(_, id)| id.to_owned()).collect(),
            // Other values are ignored, says the document.
            status: params.get("TaskStatus").and_then(|text| text.parse().ok()),
            created_from: time(params, "StartTime")?,
            created_to: time(params, "EndTime")?,
            action: None,
        };
        if filter.ids.len() > IDS_AT_MOST {
            return Err(ApiError::invalid("TaskIds"));
        }
        if filter.resources.len() > IDS_AT_MOST {
            return Err(ApiError::invalid("ResourceIds"));
        }
        let mut may_match = true;
        if let Some(action) = params.get("TaskAction") {
            match action.parse() {
                Ok(action) => filter.action = Some(action),
                Err(_) if OTHER_ACTIONS.contains(&action) => may_match = false,
                Err(_) => return Err(ApiError::invalid("TaskAction")),
            }
        }
        let region = region(params, cx, Code::RegionIdNotFound400)?;
        Ok(Self { region, filter, may_match, page: PageNumber::read(params)? })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeTasks", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Tasks> {
        let Self { region, filter, may_match, page } = self;
        let (account, place) = (cx.account(), region.clone());
        let found = if may_match {
            let found = cx.engine().meta().read(move |tx| tasks::list(tx, account, &place, &filter, page.window()));
            found.await?
        } else {
            meta::Page { items: Vec::new(), total: 0, last: None }
        };
        Ok(Tasks {
            total_count: found.total,
            page_number: page.number,
            page_size: page.size,
            region_id: region,
            task_set: TaskSet { task: found.items.iter().map(TaskView::new).collect() },
        })
    }
}

fn time(params: &Params, name: &str) -> ApiResult<Option<Timestamp>> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let time = Timestamp::parse_seconds_or_minutes(text);
    time.map(Some).ok_or_else(|| ApiError::invalid(name))
}

impl TaskView {
    fn new(task: &Task) -> Self {
        Self {
            task_id: task.id.to_string(),
            task_action: task.action.as_str(),
            task_status: task.status.as_str(),
            resource_id: task.resource.clone(),
            support_cancel: can_cancel(task),
            creation_time: task.created.minutes(),
            finished_time: task.finished.map_or_else(String::new, Timestamp::minutes),
        }
    }
}

/// `SupportCancel`, a text: whether CancelTask would take the task now.
pub(super) fn can_cancel(task: &Task) -> &'static str {
    if task.status == TaskStatus::Processing { "true" } else { "false" }
}
