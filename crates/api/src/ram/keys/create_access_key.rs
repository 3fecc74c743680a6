//! `CreateAccessKey`: make a key. Its secret is shown here and never again.

use meta::Scope;
use meta::accounts::{self, AccessKey};
use model::id;
use model::quota::Quota;
use serde::Serialize;
use wire::Params;

use super::whose::{self, Whose};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::quota;

/// The call.
pub(crate) struct CreateAccessKey(Whose);

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Made {
    access_key: KeyView,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyView {
    access_key_id: String,
    access_key_secret: String,
    status: &'static str,
    create_date: String,
}

impl Action for CreateAccessKey {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "CreateAccessKey",
        summary: "Make an access key of a user.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist, Code::UserKeyLimit],
    };
    type Output = Made;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Whose::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreateAccessKey", resource: self.0.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Made> {
        let account = cx.account();
        let created = cx.engine().clock().now();
        let text = |length| id::random_text(cx.engine().entropy(), length);
        let (id, secret) = (format!("LTAI5t{}", text(18)), text(30));
        let key = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = self.0.find(tx, account)?;
                let limit = if user.is_some() { Quota::KeysPerUser } else { Quota::KeysPerAccount };
                let there = accounts::keys_of(tx, account, user.as_deref())?.len() as u64;
                quota::one_more(tx, account, limit, there, Code::UserKeyLimit)?;
                let (id, secret) = (id.clone(), secret.clone());
                let key = AccessKey { id, account, user, secret, active: true, created };
                if !accounts::insert_key(tx, &key)? {
                    return Err(ApiError::internal("a random id of a key was drawn twice"));
                }
                Ok(key)
            })
            .await?;
        let access_key = KeyView {
            access_key_id: key.id,
            access_key_secret: key.secret,
            status: whose::status(key.active),
            create_date: key.created.seconds(),
        };
        Ok(Made { access_key })
    }
}
