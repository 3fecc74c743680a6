//! `tintype policy …` and `tintype audit`: why somebody was let in or not, and who did what.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use http::Method;
use serde_json::Value;

use super::Target;
use super::admin::ask;
use crate::serve::inquiry::{AuditQuery, Explain};

/// `tintype policy …`
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Say why a request was allowed or denied, or whether one would be
    Explain {
        /// Id of a request that was made, as its answer and the log show it
        #[arg(required_unless_present = "principal", conflicts_with = "principal")]
        request: Option<String>,
        /// Who would ask: `root`, `user/NAME` or `role/NAME`
        #[arg(long = "as", value_name = "WHO", requires = "verb", requires = "resource")]
        principal: Option<String>,
        /// What would be done, such as `ecs:DeleteImage`
        #[arg(long, value_name = "VERB")]
        verb: Option<String>,
        /// What it would be done to, such as `acs:ecs:*:1234567890123456:image/m-1`
        #[arg(long, value_name = "ARN")]
        resource: Option<String>,
        /// A condition key and its value, such as `acs:SourceIp=10.0.0.1`
        #[arg(long = "context", value_name = "KEY=VALUE")]
        context: Vec<String>,
        /// The account, by number or name [default: the first one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
}

/// Options of `tintype audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditOptions {
    /// The account, by number or name [default: the first one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only calls of this action
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only calls of whoever has this name or number
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only calls that touched a resource with this text in its name
    #[arg(long, value_name = "TEXT")]
    resource: Option<String>,
    /// Only calls that policies denied
    #[arg(long)]
    denied: bool,
    /// Only calls of the last so many minutes
    #[arg(long, value_name = "MINUTES")]
    within: Option<u32>,
    /// At most so many, the newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print JSON, an event a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Explains.
pub(crate) async fn policy(command: PolicyCommand) -> Result<()> {
    let PolicyCommand::Explain { request, principal, verb, resource, context, account, json, target } = command;
    let query = match (request, principal) {
        (Some(id), _) => Explain::Made(id.to_uppercase()),
        (None, principal) => {
            let pair = |text: &String| {
                let (key, value) = text.split_once('=').with_context(|| format!("{text:?} is not KEY=VALUE"))?;
                Ok((key.to_owned(), value.to_owned()))
            };
            Explain::Asked {
                account,
                principal: principal.context("nobody is named with --as")?,
                verb: verb.unwrap_or_default(),
                resource: resource.unwrap_or_default(),
                context: context.iter().map(pair).collect::<Result<_>>()?,
            }
        }
    };
    let answer = ask(&target, Method::POST, "/explain", &query).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    if let Some(event) = answer.get("then") {
        println!("then   {}", line(event));
        let decision = &event["decision"];
        let matched = &decision["matched"];
        if matched.is_array() {
            let statement = matched[2].as_u64().unwrap_or(0) + 1;
            println!("       {} by statement {statement} of {}", text(&decision["verdict"]), named(&matched[0]));
        }
    }
    let today = match &answer["today"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    today.iter().for_each(tell);
    Ok(())
}

/// Prints the answer to one question.
fn tell(answer: &Value) {
    if let Some(reason) = answer["unknown"].as_str() {
        println!("today  {reason}");
        return;
    }
    let (verb, resource) = (text(&answer["verb"]), text(&answer["resource"]));
    println!("today  {} {verb} on {resource}: {}", text(&answer["caller"]), text(&answer["verdict"]));
    let by = &answer["decided_by"];
    match text(&answer["stage"]) {
        "Owner" => println!("       the owner of the account may do everything to what is the account's"),
        "Foreign" => println!("       the resource is another account's"),
        _ if by.is_object() => {
            println!("       decided by statement {} of {}", by["statement"], named(&by["policy"]));
        }
        _ => println!("       no statement allows it"),
    }
    for policy in answer["policies"].as_array().into_iter().flatten() {
        let group = policy["group"].as_str().map_or_else(String::new, |group| format!(", through the group {group}"));
        println!("  {} ({}{group})", named(&policy["policy"]), text(&policy["type"]));
        for (number, statement) in (1..).zip(policy["statements"].as_array().into_iter().flatten()) {
            println!("    {number}  {:5}  {}", text(&statement["effect"]), why(statement));
        }
    }
}

/// Why a statement applies or not.
fn why(statement: &Value) -> String {
    if statement["applies"] == true {
        return "applies".to_owned();
    }
    let mut reasons = Vec::new();
    if statement["verb"] == false {
        reasons.push("is about other verbs".to_owned());
    }
    if statement["resource"] == false {
        reasons.push("is about other resources".to_owned());
    }
    for failed in statement["failed_conditions"].as_array().into_iter().flatten() {
        reasons.push(format!("{} {} does not hold", text(&failed[0]), text(&failed[1])));
    }
    reasons.join(", ")
}

/// Lists events.
pub(crate) async fn audit(options: AuditOptions) -> Result<()> {
    let AuditOptions { account, action, user, resource, denied, within, limit, json, target } = options;
    let within_millis = within.map(|minutes| i64::from(minutes) * 60_000);
    let query = AuditQuery { account, action, user, resource, denied, within_millis, limit };
    let answer = ask(&target, Method::POST, "/audit", &query).await?;
    for event in answer["events"].as_array().into_iter().flatten() {
        println!("{}", if json { event.to_string() } else { line(event) });
    }
    Ok(())
}

/// An event in one line.
fn line(event: &Value) -> String {
    let at = model::Timestamp::from_millis(event["at"].as_i64().unwrap_or(0)).seconds();
    let resources: Vec<&str> =
        event["questions"].as_array().into_iter().flatten().map(|question| text(&question[1])).collect();
    let verdict = event["decision"]["verdict"].as_str().unwrap_or("-");
    format!(
        "{at}  {}  {}  {} {}  {verdict}  {}  {}",
        text(&event["id"]),
        text(&event["principal"]["arn"]),
        text(&event["product"]),
        text(&event["action"]),
        text(&event["code"]),
        resources.join(" "),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn named(policy: &Value) -> &str {
    match text(policy) {
        "" => "the policy of the session",
        name => name,
    }
}
