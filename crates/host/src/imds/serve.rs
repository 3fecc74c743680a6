//! Answers guests: who asks is said by the relay's first line, the rest is HTTP.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::Clock;
use tokio::io::AsyncReadExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::facts::Directory;
use super::{token, tree};

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;

/// How long a guest may take over the head of a request, and how long a connection may lie idle.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The longest first line: an id and its end.
const LONGEST_PREFACE: usize = 65;

const TOKEN_PATHS: [&str; 2] = ["/latest/api/token", "/2016-01-01/api/token"];
const TTL_HEADER: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "x-aliyun-ecs-metadata-token";

struct Service {
    directory: Arc<dyn Directory>,
    secret: [u8; 32],
    clock: Arc<dyn Clock>,
}

/// Serves relays until `shutdown` completes; then those that are being answered are cut off, since a guest asks again.
///
/// Tokens are made with `secret`: servers that share one take each other's.
pub async fn serve(
    listener: UnixListener,
    directory: Arc<dyn Directory>,
    secret: [u8; 32],
    clock: Arc<dyn Clock>,
    shutdown: impl Future<Output = ()>,
) {
    let service = Arc::new(Service { directory, secret, clock });
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("it is never closed");
            (listener.accept().await, slot)
        };
        tokio::select! {
            () = &mut shutdown => return,
            Some(_) = connections.join_next() => {}
            (accepted, slot) = accepted => match accepted {
                Ok((stream, _)) => {
                    let service = Arc::clone(&service);
                    connections.spawn(async move {
                        let _slot = slot;
                        converse(stream, service).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a guest's connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn converse(mut stream: UnixStream, service: Arc<Service>) {
    let Ok(Some(instance)) = timeout(PATIENCE, preface(&mut stream)).await else {
        tracing::warn!("something that is no relay connected to the metadata service");
        return;
    };
    let instance: Arc<str> = instance.into();
    let answering = service_fn(move |request| {
        let (service, instance) = (Arc::clone(&service), Arc::clone(&instance));
        async move { Ok::<_, Infallible>(service.answer(&instance, &request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), answering);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a guest's connection ended early");
    }
}

/// The first line, byte by byte: what follows it is for HTTP.
async fn preface(stream: &mut UnixStream) -> Option<String> {
    let mut line = Vec::new();
    while line.len() < LONGEST_PREFACE {
        match stream.read_u8().await.ok()? {
            b'\n' => return String::from_utf8(line).ok(),
            byte => line.push(byte),
        }
    }
    None
}

impl Service {
    async fn answer(&self, instance: &str, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let (headers, path) = (request.headers(), request.uri().path());
        let Some(facts) = self.directory.facts(instance).await else { return refuse(StatusCode::NOT_FOUND) };
        if !facts.is_enabled {
            return refuse(StatusCode::FORBIDDEN);
        }
        if TOKEN_PATHS.contains(&path) {
            return if request.method() == Method::PUT {
                self.issue(instance, headers)
            } else {
                refuse(StatusCode::METHOD_NOT_ALLOWED)
            };
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return refuse(StatusCode::METHOD_NOT_ALLOWED);
        }
        match headers.get(TOKEN_HEADER).map(|token| token.to_str().unwrap_or_default()) {
            None if facts.needs_token => return refuse(StatusCode::FORBIDDEN),
            Some(token) if !token::is_valid(&self.secret, instance, token, self.clock.now()) => {
                return refuse(StatusCode::UNAUTHORIZED);
            }
            _ => {}
        }
        match tree::find(&facts, path) {
            Some(found) => answer(StatusCode::OK, "text/plain; charset=utf-8", found),
            None => refuse(StatusCode::NOT_FOUND),
        }
    }

    fn issue(&self, instance: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        // A proxy that was talked into asking for a token gives itself away.
        if headers.contains_key("x-forwarded-for") {
            return refuse(StatusCode::FORBIDDEN);
        }
        let ttl = headers.get(TTL_HEADER).and_then(|ttl| ttl.to_str().ok()).and_then(|ttl| ttl.parse::<i64>().ok());
        match ttl.filter(|ttl| (1..=token::LONGEST_TTL).contains(ttl)) {
            Some(ttl) => {
                let ends = self.clock.now().plus_millis(ttl * 1000);
                answer(StatusCode::OK, "text/plain", token::issue(&self.secret, instance, ends))
            }
            None => refuse(StatusCode::BAD_REQUEST),
        }
    }
}

/// A page as the real service's web server shows it.
fn refuse(status: StatusCode) -> Response<Full<Bytes>> {
    let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
    answer(status, "text/html", page)
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
