//! The official Python SDK's models, as judges of the shape of answers.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Has every answer read by its model: product, action and JSON text in; the action and what the model says out.
pub fn parse(answers: &[(String, String, String)]) -> Vec<(String, Option<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/clients/venv/bin/python");
    let mut child = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/door/conformance/sdk.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not run ({error}); `cargo xtask setup` installs it", python.display()));
    let lines: String = answers
        .iter()
        .map(|(product, action, body)| {
            format!("{}\n", serde_json::json!({"product": product, "action": action, "body": body}))
        })
        .collect();
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "the models could not be asked");
    let text = String::from_utf8(output.stdout).expect("text");
    let read = |line: &str| {
        let (action, complaint) = line.split_once('\t').expect("an action and a complaint");
        (action.to_owned(), (!complaint.is_empty()).then(|| complaint.to_owned()))
    };
    let told: Vec<(String, Option<String>)> = text.lines().map(read).collect();
    assert_eq!(told.len(), answers.len(), "every answer was read");
    told
}
