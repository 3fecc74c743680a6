//! `tintype quota …`: how much each account may have.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use http::Method;
use serde_json::Value;

use super::Target;
use super::admin::ask;
use crate::serve::limits::Limits;

/// `tintype quota …`
#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// List an account's limits
    List {
        /// The account, by number or name [default: the first one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Set one of an account's limits
    Set {
        /// Name of the limit, as the list shows it
        name: String,
        /// Its value, or `default`
        value: String,
        /// The account, by number or name [default: the first one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        #[command(flatten)]
        target: Target,
    },
}

/// Lists and sets limits.
pub(crate) async fn quota(command: QuotaCommand) -> Result<()> {
    match command {
        QuotaCommand::List { account, json, target } => {
            let shown = ask(&target, Method::POST, "/quotas", &Limits { account, set: None }).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&shown)?);
            } else {
                table(&shown, |_| true);
            }
        }
        QuotaCommand::Set { name, value, account, target } => {
            let value = match value.as_str() {
                "default" => None,
                text => Some(text.parse().with_context(|| format!("{text:?} is no number and not `default`"))?),
            };
            let body = Limits { account, set: Some((name.clone(), value)) };
            let shown = ask(&target, Method::POST, "/quotas", &body).await?;
            table(&shown, |limit| limit["name"] == name.as_str());
        }
    }
    Ok(())
}

fn table(shown: &Value, wanted: impl Fn(&Value) -> bool) {
    println!("{:32}  {:>10}  {:>10}", "LIMIT", "NOW", "DEFAULT");
    for limit in shown["limits"].as_array().into_iter().flatten().filter(|limit| wanted(limit)) {
        let name = limit["name"].as_str().unwrap_or_default();
        println!("{name:32}  {:>10}  {:>10}", limit["limit"].to_string(), limit["default"].to_string());
    }
}
