//! The listener: accepts connections, runs each as a task, and ends them all in order.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::error::{Error, ErrorKind, Reason};
use super::export::Exports;
use super::socket::OwnedSocket;
use super::{handshake, transmission};

/// Many small requests arrive together and are read with one call to the system.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of a server.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Connections served at once; more wait to be accepted. Each may hold 33 MiB.
    pub max_connections: usize,
    /// How long a client may take to choose an export: it holds one of the connections.
    pub handshake_timeout: Duration,
    /// How long requests in flight may take at the end.
    pub stop_grace: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { max_connections: 64, handshake_timeout: Duration::from_secs(30), stop_grace: Duration::from_secs(5) }
    }
}

/// A socket that is listened on, ready to serve.
pub struct Server {
    listener: Listener,
    options: ServerOptions,
}

enum Listener {
    Unix(OwnedSocket),
    Tcp(TcpListener),
}

impl Server {
    /// Listen on a Unix socket that only this user can reach (mode 0600).
    ///
    /// A socket file that nobody listens on is replaced; one in use, or any other file, is an error of kind `InUse`.
    /// The socket is removed at the end; a lock file beside it stays.
    pub async fn bind_unix(path: &Path) -> Result<Server, Error> {
        let socket = OwnedSocket::bind(path).await?;
        Ok(Server { listener: Listener::Unix(socket), options: ServerOptions::default() })
    }

    /// Listen on a TCP port. Whoever can reach it can read every export that [`Exports::open_from`] opens, and what is read
    /// travels in plain text.
    pub async fn bind_tcp(address: SocketAddr) -> Result<Server, Error> {
        let listener = TcpListener::bind(address).await.map_err(|source| Reason::Address { source })?;
        Ok(Server { listener: Listener::Tcp(listener), options: ServerOptions::default() })
    }

    /// Other bounds than the usual ones.
    pub fn with_options(mut self, options: ServerOptions) -> Server {
        self.options = options;
        self
    }

    /// The TCP address that is listened on, with the port that the system chose.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.listener {
            Listener::Unix(_) => None,
            Listener::Tcp(listener) => listener.local_addr().ok(),
        }
    }

    /// Serve clients until `shutdown` completes; then answer what is in flight, and return.
    pub async fn serve(self, exports: Arc<dyn Exports>, shutdown: impl Future<Output = ()>) {
        let Server { listener, options } = self;
        let (stop_sender, stop) = watch::channel(false);
        let slots = Arc::new(Semaphore::new(options.max_connections));
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(ended) = connections.join_next() => log_panic(ended),
                (client, slot) = accept(&listener, &slots) => {
                    let (exports, stop, wait) = (exports.clone(), stop.clone(), options.handshake_timeout);
                    connections.spawn(async move {
                        let _slot = slot;
                        let outcome = match client {
                            Client::Unix(stream) => {
                                let (reader, writer) = stream.into_split();
                                serve_until(reader, writer, (exports.as_ref(), None), wait, stop).await
                            }
                            Client::Tcp(stream, peer) => {
                                let (reader, writer) = stream.into_split();
                                serve_until(reader, writer, (exports.as_ref(), Some(peer)), wait, stop).await
                            }
                        };
                        if let Err(error) = outcome {
                            log_end(&error);
                        }
                    });
                }
            }
        }
        // New clients are refused from here on, rather than kept waiting.
        drop(listener);
        stop_sender.send_replace(true);
        let drained = timeout(options.stop_grace, async {
            while let Some(ended) = connections.join_next().await {
                log_panic(ended);
            }
        });
        if drained.await.is_err() {
            info!(connections = connections.len(), "cutting off clients that did not take their answers in time");
            connections.shutdown().await;
        }
    }
}

/// Serve one client over any stream, until it leaves.
pub async fn serve_connection<R, W>(reader: R, writer: W, exports: &dyn Exports) -> Result<(), Error>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (_never, stop) = watch::channel(false);
    serve_until(reader, writer, (exports, None), ServerOptions::default().handshake_timeout, stop).await
}

async fn serve_until<R, W>(
    reader: R,
    mut writer: W,
    (exports, peer): (&dyn Exports, Option<IpAddr>),
    handshake_timeout: Duration,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut reader = BufReader::with_capacity(READ_BUFFER_BYTES, reader);
    let handshake = handshake::negotiate(&mut reader, &mut writer, exports, peer);
    let negotiated = tokio::select! {
        negotiated = timeout(handshake_timeout, handshake) => negotiated,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    match negotiated.map_err(|_| Reason::Slow)?? {
        None => Ok(()),
        Some(session) => transmission::serve(&mut reader, &mut writer, session, &mut stop).await,
    }
}

enum Client {
    Unix(UnixStream),
    Tcp(TcpStream, IpAddr),
}

/// The next client, when there is room for one.
async fn accept(listener: &Listener, slots: &Arc<Semaphore>) -> (Client, OwnedSemaphorePermit) {
    let slot = slots.clone().acquire_owned().await.expect("it is never closed");
    loop {
        let accepted = match listener {
            Listener::Unix(socket) => socket.listener.accept().await.map(|(stream, _)| Client::Unix(stream)),
            Listener::Tcp(listener) => listener.accept().await.map(|(stream, peer)| Client::Tcp(stream, peer.ip())),
        };
        match accepted {
            Ok(client) => {
                // A reply is written whole; waiting for more of it would only delay it.
                if let Client::Tcp(stream, _) = &client
                    && let Err(error) = stream.set_nodelay(true)
                {
                    debug!(error = &error as &dyn std::error::Error, "cannot set TCP_NODELAY");
                }
                return (client, slot);
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "cannot accept a client");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn log_end(error: &Error) {
    match error.kind() {
        ErrorKind::Client => info!(error = error as &dyn std::error::Error, "dropped an NBD client"),
        ErrorKind::Io | ErrorKind::InUse => debug!(error = error as &dyn std::error::Error, "lost an NBD client"),
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!(error = &error as &dyn std::error::Error, "serving an NBD client panicked");
    }
}
