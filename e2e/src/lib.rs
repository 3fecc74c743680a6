//! The real program, driven from outside: started, called, killed and started again.
//!
//! The tests of this crate know nothing of the program's insides. They drive it with the official clients
//! (`clients/`, installed into `target/clients`) and with `qemu-img` as the judge of every disk.

pub mod disks;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with a data directory of its own.
pub struct Server {
    process: Option<Child>,
    data: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    _dir: Option<TempDir>,
}

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("e2e lies in the project's folder").to_owned()
}

/// The program as users build it.
///
/// # Panics
///
/// When it was not built: these tests prove nothing about a program that is not there.
pub fn program() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = target.join("release/tintype");
    assert!(program.exists(), "{} is not there; run `cargo build --release` first", program.display());
    program
}

/// Where the official clients are installed.
///
/// # Panics
///
/// When they are not.
pub fn clients() -> PathBuf {
    let folder = std::env::var_os("TINTYPE_CLIENTS_DIR").map_or_else(|| root().join("target/clients"), PathBuf::from);
    let done = folder.join("e2e-4.installed").exists();
    assert!(done, "the clients are not in {}; run `cargo xtask setup` first", folder.display());
    folder
}

impl Server {
    /// Starts a server on free ports with an empty data directory.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// As [`Server::start`], with more arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments)
    }

    /// As [`Server::start_with`], with more variables in the server's environment.
    pub fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut server = Self {
            process: None,
            data: dir.path().join("data"),
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            _dir: Some(dir),
        };
        server.launch();
        server
    }

    /// Starts the server again on the same data directory.
    pub fn launch(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let _ = std::fs::remove_file(self.data.join("server.json"));
        let process = Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0", "--data"])
            .arg(&self.data)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        self.process = Some(process);
        let deadline = Instant::now() + PATIENCE;
        while !self.data.join("server.json").exists() {
            let process = self.process.as_mut().expect("the server was started");
            assert!(process.try_wait().expect("its status").is_none(), "the server ended at its start");
            assert!(Instant::now() < deadline, "the server did not start within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Kills the server as a power failure would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("killed");
            process.wait().expect("gone");
        }
    }

    /// Asks the server to stop, and waits until it has.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let asked = Command::new("kill").arg(process.id().to_string()).status().expect("kill runs");
            assert!(asked.success());
            let status = process.wait().expect("its status");
            assert!(status.success(), "the server stopped with {status}");
        }
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// What the server says of itself: where it listens.
    pub fn info(&self) -> Value {
        self.json_file("server.json")
    }

    /// The first account and its key.
    pub fn credentials(&self) -> Value {
        self.json_file("credentials.json")
    }

    fn json_file(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.data.join(name)).expect("a file of the data directory");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A command of the program, on this server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).env("TINTYPE_DATA", &self.data).stdin(Stdio::null());
        command
    }

    /// Runs a command of the program that must succeed, and returns what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the program runs");
        check(output, &arguments.join(" "))
    }

    /// Runs a command of the program that must fail, and returns what it complained of.
    pub fn run_failing(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the program runs");
        assert!(!output.status.success(), "{} succeeded", arguments.join(" "));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The images as the program lists them.
    pub fn images(&self) -> Vec<Value> {
        serde_json::from_str(&self.run(&["images", "--json"])).expect("JSON")
    }

    /// The tasks as the program lists them.
    pub fn tasks(&self) -> Vec<Value> {
        serde_json::from_str(&self.run(&["tasks", "--json"])).expect("JSON")
    }

    /// A client under `tintype exec`: keys and endpoints are in its environment.
    pub fn exec(&self, program: &Path, arguments: &[&str]) -> String {
        let output = self
            .command(&["exec", "--"])
            .arg(program)
            .args(arguments)
            .env("NODE_PATH", clients().join("node_modules"))
            .output()
            .expect("the client runs");
        check(output, &format!("{} {}", program.display(), arguments.join(" ")))
    }

    /// A Python script of `clients/`.
    pub fn python(&self, script: &str, arguments: &[&str]) -> String {
        let script = root().join("e2e/clients").join(script);
        let script = script.to_str().expect("a path in UTF-8");
        self.exec(&clients().join("venv/bin/python"), &[&[script], arguments].concat())
    }

    /// A Node script of `clients/`.
    pub fn node(&self, script: &str, arguments: &[&str]) -> String {
        let script = root().join("e2e/clients").join(script);
        let script = script.to_str().expect("a path in UTF-8");
        self.exec(Path::new("node"), &[&[script], arguments].concat())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn check(output: Output, what: &str) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}\n--- standard output\n{out}\n--- standard error\n{err}");
    out.into_owned()
}

/// Waits until `is_so`; what it waits for is a state, and the time is only a bound.
pub fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    wait_within(PATIENCE, what, is_so);
}

/// As [`wait_until`], for what may take longer.
pub fn wait_within(bound: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + bound;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not happen within {bound:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs `qemu-img` on the test's behalf.
pub fn qemu_img(arguments: &[&str]) -> String {
    let output = Command::new("qemu-img").args(arguments).output().expect("qemu-img is installed (qemu-utils)");
    check(output, &format!("qemu-img {}", arguments.join(" ")))
}
