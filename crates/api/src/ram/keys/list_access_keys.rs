//! `ListAccessKeys`: the keys of a user, without their secrets.

use meta::accounts::{self, AccessKey};
use serde::Serialize;
use wire::Params;

use super::whose::{self, Whose};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct ListAccessKeys(Whose);

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Keys {
    access_keys: KeyList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyList {
    access_key: Vec<KeyView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyView {
    access_key_id: String,
    status: &'static str,
    create_date: String,
}

impl Action for ListAccessKeys {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListAccessKeys",
        summary: "List the access keys of a user.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist],
    };
    type Output = Keys;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Whose::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListAccessKeys", resource: self.0.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Keys> {
        let account = cx.account();
        let keys = cx
            .engine()
            .meta()
            .read(move |tx| {
                let user = self.0.find(tx, account)?;
                Ok::<_, ApiError>(accounts::keys_of(tx, account, user.as_deref())?)
            })
            .await?;
        let view = |key: AccessKey| KeyView {
            access_key_id: key.id,
            status: whose::status(key.active),
            create_date: key.created.seconds(),
        };
        Ok(Keys { access_keys: KeyList { access_key: keys.into_iter().map(view).collect() } })
    }
}
