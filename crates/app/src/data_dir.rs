//! The data directory: everything that a server keeps, in one place that one server uses at a time.
//!
//! | file | what it is |
//! | --- | --- |
//! | `lock` | held by the running server |
//! | `node` | this node's name, under which it leases flows |
//! | `meta.db` | the records, unless they are in PostgreSQL |
//! | `objects/` | the objects of buckets, unless they are in S3 |
//! | `store/` | the block store, unless it is in S3 |
//! | `credentials.json` | the first account and its key |
//! | `server.json` | where the running server listens |
//! | `admin.sock`, `nbd.sock` | the operator's door and the block door |
//! | `tls/` | the local authority and its certificate |

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An account with a key of its. The first one of a deployment is kept, so that its owner can be told again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) account_id: String,
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: String,
    /// What must come with every request that a temporary key signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) security_token: Option<String>,
}

/// Where a running server listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServerInfo {
    pub(crate) endpoint: String,
    pub(crate) oss_endpoint: String,
    pub(crate) tls_endpoint: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) nbd_endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) pid: u32,
}

/// A data directory.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// The directory that was asked for, or `$XDG_DATA_HOME/tintype`.
    pub(crate) fn choose(asked: Option<PathBuf>) -> Result<Self> {
        if let Some(asked) = asked {
            return Ok(Self(asked));
        }
        let home = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")));
        Ok(Self(home.context("neither XDG_DATA_HOME nor HOME is set; name a directory with --data")?.join("tintype")))
    }

    /// Makes the directory, readable by its owner only.
    pub(crate) fn create(&self) -> Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .with_context(|| format!("cannot make the data directory {}", self.0.display()))
    }

    /// Locks the directory for one server. The lock goes with the file, and so with the process.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => bail!("another server uses {}", self.0.display()),
            Err(fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// A place in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// Reads a JSON file of the directory; none when there is none.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.path(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_str(&text).map(Some).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Writes a JSON file of the directory, whole or not at all, readable by its owner only.
    pub(crate) fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.write_text(name, &text)
    }

    /// Writes a file of the directory, whole or not at all, readable by its owner only.
    pub(crate) fn write_text(&self, name: &str, text: &str) -> Result<()> {
        let (path, aside) = (self.path(name), self.path(&format!("{name}.new")));
        let written = File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&aside)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.write_all(b"\n")?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&aside, &path))
            .and_then(|()| File::open(&self.0)?.sync_all());
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    /// The text of a file, which is made with `make` when there is none.
    pub(crate) fn read_or_make(&self, name: &str, make: impl FnOnce() -> String) -> Result<String> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let text = make();
                self.write_text(name, &text)?;
                Ok(text)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}
