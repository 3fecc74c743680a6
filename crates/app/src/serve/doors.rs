//! The HTTP side of the doors: connections, bodies, and which door a request goes to.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use identity::Origin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use wire::call::HttpCall;

use super::Server;

/// Largest body of an RPC call: parameters, never data.
const LARGEST_CALL: usize = 1 << 20;

/// How long a client may take to send its headers.
const HEADER_PATIENCE: Duration = Duration::from_secs(30);

/// How long open connections may take to end when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What a listener leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RPC calls, and OSS requests whose host says so.
    Rpc,
    /// OSS and S3 requests.
    Oss,
    /// Both, by host name: what TLS clients with built-in host names need.
    ByHost,
}

/// Where a request is to go, and whence it came.
#[derive(Debug, Clone, Copy)]
struct Way {
    to: Kind,
    from: Origin,
}

/// Accepts connections until told to stop, and then lets the open ones finish.
pub(crate) async fn listen(
    listener: TcpListener,
    server: Arc<Server>,
    kind: Kind,
    tls: Option<TlsAcceptor>,
    mut stopping: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer),
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Small answers must not wait for an acknowledgement; a failure costs speed only.
        let _ = stream.set_nodelay(true);
        let (server, watcher, tls) = (Arc::clone(&server), graceful.watcher(), tls.clone());
        let way = Way { to: kind, from: Origin { source_ip: Some(peer.ip()), is_secure: tls.is_some() } };
        tokio::spawn(async move {
            match tls {
                None => converse(stream, server, way, watcher).await,
                Some(tls) => match tokio::time::timeout(HEADER_PATIENCE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => converse(stream, server, way, watcher).await,
                    outcome => tracing::debug!(failed = outcome.is_ok(), "a TLS handshake did not end well"),
                },
            }
        });
    }
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    server: Arc<Server>,
    way: Way,
    watcher: Watcher,
) {
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(answer(&server, way, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(server: &Server, way: Way, request: Request<Incoming>) -> Response<Body> {
    if request.method() == Method::CONNECT {
        // A proxy for our own names only, and only in plain text: clients go on without it.
        return plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "CONNECT is not supported\n");
    }
    let host = host_of(&request);
    let to_oss = way.to == Kind::Oss || names_oss(&host);
    if to_oss {
        return server.oss.call(request, way.from).await.map(|body| body.map_err(Into::into).boxed_unsync());
    }
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/healthz") => plain(StatusCode::OK, "text/plain", "ok\n"),
        (&Method::GET, "/readyz") => ready(server).await,
        (&Method::GET, "/metrics") => plain(StatusCode::OK, "text/plain; version=0.0.4", server.metrics.render()),
        _ => call(server, &host, way.from, request).await,
    }
}

async fn call(server: &Server, host: &str, origin: Origin, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_CALL).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the body is larger than a call may be\n");
    };
    let body = body.to_bytes();
    let answer = server
        .api
        .call(HttpCall {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            host,
            headers: &head.headers,
            body: &body,
            peer: origin.source_ip,
            is_secure: origin.is_secure,
        })
        .await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = plain(status, answer.content_type, answer.body);
    if let Some(millis) = answer.retry_after_millis {
        response.headers_mut().insert("x-acs-retry-after", HeaderValue::from(millis));
    }
    response
}

/// The server is ready when its records answer.
async fn ready(server: &Server) -> Response<Body> {
    match server.engine.meta().read(|tx| meta::settings::get(tx, "store-key")).await {
        Ok(_) => plain(StatusCode::OK, "text/plain", "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "the records do not answer");
            plain(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "the records do not answer\n")
        }
    }
}

/// The host that was called: of an absolute target (a client that takes us for its proxy), else of the header.
fn host_of(request: &Request<Incoming>) -> String {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    authority.or(header).unwrap_or_default().to_owned()
}

/// Whether a host is a name of OSS: `oss-REGION.…` or `BUCKET.oss-REGION.…`.
fn names_oss(host: &str) -> bool {
    let mut labels = host.trim_start_matches('.').split('.');
    labels.by_ref().take(2).any(|label| label.starts_with("oss-")) && host.contains(".aliyuncs.com")
}

fn plain(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_oss() {
        for host in
            ["oss-cn-hangzhou.aliyuncs.com", "bkt.oss-cn-hangzhou.aliyuncs.com:80", ".oss-cn-hangzhou.aliyuncs.com"]
        {
            assert!(names_oss(host), "{host}");
        }
        for host in ["ecs-cn-hangzhou.aliyuncs.com", "127.0.0.1:7070", "localhost", "oss-x.example.com", ""] {
            assert!(!names_oss(host), "{host}");
        }
    }
}
