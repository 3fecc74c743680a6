//! `copy-image/1`: an image becomes an image of another region, or of another owner.
//!
//! The bytes are in the store already, whatever region names them: the copy holds the same manifests, and deleting either
//! image takes no byte from the other. So the copying is one transaction; it is a flow all the same, because its clients
//! see it begin and end, and may cancel it between.

use async_trait::async_trait;
use meta::{Scope, Tx, images, manifests};
use model::image::ImageEvent;
use model::{Image, ImageId};
use serde::{Deserialize, Serialize};

use crate::flow::{Ending, Failure, Flow, Next, Silent, StepCx, StepError, begin_silently};

/// The states of a copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CopyImage {
    /// The copy leaves the queue.
    Start {
        /// The copy.
        image: ImageId,
    },
    /// The copy becomes available.
    Publish {
        /// The copy.
        image: ImageId,
    },
}

/// Records a copy and begins its flow. False when its name is taken. Its disks name the manifests of the source already,
/// and the flow holds them from here on.
pub fn begin(tx: &mut Tx<'_>, silent: Silent, image: &Image, seq: i64) -> Result<bool, meta::Error> {
    if !images::insert(tx, image, seq)? {
        return Ok(false);
    }
    let holder = crate::flow::holder(&silent.flow);
    for disk in image.disks.iter().filter(|disk| !disk.manifest.is_empty()) {
        manifests::hold(tx, &disk.manifest, &holder)?;
    }
    begin_silently(tx, silent, CopyImage::Start { image: image.id.clone() }, "")?;
    Ok(true)
}

#[async_trait]
impl Flow for CopyImage {
    const NAME: &'static str = "copy-image/1";

    async fn step(self, cx: &StepCx) -> Result<Next<Self>, StepError> {
        match self {
            Self::Start { image } => {
                super::set_status(cx, &image, ImageEvent::Started).await?;
                Ok(Next::Step(Self::Publish { image }))
            }
            Self::Publish { image } => Ok(Next::Done(publish(cx, image))),
        }
    }

    async fn undo(&self, _cx: &StepCx) -> Result<(), StepError> {
        // What the flow holds is released by the transaction that ends it.
        Ok(())
    }

    fn undone(&self, cx: &StepCx, failure: &Failure) -> Ending {
        let (Self::Start { image } | Self::Publish { image }) = self.clone();
        let (holder, cancelled, now) = (cx.holder(), failure.cancelled, cx.engine.now());
        let commit = Box::new(move |tx: &mut Tx<'_>| {
            manifests::release_all(tx, &holder)?;
            super::end_undone(tx, &image, cancelled, now)
        });
        Ending { scope: Scope::Account(cx.account), commit }
    }
}

fn publish(cx: &StepCx, image: ImageId) -> Ending {
    let (holder, now) = (cx.holder(), cx.engine.now());
    let seq = cx.engine.age_sequence(now);
    let commit = Box::new(move |tx: &mut Tx<'_>| {
        if let Some(before) = images::get(tx, &image)?
            && let Ok(status) = before.image.status.on(ImageEvent::Published)
        {
            let after = Image { status, progress: 100, ..before.image.clone() };
            for disk in after.disks.iter().filter(|disk| !disk.manifest.is_empty()) {
                manifests::hold(tx, &disk.manifest, image.as_str())?;
            }
            images::update(tx, &before, &after)?;
            super::record_snapshots(tx, &after, seq, now)?;
        }
        manifests::release_all(tx, &holder).map(drop)
    });
    Ending { scope: Scope::Account(cx.account), commit }
}
