//! The flows, each in a file of its own, and the table that the runner looks them up in.

pub mod export_image;
pub mod import_image;

use std::future::Future;
use std::pin::Pin;

use meta::flows::FlowRow;

use crate::Engine;
use crate::flow::Flow;
use crate::runner::{Drive, drive};

type DriveFn = fn(Engine, FlowRow) -> Pin<Box<dyn Future<Output = Drive> + Send>>;

/// One kind of flow.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) drive: DriveFn,
}

/// Every kind of flow that this server knows.
pub(crate) const KINDS: &[Kind] = &[kind::<import_image::ImportImage>(), kind::<export_image::ExportImage>()];

const fn kind<F: Flow>() -> Kind {
    Kind { name: F::NAME, drive: |engine, row| Box::pin(drive::<F>(engine, row)) }
}
