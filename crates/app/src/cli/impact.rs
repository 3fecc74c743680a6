//! `tintype image impact`: what hangs on an image, in every account, and what a change of it would break.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use api::impact::{Brief, Change, Impact, Server, Whose};
use http::Method;

use super::Target;
use super::admin::ask;
use crate::serve::admin::AskImpact;

/// Options of `tintype image impact`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImpactOptions {
    /// The image
    image: String,
    /// If it were deleted
    #[arg(long, group = "change")]
    delete: bool,
    /// If it were taken from this account
    #[arg(long, value_name = "ACCOUNT", group = "change")]
    unshare: Option<String>,
    /// If it were retired
    #[arg(long, group = "change")]
    deprecate: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Shows what hangs on an image. Changes nothing.
pub(crate) async fn impact(options: ImpactOptions) -> Result<()> {
    let ImpactOptions { image, delete, unshare, deprecate, json, target } = options;
    let change = match unshare {
        Some(account) => Change::Unshare(account.parse().context("that is no account's number")?),
        None if delete => Change::Delete,
        None if deprecate => Change::Deprecate,
        None => Change::Nothing,
    };
    let answer = ask(&target, Method::POST, "/impact", &AskImpact { image, change }).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let report: Impact = serde_json::from_value(answer).context("the server's answer is of another version")?;
    print!("{}", told(&report));
    Ok(())
}

/// The report in sentences.
fn told(report: &Impact) -> String {
    let mut text = format!("{}\n", image(&report.image));
    let mut line = |head: &str, rest: &str| {
        let _ = writeln!(text, "{head:10}{rest}");
    };
    if report.change != Change::Nothing {
        match &report.refusal {
            Some(refusal) => {
                line("call", &format!("refused: {} {}: {}", refusal.status, refusal.code, refusal.message));
            }
            None => line("call", "would succeed"),
        }
    }
    for server in &report.servers {
        line("server", &told_of(server));
    }
    if let Some(family) = &report.family {
        let id = |id: &Option<model::ImageId>| id.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        let now = id(&family.now);
        let rest = if family.now == family.afterwards {
            format!("{} offers {now}", family.name)
        } else {
            format!("{} offers {now}, and afterwards {}", family.name, id(&family.afterwards))
        };
        line("family", &rest);
    }
    if report.is_public {
        line("public", "every account of the region may make servers of it");
    }
    for share in &report.shares {
        let ends = if share.ends { ", which ends" } else { "" };
        line("shared", &format!("with {} since {}{ends}", whose(&share.with), share.since.seconds()));
    }
    for copy in &report.copies {
        line("copy", &format!("{}, untouched", image(copy)));
    }
    for task in &report.tasks {
        line("task", &format!("{} {} is at {}%", task.id, task.action, task.progress));
    }
    text
}

fn told_of(server: &Server) -> String {
    let disks: Vec<String> = server
        .disks
        .iter()
        .map(|disk| {
            let what = match (disk.now, disk.afterwards) {
                (true, true) => "can be re-initialised",
                (true, false) => "could no longer be re-initialised",
                (false, _) => "cannot be re-initialised",
            };
            format!("{} {} {what}", disk.id, disk.device)
        })
        .collect();
    let who = match &server.id {
        Some(id) => format!("{id} ({}) of {}, {}", server.name, whose(&server.owner), server.status),
        None => format!("none, a disk of {}", whose(&server.owner)),
    };
    format!("{who}: {}", disks.join("; "))
}

fn image(image: &Brief) -> String {
    format!("{} ({}) of {} in {}, {}", image.id, image.name, whose(&image.owner), image.region, image.status)
}

fn whose(whose: &Whose) -> String {
    let product = if whose.at_swas { " at Simple Application Server" } else { "" };
    if whose.name.is_empty() {
        format!("{}{product}", whose.account)
    } else {
        format!("{} {}{product}", whose.account, whose.name)
    }
}

#[cfg(test)]
mod tests {
    use api::impact::{Family, MadeDisk, Refusal};

    use super::*;

    #[test]
    fn a_report_reads_like_this() {
        let owner = Whose { account: model::AccountId::new(7), name: "main".into(), at_swas: false };
        let report = Impact {
            image: Brief {
                id: "m-1".parse().expect("an id"),
                name: "web".parse().expect("a name"),
                owner: owner.clone(),
                region: "cn-hangzhou".parse().expect("a region"),
                status: model::ImageStatus::Available,
            },
            is_public: false,
            change: Change::Delete,
            refusal: Some(Refusal { status: 403, code: "ImageUsingByInstance".into(), message: "Used.".into() }),
            servers: vec![Server {
                id: Some("i-1".parse().expect("an id")),
                name: "one".into(),
                owner,
                region: "cn-hangzhou".parse().expect("a region"),
                status: "Running".into(),
                disks: vec![MadeDisk { id: "d-1".into(), device: "/dev/xvda".into(), now: true, afterwards: false }],
            }],
            family: Some(Family {
                name: "web".parse().expect("a name"),
                now: Some("m-1".parse().expect("an id")),
                afterwards: None,
            }),
            shares: Vec::new(),
            copies: Vec::new(),
            tasks: Vec::new(),
        };
        let expected = "\
m-1 (web) of 7 main in cn-hangzhou, Available
call      refused: 403 ImageUsingByInstance: Used.
server    i-1 (one) of 7 main, Running: d-1 /dev/xvda could no longer be re-initialised
family    web offers m-1, and afterwards nothing
";
        assert_eq!(told(&report), expected);
    }
}
