//! Tasks, as their clients see them.

use model::{AccountId, RegionId, Task, TaskAction, TaskFailure, TaskId, TaskStatus, Timestamp};

use crate::database::{Error, Page, Row, Tx, Value, to_json, values};
use crate::images::Window;

/// Which tasks a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these ids; any when empty.
    pub ids: Vec<String>,
    /// Only tasks on these resources; any when empty.
    pub resources: Vec<String>,
    /// Only tasks that do this.
    pub action: Option<TaskAction>,
    /// Only tasks that stand here.
    pub status: Option<TaskStatus>,
    /// Only tasks made at or after this time.
    pub created_from: Option<Timestamp>,
    /// Only tasks made at or before this time.
    pub created_to: Option<Timestamp>,
}

/// Adds a task.
pub fn insert(tx: &mut Tx<'_>, task: &Task, seq: i64) -> Result<(), Error> {
    let sql = "INSERT INTO tasks (id, account, region, action, status, resource, seq, created, progress, record) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = values![
        task.id.as_str(),
        task.account,
        task.region.as_str(),
        task.action.as_str(),
        task.status.as_str(),
        task.resource.as_str(),
        seq,
        task.created.as_millis(),
        i64::from(task.progress),
        to_json(task),
    ];
    tx.execute(sql, values).map(drop)
}

/// The task with this id.
pub fn get(tx: &mut Tx<'_>, id: &TaskId) -> Result<Option<Task>, Error> {
    let row = tx.query_one("SELECT progress, record FROM tasks WHERE id = $1", values![id.as_str()])?;
    row.as_ref().map(task).transpose()
}

/// Replaces a task's record.
pub fn update(tx: &mut Tx<'_>, task: &Task) -> Result<(), Error> {
    let sql = "UPDATE tasks SET status = $1, progress = $2, record = $3 WHERE id = $4";
    let progress = i64::from(task.progress);
    tx.execute(sql, values![task.status.as_str(), progress, to_json(task), task.id.as_str()]).map(drop)
}

/// Notes how far a task is.
pub fn set_progress(tx: &mut Tx<'_>, id: &TaskId, progress: u8) -> Result<(), Error> {
    let sql = "UPDATE tasks SET progress = $1 WHERE id = $2";
    tx.execute(sql, values![i64::from(progress), id.as_str()]).map(drop)
}

/// Ends a task that did what it was asked; one that has ended already stays as it is.
pub fn end_finished(tx: &mut Tx<'_>, id: &TaskId, now: Timestamp) -> Result<(), Error> {
    end(tx, id, now, |task| {
        task.status = TaskStatus::Finished;
        task.progress = 100;
        task.items.iter_mut().for_each(|item| item.done = true);
    })
}

/// Ends a task that failed or was cancelled; one that has ended already stays as it is.
pub fn end_failed(tx: &mut Tx<'_>, id: &TaskId, failure: TaskFailure, now: Timestamp) -> Result<(), Error> {
    end(tx, id, now, |task| {
        task.status = TaskStatus::Failed;
        task.failure = Some(failure);
    })
}

fn end(tx: &mut Tx<'_>, id: &TaskId, now: Timestamp, change: impl FnOnce(&mut Task)) -> Result<(), Error> {
    let Some(mut task) = get(tx, id)?.filter(|task| task.status == TaskStatus::Processing) else { return Ok(()) };
    change(&mut task);
    task.finished = Some(now);
    update(tx, &task)
}

/// Whether a task that does this is running on a resource.
pub fn is_running(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    action: TaskAction,
    resource: &str,
) -> Result<bool, Error> {
    let sql = "SELECT id FROM tasks WHERE account = $1 AND region = $2 AND resource = $3 AND action = $4 \
               AND status = $5 LIMIT 1";
    let processing = TaskStatus::Processing.as_str();
    let values = values![account, region.as_str(), resource, action.as_str(), processing];
    Ok(tx.query_one(sql, values)?.is_some())
}

/// One page of an account's tasks in a region, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    filter: &Filter,
    window: Window,
) -> Result<Page<Task>, Error> {
    let mut conditions = String::new();
    let mut values = values![account, region.as_str()].to_vec();
    let mut push = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    for (column, wanted) in [("id", &filter.ids), ("resource", &filter.resources)] {
        if !wanted.is_empty() {
            let among: Vec<String> = wanted.iter().map(|text| push(text.as_str().into())).collect();
            conditions.push_str(&format!(" AND {column} IN ({})", among.join(", ")));
        }
    }
    if let Some(action) = filter.action {
        conditions.push_str(&format!(" AND action = {}", push(action.as_str().into())));
    }
    if let Some(status) = filter.status {
        conditions.push_str(&format!(" AND status = {}", push(status.as_str().into())));
    }
    if let Some(from) = filter.created_from {
        conditions.push_str(&format!(" AND created >= {}", push(from.as_millis().into())));
    }
    if let Some(to) = filter.created_to {
        conditions.push_str(&format!(" AND created <= {}", push(to.as_millis().into())));
    }
    let count = format!("SELECT COUNT(*) FROM tasks WHERE account = $1 AND region = $2{conditions}");
    let total = tx.query_one(&count, &values)?.map_or(Ok(0), |row| row.size(0))?;
    values.push(window.limit.into());
    values.push(window.offset.into());
    let (limit, offset) = (values.len() - 1, values.len());
    let page = format!(
        "SELECT progress, record FROM tasks WHERE account = $1 AND region = $2{conditions} \
         ORDER BY seq DESC LIMIT ${limit} OFFSET ${offset}"
    );
    let items = tx.query(&page, &values)?.iter().map(task).collect::<Result<_, Error>>()?;
    Ok(Page { items, total, last: None })
}

fn task(row: &Row) -> Result<Task, Error> {
    let mut task: Task = row.json(1)?;
    task.progress = u8::try_from(row.int(0)?).unwrap_or(100).min(100);
    Ok(task)
}
