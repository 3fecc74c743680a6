//! Disks at rest: what must be true before a disk begins anew, and how it does.

use engine::machines::leave_volume;
use meta::resources::{self, Stored};
use meta::{Tx, manifests};
use model::{AccountId, Disk, DiskStatus, Instance, InstanceStatus, Snapshot, SnapshotId, SnapshotStatus, Timestamp};

use crate::code::{ApiResult, Code};
use crate::resource::own_anywhere;

/// The server of a disk, which must be stopped; none for a disk of no server.
pub(crate) fn stopped_server(tx: &mut Tx<'_>, account: AccountId, disk: &Disk) -> ApiResult<Option<Stored<Instance>>> {
    let Some(id) = &disk.instance else { return Ok(None) };
    let server = own_anywhere::<Instance>(tx, account, id.as_str(), Code::InstanceIdNotFound)?;
    if server.record.status != InstanceStatus::Stopped {
        return Err(Code::InstanceStatusIncorrect.error());
    }
    Ok(Some(server))
}

/// A disk on its way to a server or from it is nobody's to begin anew.
pub(crate) fn not_on_its_way(disk: &Disk) -> ApiResult<()> {
    match disk.status {
        DiskStatus::InUse | DiskStatus::Available => Ok(()),
        DiskStatus::Attaching | DiskStatus::Detaching => Err(Code::DiskStatusIncorrect.error()),
    }
}

/// No snapshot of the disk may be under way: its frozen layers are in the volume that is about to go.
pub(crate) fn no_snapshot_under_way(tx: &mut Tx<'_>, disk: &Disk, busy: Code) -> ApiResult<()> {
    let snapshots = resources::all_with::<Snapshot>(tx, "disk", disk.id.as_str())?;
    let is_busy = snapshots.iter().any(|snapshot| snapshot.record.status == SnapshotStatus::Progressing);
    if is_busy { Err(busy.error()) } else { Ok(()) }
}

/// Lets a disk begin anew from a manifest, or empty. Its old volume is left to be cleared away.
pub(crate) fn begin_anew(
    tx: &mut Tx<'_>,
    before: &Stored<Disk>,
    (base, source): (String, Option<SnapshotId>),
    (now, seq): (Timestamp, i64),
) -> ApiResult<()> {
    let disk = &before.record;
    leave_volume(tx, disk, now, seq)?;
    manifests::release_all(tx, disk.id.as_str())?;
    if !base.is_empty() {
        manifests::hold(tx, &base, disk.id.as_str())?;
    }
    let after = Disk { base, source_snapshot: source, epoch: disk.epoch + 1, ..disk.clone() };
    resources::update(tx, before, &after)?;
    Ok(())
}
