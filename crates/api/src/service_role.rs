//! What a service may do in an account's name: the role that the account made for it.
//!
//! An import reads a bucket as the ECS service, through a role of the account. This takes "assume the role" literally:
//! the role's trust policy must name the service, and the policies attached to the role must allow the very verbs on the
//! very bucket and object.

use model::AccountId;
use policy::{Applicant, Context, Verdict};

use crate::code::{ApiResult, Code};
use crate::dispatch::Services;

/// The ECS service, as trust policies name it.
const ECS: Applicant<'_> = Applicant::Service("ecs.aliyuncs.com");

/// One thing that the service is to do.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) verb: &'static str,
    pub(crate) resource: String,
}

/// Checks that the ECS service may assume the role and then do all of this.
pub(crate) async fn check(services: &Services, account: AccountId, role: &str, wanted: &[Wanted]) -> ApiResult<()> {
    let role = services.identities.role(account, role).await?.ok_or(Code::NoRole)?;
    let context = Context::default();
    let is_trusted = role.trusts(ECS, &context) == Verdict::Allow;
    let may = |wanted: &Wanted| role.may(wanted.verb, &wanted.resource, &context);
    if is_trusted && wanted.iter().all(may) { Ok(()) } else { Err(Code::NoRole.error()) }
}
