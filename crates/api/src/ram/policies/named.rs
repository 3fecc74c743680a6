//! A policy that a call names, the service's or the account's, and a version of it.

use meta::Tx;
use meta::policies::{self, Policy, PolicyKind, Version};
use model::AccountId;
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::Cx;
use crate::ram::fields;
use identity::system_policies::{self, SystemPolicy};

/// A policy that a call names.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) kind: PolicyKind,
}

/// A policy that was found.
pub(super) enum Found {
    Custom(Policy),
    System(&'static SystemPolicy),
}

impl Named {
    /// Reads `PolicyName` and `PolicyType`.
    pub(super) fn read(params: &Params) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)?, kind: kind(params)? })
    }

    /// The policy as policies name it.
    pub(super) fn resource(&self, cx: &Cx) -> String {
        match self.kind {
            PolicyKind::Custom => resource(cx, &self.name),
            PolicyKind::System => format!("acs:ram:*:system:policy/{}", self.name),
        }
    }

    /// The policy on record or in the program.
    pub(super) fn find(&self, tx: &mut Tx<'_>, account: AccountId) -> ApiResult<Found> {
        match self.kind {
            PolicyKind::Custom => custom(tx, account, &self.name).map(Found::Custom),
            PolicyKind::System => {
                let found = system_policies::find(&self.name).map(Found::System);
                found.ok_or_else(|| Code::PolicyNotExist.error())
            }
        }
    }
}

/// `PolicyType`: `System` or `Custom`.
pub(super) fn kind(params: &Params) -> ApiResult<PolicyKind> {
    let text = params.get("PolicyType").ok_or_else(|| ApiError::missing("PolicyType"))?;
    PolicyKind::parse(text).ok_or_else(|| Code::PolicyTypeInvalid.error())
}

/// A custom policy as policies name it. The service's own are not the account's: who may hand out the account's policies
/// may not hand out `AdministratorAccess` for that.
pub(super) fn resource(cx: &Cx, name: &str) -> String {
    cx.resource("ram", "*", &format!("policy/{name}"))
}

/// The custom policy with this name.
pub(super) fn custom(tx: &mut Tx<'_>, account: AccountId, name: &str) -> ApiResult<Policy> {
    policies::get(tx, account, name)?.ok_or_else(|| Code::PolicyNotExist.error())
}

/// `VersionId`: `v` and a number from 1.
pub(super) fn version_id(params: &Params) -> ApiResult<u64> {
    let text = params.get("VersionId").ok_or_else(|| ApiError::missing("VersionId"))?;
    let digits = text.strip_prefix('v').filter(|digits| !digits.starts_with(['0', '+']));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| Code::VersionIdFormat.error())
}

/// The version of a custom policy with this number.
pub(super) fn version(tx: &mut Tx<'_>, account: AccountId, policy: &Policy, number: u64) -> ApiResult<Version> {
    let versions = policies::versions(tx, account, policy)?;
    let version = versions.into_iter().find(|version| version.number == number);
    version.ok_or_else(|| Code::PolicyVersionNotExist.error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbered() {
        let read = |text: &str| version_id(&Params::new(vec![("VersionId".into(), text.into())])).ok();
        assert_eq!((read("v1"), read("v27")), (Some(1), Some(27)));
        for wrong in ["1", "v", "v0", "v01", "v+1", "v-1", "V1", "v1x", "v99999999999999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
