//! What a service may do in an account's name: the role that the account made for it.
//!
//! An import reads a bucket as the ECS service, through a role of the account. This takes "assume the role" literally:
//! the role's trust policy must name the service, and the policies attached to the role must allow the very verbs on the
//! very bucket and object.

use meta::identities::{self, Principal};
use meta::roles;
use model::AccountId;
use policy::{Context, Document, Kind, Request, Verdict};

use crate::code::{ApiResult, Code};
use crate::dispatch::Services;
use crate::ram::system_policies;

/// The ECS service, as trust policies name it.
const ECS: &str = "ecs.aliyuncs.com";

/// One thing that the service is to do.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) verb: &'static str,
    pub(crate) resource: String,
}

/// Checks that the ECS service may assume the role and then do all of this.
pub(crate) async fn check(services: &Services, account: AccountId, role: &str, wanted: &[Wanted]) -> ApiResult<()> {
    let name = role.to_owned();
    let found = services
        .engine
        .meta()
        .read(move |tx| {
            let Some(role) = roles::get(tx, account, &name)? else { return Ok(None) };
            let grants = identities::grants(tx, account, Principal::Role(&name))?;
            let said = grants.into_iter().filter_map(|grant| {
                grant.document.or_else(|| system_policies::document(&grant.policy).map(str::to_owned))
            });
            Ok::<_, meta::Error>(Some((role.trust, said.collect::<Vec<_>>())))
        })
        .await?;
    let Some((trust, documents)) = found else { return Err(Code::NoRole.error()) };
    let context = Context::default();
    let trust = Document::parse(Kind::Trust, &trust).map_err(|_| Code::NoRole)?;
    if !policy::trusts(&trust, ECS, &context) {
        return Err(Code::NoRole.error());
    }
    let documents: Vec<Document> =
        documents.iter().filter_map(|text| Document::parse(Kind::Identity, text).ok()).collect();
    let may = |wanted: &Wanted| {
        let request = Request { verb: wanted.verb, resource: &wanted.resource, context: &context };
        policy::evaluate(&documents, &request).verdict == Verdict::Allow
    };
    if wanted.iter().all(may) { Ok(()) } else { Err(Code::NoRole.error()) }
}
