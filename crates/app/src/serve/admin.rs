//! The operator's door: a socket in the data directory, for what is not the cloud's API.
//!
//! Whoever can open the socket owns the data directory, so there is no further key. Requests are small JSON over HTTP;
//! long work answers with a line of JSON whenever it has got on, and a last one with its outcome.

use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use api::impact::{Change, Impact};
use bytes::Bytes;
use futures::StreamExt as _;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use identity::NewSession;
use meta::{Scope, images, manifests};
use model::image::EVERYWHERE;
use model::{AccountId, Image, ImageId, ImageName, ImageStatus, RegionId, SnapshotId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Damage, ManifestId, Progress, VerifyOptions};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};

use super::doors::Body;
use super::{Server, inquiry, limits, make_account};
use crate::data_dir::Credentials;

const LARGEST_REQUEST: usize = 64 << 10;

/// `POST /accounts`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NewAccount {
    pub(crate) name: String,
}

/// `POST /sessions`: whoever may open this door may be anybody, so no trust policy is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BeginSession {
    /// The account, by number or name; the first one when there is none.
    pub(crate) account: Option<String>,
    /// The role's name.
    pub(crate) role: String,
    /// What the session is called.
    pub(crate) name: String,
    /// How long it is.
    pub(crate) seconds: u32,
}

/// `POST /verify`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Verify {
    /// Read every disk and compute its digest, too.
    pub(crate) deep: bool,
}

/// `POST /gc`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Collect {
    /// How old what nothing names must be, in milliseconds.
    pub(crate) grace_millis: i64,
}

/// `POST /system-images`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SystemImage {
    /// The image whose bytes it has.
    pub(crate) image: String,
    /// Its id and its name.
    pub(crate) name: String,
    /// The family, without `acs:`.
    pub(crate) family: Option<String>,
}

/// `POST /impact`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AskImpact {
    /// The image.
    pub(crate) image: String,
    /// What is to be done to it.
    pub(crate) change: Change,
}

/// A line of a long answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    Progress { done: u64, of: u64 },
    Done(Value),
    Failed(String),
}

/// Opens the door; the future that is returned keeps it until told to stop.
pub(crate) fn listen(
    path: PathBuf,
    server: Arc<Server>,
    mut stopping: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + Send + 'static> {
    // The directory is locked, so a socket that is there is left from a server that is not.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
    Ok(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopping.changed() => break,
            };
            let Ok((stream, _)) = accepted else { continue };
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let server = Arc::clone(&server);
                    async move { Ok::<_, Infallible>(answer(&server, request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                if let Err(error) = connection.serve_connection(TokioIo::new(stream), service).await {
                    tracing::debug!(%error, "an operator's connection ended early");
                }
            });
        }
        let _ = std::fs::remove_file(&path);
    })
}

async fn answer(server: &Arc<Server>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let outcome = async {
        let body = Limited::new(body, LARGEST_REQUEST).collect().await.map_err(|error| anyhow::anyhow!(error))?;
        let body = body.to_bytes();
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/accounts") => {
                let NewAccount { name } = serde_json::from_slice(&body)?;
                let made = make_account(server.engine.meta(), &name, None).await?;
                told(&made)
            }
            (&Method::POST, "/sessions") => told(&begin(server, serde_json::from_slice(&body)?).await?),
            (&Method::POST, "/verify") => Ok(Some(verify(server, serde_json::from_slice(&body)?).await?)),
            (&Method::POST, "/gc") => {
                let Collect { grace_millis } = serde_json::from_slice(&body)?;
                told(&collect(server, grace_millis).await?)
            }
            (&Method::POST, "/system-images") => told(&publish(server, serde_json::from_slice(&body)?).await?),
            (&Method::POST, "/explain") => told(&inquiry::explain(server, serde_json::from_slice(&body)?).await?),
            (&Method::POST, "/quotas") => told(&limits::limits(server, serde_json::from_slice(&body)?).await?),
            (&Method::POST, "/audit") => told(&inquiry::audit(server, serde_json::from_slice(&body)?).await?),
            (&Method::POST, "/impact") => told(&impact(server, serde_json::from_slice(&body)?).await?),
            (&Method::GET, "/usage") => told(&usage(server).await?),
            _ => Ok::<_, anyhow::Error>(None),
        }
    };
    match outcome.await {
        Ok(Some(response)) => response,
        Ok(None) => whole(StatusCode::NOT_FOUND, json!({"error": "no such request"}).to_string()),
        Err(error) => whole(StatusCode::INTERNAL_SERVER_ERROR, json!({"error": format!("{error:#}")}).to_string()),
    }
}

/// An answer as JSON.
fn told(answer: &impl Serialize) -> Result<Option<Response<Body>>> {
    Ok(Some(whole(StatusCode::OK, serde_json::to_vec(answer)?)))
}

fn whole(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

async fn live_manifests(server: &Server) -> Result<Vec<(ManifestId, String)>> {
    let held = server.engine.meta().read(manifests::held).await?;
    Ok(held.into_iter().filter_map(|(id, holder)| Some((id.parse().ok()?, holder))).collect())
}

/// Reads and checks every stored byte, and says how far it is.
async fn verify(server: &Arc<Server>, Verify { deep }: Verify) -> Result<Response<Body>> {
    let live: Vec<ManifestId> = live_manifests(server).await?.into_iter().map(|(id, _)| id).collect();
    let store = server.engine.store().clone();
    let (events, lines) = mpsc::channel::<Event>(16);
    let progress = events.clone();
    let options = VerifyOptions {
        deep,
        progress: Some(Arc::new(move |Progress { done, of }| {
            // A reader that is slow misses a step, not the end.
            let _ = progress.try_send(Event::Progress { done, of });
        })),
        ..VerifyOptions::default()
    };
    tokio::task::spawn_blocking(move || {
        let event = match store.verify(&live, &options) {
            Ok(report) => {
                let damage: Vec<String> = report.damage.iter().map(|damage: &Damage| format!("{damage:?}")).collect();
                Event::Done(json!({ "manifests": live.len(), "deep": deep, "damage": damage }))
            }
            Err(error) => Event::Failed(error.to_string()),
        };
        let _ = events.blocking_send(event);
    });
    let stream = futures::stream::unfold(lines, |mut lines| async {
        let event = lines.recv().await?;
        let mut line = serde_json::to_vec(&event).unwrap_or_default();
        line.push(b'\n');
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(line))), lines))
    });
    Ok(Response::new(StreamBody::new(stream.boxed()).map_err(|never| match never {}).boxed_unsync()))
}

async fn collect(server: &Server, grace_millis: i64) -> Result<Value> {
    let report = server.engine.sweep(grace_millis.max(0)).await?;
    Ok(json!({
        "blobs_deleted": report.blobs_deleted,
        "manifests_deleted": report.store.manifests_deleted,
        "packs_deleted": report.store.packs_deleted,
        "packs_rewritten": report.store.packs_rewritten,
        "bytes_freed": report.store.bytes_freed,
        "bytes_rewritten": report.store.bytes_rewritten,
    }))
}

/// Offers an image to every account, in every region, under an id of the operator's choice.
async fn publish(server: &Server, SystemImage { image, name, family }: SystemImage) -> Result<Value> {
    let engine = &server.engine;
    let from: ImageId = image.parse().context("that is no image's id")?;
    let id: ImageId = name.parse().context("that is no id")?;
    let name: ImageName = name.parse().context("that is no image's name")?;
    let family: Option<ImageName> =
        family.map(|family| family.parse()).transpose().context("that is no family's name")?;
    let region = EVERYWHERE.parse().expect("a word is a region");
    let now = engine.clock().now();
    let seq = engine.age_sequence(now);
    let snapshots: Vec<SnapshotId> = (0..17).map(|_| SnapshotId::generate(engine.entropy())).collect();
    let published = engine.meta().write(Scope::Shared, move |tx| {
        let found = images::get(tx, &from)?.filter(|stored| stored.image.status == ImageStatus::Available);
        let Some(source) = found.map(|stored| stored.image) else { return Ok(false) };
        let mut system = Image {
            id: id.clone(),
            owner: AccountId::SYSTEM,
            region: RegionId::clone(&region),
            name: name.clone(),
            family: family.clone(),
            is_system: true,
            is_copied: false,
            copied_from: None,
            is_public: false,
            tags: Vec::new(),
            task: None,
            created: now,
            ..source
        };
        for (disk, snapshot) in system.disks.iter_mut().zip(&snapshots) {
            disk.snapshot = snapshot.clone();
            (disk.bucket, disk.object, disk.format) = (String::new(), String::new(), String::new());
        }
        if !images::insert(tx, &system, seq)? {
            return Ok(false);
        }
        for disk in &system.disks {
            manifests::hold(tx, &disk.manifest, id.as_str())?;
        }
        Ok::<_, meta::Error>(true)
    });
    anyhow::ensure!(published.await?, "there is no such available image, or an image has that id already");
    Ok(json!({"published": true}))
}

/// Begins a session of a role.
async fn begin(server: &Server, BeginSession { account, role, name, seconds }: BeginSession) -> Result<Credentials> {
    let account = inquiry::account_of(server, account).await?;
    let found = server.identities.role(account, &role).await?.with_context(|| format!("there is no role {role}"))?.role;
    let longest = found.max_session_seconds;
    anyhow::ensure!(seconds <= longest, "a session of {role} lasts at most {longest} s");
    let key = server.identities.begin(NewSession {
        account,
        role: found.name,
        role_id: found.id,
        name,
        expires: server.engine.clock().now().plus_millis(i64::from(seconds) * 1_000),
        policy: None,
        assumed_by: "the operator".to_owned(),
        source_identity: None,
    });
    Ok(Credentials {
        account_id: account.to_string(),
        access_key_id: key.access_key_id,
        access_key_secret: key.access_key_secret,
        security_token: Some(key.security_token),
    })
}

/// What a change of an image would touch. Only read.
async fn impact(server: &Server, AskImpact { image, change }: AskImpact) -> Result<Impact> {
    let id: ImageId = image.parse().context("that is no image's id")?;
    let found = server.engine.meta().read(move |tx| api::impact::of(tx, &id, change)).await?;
    found.with_context(|| format!("there is no image {image}"))
}

/// What each image stores of its own and shares with others.
async fn usage(server: &Server) -> Result<Value> {
    let live = live_manifests(server).await?;
    let ids: Vec<ManifestId> = live.iter().map(|(id, _)| *id).collect();
    let store = server.engine.store().clone();
    let usage = tokio::task::spawn_blocking(move || store.usage(&ids)).await??;
    let mut disks = Vec::new();
    for (manifest, (_, holder)) in usage.manifests.iter().zip(live) {
        // Snapshots and disks hold manifests, too; what they hold is shown under their ids.
        let id: ImageId = holder.parse().context("a holder that is no id")?;
        let image = server.engine.meta().read(move |tx| images::get(tx, &id)).await?;
        disks.push(json!({
            "image_id": holder,
            "image_name": image.map(|stored| stored.image.name.to_string()),
            "own_bytes": manifest.own_bytes,
            "shared_bytes": manifest.shared_bytes,
        }));
    }
    Ok(json!({
        "disks": disks,
        "packs": usage.packs,
        "pack_bytes": usage.pack_bytes,
        "manifest_bytes": usage.manifest_bytes,
    }))
}
