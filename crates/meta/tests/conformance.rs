//! Both databases run the one suite. PostgreSQL is a real server that the test starts.

use meta::{Meta, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_conforms() {
    let dir = tempfile::tempdir().expect("a directory");
    let meta = Meta::open_sqlite(&dir.path().join("meta.db")).expect("opens");
    conformance::run(&meta).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_conforms() {
    let server = testkit::Postgres::start();
    let meta = Meta::open_postgres(&server.address()).await.expect("opens");
    conformance::run(&meta).await;
    // A second node meets tables that are there.
    Meta::open_postgres(&server.address()).await.expect("opens again");
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("meta.db");
    let meta = Meta::open_sqlite(&path).expect("opens");
    let value = meta.write(meta::Scope::Shared, |tx| meta::settings::get_or_set(tx, "k", "v")).await.expect("set");
    drop(meta);
    let meta = Meta::open_sqlite(&path).expect("opens again");
    assert_eq!(meta.read(|tx| meta::settings::get(tx, "k")).await.expect("get"), Some(value));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("meta.db");
    std::fs::write(&path, vec![b'x'; 8192]).expect("written");
    assert!(Meta::open_sqlite(&path).is_err());
}
