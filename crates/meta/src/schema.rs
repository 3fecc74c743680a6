//! The tables, as a list of migrations that both databases run.
//!
//! Columns are TEXT, BIGINT or nothing else: booleans are 0 and 1, times are milliseconds since 1970, and what a page
//! shows beside the columns that filters need stands as JSON in `record`, read whole. `KEY` below is a text that is
//! ordered or compared by prefix: byte order in both databases.
//!
//! A migration, once released, never changes; a new one is added at the end.

use crate::database::{Error, Sql, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Statements of each version, in order. Version n is the n-th list, counted from 1.
const MIGRATIONS: &[&[&str]] = &[
    &[
        "CREATE TABLE settings (name KEY PRIMARY KEY, value TEXT NOT NULL)",
        // Who may call, and with what.
        "CREATE TABLE accounts (id BIGINT PRIMARY KEY, name KEY NOT NULL UNIQUE, created BIGINT NOT NULL)",
        "CREATE TABLE access_keys (id KEY PRIMARY KEY, account BIGINT NOT NULL, secret TEXT NOT NULL, \
     active BIGINT NOT NULL, created BIGINT NOT NULL)",
        "CREATE TABLE roles (account BIGINT NOT NULL, lower_name KEY NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (account, lower_name))",
        "CREATE TABLE policies (account BIGINT NOT NULL, name KEY NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (account, name))",
        "CREATE TABLE role_policies (account BIGINT NOT NULL, lower_role KEY NOT NULL, kind KEY NOT NULL, \
     policy KEY NOT NULL, attached BIGINT NOT NULL, PRIMARY KEY (account, lower_role, kind, policy))",
        "CREATE INDEX role_policies_by_policy ON role_policies (account, kind, policy)",
        // Images. `seq` orders by age, newest first, and is unique.
        "CREATE TABLE images (id KEY PRIMARY KEY, owner BIGINT NOT NULL, region KEY NOT NULL, status KEY NOT NULL, \
     seq BIGINT NOT NULL, name KEY NOT NULL, family KEY NOT NULL, architecture KEY NOT NULL, os_type KEY NOT NULL, \
     resource_group KEY NOT NULL, created BIGINT NOT NULL, progress BIGINT NOT NULL, generation BIGINT NOT NULL, \
     record TEXT NOT NULL)",
        "CREATE UNIQUE INDEX images_by_name ON images (owner, region, name)",
        "CREATE UNIQUE INDEX images_by_status ON images (owner, region, status, seq, id)",
        "CREATE UNIQUE INDEX images_by_age ON images (owner, region, seq, id)",
        "CREATE TABLE image_snapshots (snapshot KEY PRIMARY KEY, image KEY NOT NULL)",
        "CREATE TABLE image_counts (owner BIGINT NOT NULL, region KEY NOT NULL, status KEY NOT NULL, n BIGINT NOT NULL, \
     PRIMARY KEY (owner, region, status))",
        // Every change of an owner's images in a region moves this on: cached counts are good for one generation.
        "CREATE TABLE image_generations (owner BIGINT NOT NULL, region KEY NOT NULL, generation BIGINT NOT NULL, \
     PRIMARY KEY (owner, region))",
        // Ids outlive what they named.
        "CREATE TABLE tombstones (id KEY PRIMARY KEY, deleted BIGINT NOT NULL)",
        // Tags, for filters; a resource's page reads them from its record.
        "CREATE TABLE tags (account BIGINT NOT NULL, region KEY NOT NULL, kind KEY NOT NULL, tag_key KEY NOT NULL, \
     tag_value KEY NOT NULL, resource KEY NOT NULL, PRIMARY KEY (account, region, kind, resource, tag_key))",
        "CREATE UNIQUE INDEX tags_by_value ON tags (account, region, kind, tag_key, tag_value, resource)",
        // Manifests of the store that something holds: what collection must keep.
        "CREATE TABLE manifests (id KEY NOT NULL, holder KEY NOT NULL, PRIMARY KEY (id, holder))",
        "CREATE INDEX manifests_by_holder ON manifests (holder)",
        // Tasks, and the flows behind them.
        "CREATE TABLE tasks (id KEY PRIMARY KEY, account BIGINT NOT NULL, region KEY NOT NULL, action KEY NOT NULL, \
     status KEY NOT NULL, resource KEY NOT NULL, seq BIGINT NOT NULL, created BIGINT NOT NULL, \
     progress BIGINT NOT NULL, record TEXT NOT NULL)",
        "CREATE UNIQUE INDEX tasks_by_age ON tasks (account, region, seq, id)",
        "CREATE INDEX tasks_by_resource ON tasks (account, region, resource)",
        "CREATE TABLE flows (id KEY PRIMARY KEY, name KEY NOT NULL, task KEY NOT NULL, account BIGINT NOT NULL, \
     journal TEXT NOT NULL, node KEY NOT NULL, lease BIGINT NOT NULL, cancelled BIGINT NOT NULL, \
     parked BIGINT NOT NULL, generation BIGINT NOT NULL, created BIGINT NOT NULL)",
        "CREATE UNIQUE INDEX flows_by_task ON flows (task)",
        // Work that one node at a time may do.
        "CREATE TABLE leases (name KEY PRIMARY KEY, node KEY NOT NULL, until BIGINT NOT NULL)",
        // Answers that a retried call gets again.
        "CREATE TABLE client_tokens (account BIGINT NOT NULL, region KEY NOT NULL, action KEY NOT NULL, \
     token KEY NOT NULL, digest TEXT NOT NULL, answer TEXT NOT NULL, expires BIGINT NOT NULL, \
     PRIMARY KEY (account, region, action, token))",
        "CREATE INDEX client_tokens_by_expiry ON client_tokens (expires)",
        // Buckets and what is in them. The bytes are blobs of the object store, named in `blobs`.
        "CREATE TABLE buckets (name KEY PRIMARY KEY, account BIGINT NOT NULL, record TEXT NOT NULL)",
        "CREATE INDEX buckets_by_account ON buckets (account, name)",
        "CREATE TABLE objects (bucket KEY NOT NULL, object_key KEY NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (bucket, object_key))",
        "CREATE TABLE uploads (bucket KEY NOT NULL, object_key KEY NOT NULL, id KEY NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (bucket, object_key, id))",
        "CREATE TABLE parts (upload KEY NOT NULL, number BIGINT NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (upload, number))",
        // Blobs that a row names; one that stands in no row is deleted by the sweep.
        "CREATE TABLE blobs (id KEY NOT NULL, holder KEY NOT NULL, PRIMARY KEY (id, holder))",
        "CREATE INDEX blobs_by_holder ON blobs (holder)",
    ],
    &[
        // Servers and what is around them: one table for all kinds, since none of them is listed by the hundred thousand.
        "CREATE TABLE resources (id KEY PRIMARY KEY, kind KEY NOT NULL, owner BIGINT NOT NULL, region KEY NOT NULL, \
     name KEY NOT NULL, seq BIGINT NOT NULL, generation BIGINT NOT NULL, record TEXT NOT NULL)",
        "CREATE UNIQUE INDEX resources_by_age ON resources (kind, owner, region, seq, id)",
        "CREATE INDEX resources_by_name ON resources (kind, owner, region, name)",
        // What resources are found by, beside id, name and tags.
        "CREATE TABLE facets (kind KEY NOT NULL, name KEY NOT NULL, value KEY NOT NULL, resource KEY NOT NULL, \
     PRIMARY KEY (kind, name, value, resource))",
        "CREATE INDEX facets_by_resource ON facets (resource)",
        // Addresses of the host that are given away.
        "CREATE TABLE addresses (address KEY PRIMARY KEY, holder KEY NOT NULL)",
        "CREATE INDEX addresses_by_holder ON addresses (holder)",
        // Who may use an image beside its owner.
        "CREATE TABLE image_shares (account BIGINT NOT NULL, image KEY NOT NULL, shared BIGINT NOT NULL, PRIMARY KEY (account, image))",
        "CREATE INDEX image_shares_by_image ON image_shares (image)",
        // One snapshot may back several images.
        "CREATE TABLE backing_snapshots (snapshot KEY NOT NULL, image KEY NOT NULL, PRIMARY KEY (snapshot, image))",
        "INSERT INTO backing_snapshots (snapshot, image) SELECT snapshot, image FROM image_snapshots",
        "DROP TABLE image_snapshots",
        "CREATE INDEX backing_snapshots_by_image ON backing_snapshots (image)",
        // The one node that can do a flow's work; empty for any.
        "ALTER TABLE flows ADD COLUMN place KEY NOT NULL DEFAULT ''",
    ],
    &[
        // Users, groups, versions of policies, and policies that are attached to any of them. A key without an owner is
        // the account's own. A principal is `user/<id>`, `group/<id>` or `role/<lower name>`: a role keeps its name.
        "ALTER TABLE access_keys ADD COLUMN owner KEY NOT NULL DEFAULT ''",
        "CREATE INDEX access_keys_by_owner ON access_keys (account, owner)",
        "CREATE TABLE users (account BIGINT NOT NULL, lower_name KEY NOT NULL, id KEY NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (account, lower_name))",
        "CREATE UNIQUE INDEX users_by_id ON users (account, id)",
        "CREATE TABLE user_groups (account BIGINT NOT NULL, lower_name KEY NOT NULL, id KEY NOT NULL, \
     record TEXT NOT NULL, PRIMARY KEY (account, lower_name))",
        "CREATE UNIQUE INDEX user_groups_by_id ON user_groups (account, id)",
        "CREATE TABLE memberships (account BIGINT NOT NULL, member KEY NOT NULL, team KEY NOT NULL, \
     joined BIGINT NOT NULL, PRIMARY KEY (account, member, team))",
        "CREATE INDEX memberships_by_team ON memberships (account, team)",
        "CREATE TABLE policy_versions (account BIGINT NOT NULL, policy KEY NOT NULL, number BIGINT NOT NULL, \
     document TEXT NOT NULL, created BIGINT NOT NULL, PRIMARY KEY (account, policy, number))",
        "CREATE TABLE attachments (account BIGINT NOT NULL, principal KEY NOT NULL, kind KEY NOT NULL, \
     policy KEY NOT NULL, attached BIGINT NOT NULL, PRIMARY KEY (account, principal, kind, policy))",
        "INSERT INTO attachments (account, principal, kind, policy, attached) \
     SELECT account, 'role/' || lower_role, kind, policy, attached FROM role_policies",
        "DROP TABLE role_policies",
        "CREATE INDEX attachments_by_policy ON attachments (account, kind, policy)",
        "CREATE TABLE ram_generations (account BIGINT PRIMARY KEY, generation BIGINT NOT NULL)",
        // Who did what.
        "CREATE TABLE audit (account BIGINT NOT NULL, seq BIGINT NOT NULL, id KEY NOT NULL, record TEXT NOT NULL, \
     PRIMARY KEY (account, seq, id))",
        "CREATE INDEX audit_by_id ON audit (id)",
        // Limits that the operator set for an account.
        "CREATE TABLE quotas (account BIGINT NOT NULL, name KEY NOT NULL, value BIGINT NOT NULL, \
     PRIMARY KEY (account, name))",
        // Images beyond their owner: community images of a region, what was copied from what, members of families, and
        // whose an image was that is gone.
        "CREATE TABLE community_images (region KEY NOT NULL, image KEY NOT NULL, PRIMARY KEY (region, image))",
        "CREATE TABLE image_copies (source KEY NOT NULL, image KEY NOT NULL, PRIMARY KEY (source, image))",
        "CREATE INDEX image_copies_by_image ON image_copies (image)",
        "CREATE INDEX images_by_family ON images (owner, region, family) WHERE family <> ''",
        "ALTER TABLE tombstones ADD COLUMN owner BIGINT NOT NULL DEFAULT 0",
    ],
    &[
        // Lists of servers are filtered by the kind of network.
        "INSERT INTO facets (kind, name, value, resource) \
     SELECT 'instance', 'network', CASE WHEN EXISTS (SELECT 1 FROM facets WHERE facets.kind = 'instance' \
     AND facets.name = 'vpc' AND facets.resource = resources.id) THEN 'vpc' ELSE 'classic' END, resources.id \
     FROM resources WHERE resources.kind = 'instance'",
    ],
];

/// Brings the schema to the newest version.
pub(crate) fn migrate(sql: &mut dyn Sql, dialect: Dialect) -> Result<(), Error> {
    run(sql, dialect, MIGRATIONS)
}

fn run(sql: &mut dyn Sql, dialect: Dialect, migrations: &[&[&str]]) -> Result<(), Error> {
    sql.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)", &[])?;
    let rows = sql.query("SELECT version FROM schema_version", &[])?;
    let version = rows.first().map_or(Ok(0), |row| row.size(0))?;
    let newest = migrations.len() as u64;
    if version > newest {
        return Err(Error::corrupt(format!(
            "the records are of version {version}, and this server knows versions up to {newest}"
        )));
    }
    let pending = migrations.iter().zip(1_u64..).filter(|(_, number)| *number > version);
    for (statements, number) in pending {
        // SQLite runs a migration as one transaction of its own; PostgreSQL is inside one already.
        if dialect == Dialect::Sqlite {
            sql.execute("BEGIN IMMEDIATE", &[])?;
        }
        for statement in *statements {
            sql.execute(&in_dialect(statement, dialect), &[])?;
        }
        sql.execute("DELETE FROM schema_version", &[])?;
        sql.execute("INSERT INTO schema_version (version) VALUES ($1)", &[Value::from(number)])?;
        if dialect == Dialect::Sqlite {
            sql.execute("COMMIT", &[])?;
        }
    }
    Ok(())
}

fn in_dialect(statement: &str, dialect: Dialect) -> String {
    let key = match dialect {
        Dialect::Sqlite => " TEXT",
        Dialect::Postgres => " TEXT COLLATE \"C\"",
    };
    // Only the type `KEY` stands between a space and one of ` `, `,` in lower-case surroundings; `PRIMARY KEY` does not.
    statement.replace("PRIMARY KEY", "PRIMARY\u{1}KEY").replace(" KEY", key).replace('\u{1}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::SqliteSql;

    #[test]
    fn what_roles_may_outlives_a_migration() {
        let mut connection = rusqlite::Connection::open_in_memory().expect("opens");
        let mut sql = SqliteSql(&mut connection);
        run(&mut sql, Dialect::Sqlite, &MIGRATIONS[..2]).expect("the tables of before there were users");
        let key = "INSERT INTO access_keys (id, account, secret, active, created) VALUES ('k', 7, 's', 1, 1)";
        let attached = "INSERT INTO role_policies (account, lower_role, kind, policy, attached) \
                        VALUES (7, 'reader', 'System', 'P', 5)";
        for statement in [key, attached] {
            sql.execute(statement, &[]).expect("inserted");
        }
        migrate(&mut sql, Dialect::Sqlite).expect("migrated");
        let row = |sql: &mut SqliteSql<'_>, text: &str| sql.query(text, &[]).expect("rows").remove(0).0;
        let moved = row(&mut sql, "SELECT principal, policy FROM attachments");
        assert_eq!(moved, ["role/reader", "P"].map(Value::from));
        assert_eq!(row(&mut sql, "SELECT owner FROM access_keys"), [Value::from("")], "the account's own");
    }

    #[test]
    fn keys_are_ordered_by_bytes() {
        let statement = "CREATE TABLE t (a KEY PRIMARY KEY, b KEY NOT NULL, PRIMARY KEY (a, b))";
        assert_eq!(
            in_dialect(statement, Dialect::Postgres),
            "CREATE TABLE t (a TEXT COLLATE \"C\" PRIMARY KEY, b TEXT COLLATE \"C\" NOT NULL, PRIMARY KEY (a, b))"
        );
        assert_eq!(
            in_dialect(statement, Dialect::Sqlite),
            "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT NOT NULL, PRIMARY KEY (a, b))"
        );
    }
}
