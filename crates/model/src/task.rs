//! Tasks: what a client sees of a flow.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{AccountId, RegionId, TaskId};
use crate::name::Malformed;

/// What a task does, in the words of `TaskAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TaskAction {
    /// An import: objects become an image.
    ImportImage,
    /// An export: an image becomes objects.
    ExportImage,
}

impl TaskAction {
    /// The action's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImportImage => "ImportImage",
            Self::ExportImage => "ExportImage",
        }
    }
}

impl FromStr for TaskAction {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "ImportImage" => Ok(Self::ImportImage),
            "ExportImage" => Ok(Self::ExportImage),
            _ => Err(Malformed),
        }
    }
}

impl fmt::Display for TaskAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a task stands. `Finished` and `Failed` are final: every task reaches one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TaskStatus {
    /// The flow is running, or is about to.
    Processing,
    /// The flow did what it was asked.
    Finished,
    /// The flow was undone, because a step failed or a client cancelled it.
    Failed,
}

impl TaskStatus {
    /// The status on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "Processing",
            Self::Finished => "Finished",
            Self::Failed => "Failed",
        }
    }
}

impl FromStr for TaskStatus {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "Processing" => Ok(Self::Processing),
            "Finished" => Ok(Self::Finished),
            "Failed" => Ok(Self::Failed),
            _ => Err(Malformed),
        }
    }
}

/// Why a task failed, in the wire's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFailure {
    /// The code, such as `InvalidOSSObject.NotFound`.
    pub code: String,
    /// The text that stands beside the code.
    pub message: String,
}

/// The part of a task that concerns one disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskItem {
    /// Names and values that the client reads, such as `OSSObject`.
    pub related: Vec<(String, String)>,
    /// True once this part is done.
    pub done: bool,
}

/// A task as it stands in the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whose task it is.
    pub account: AccountId,
    /// Where it was asked for.
    pub region: RegionId,
    /// What it does.
    pub action: TaskAction,
    /// The image that it makes or reads.
    pub resource: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Verified bytes in percent, 0 to 100.
    pub progress: u8,
    /// One part a disk.
    pub items: Vec<TaskItem>,
    /// Why it failed, once it has.
    pub failure: Option<TaskFailure>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ended, once it has.
    pub finished: Option<Timestamp>,
}
