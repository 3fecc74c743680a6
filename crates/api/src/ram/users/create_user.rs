//! `CreateUser`: make a user, who may do nothing yet.

use meta::Scope;
use meta::identities::{self, User};
use model::AccountId;
use model::quota::Quota;
use wire::Params;

use super::person;
use super::view::OneUser;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::quota;
use crate::ram::fields;

/// The call.
pub(crate) struct CreateUser {
    name: String,
    display_name: Option<String>,
    mobile_phone: Option<String>,
    email: Option<String>,
    comments: Option<String>,
}

impl Action for CreateUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "CreateUser",
        summary: "Make a user.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::DisplayNameInvalidChars,
            Code::DisplayNameLength,
            Code::MobilePhoneFormat,
            Code::EmailFormat,
            Code::CommentsLength,
            Code::UserLimit,
            Code::UserAlreadyExists,
        ],
    };
    type Output = OneUser;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let (chars, length) = (Code::DisplayNameInvalidChars, Code::DisplayNameLength);
        Ok(Self {
            name: fields::user_name(params)?,
            display_name: person::display_name(params, "DisplayName", chars, length)?,
            mobile_phone: person::mobile_phone(params, "MobilePhone", Code::MobilePhoneFormat)?,
            email: person::email(params, "Email", Code::EmailFormat)?,
            comments: fields::comments(params, "Comments", Code::CommentsLength)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreateUser", resource: fields::user_resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneUser> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let user = User {
            id: format!("2{}", AccountId::generate(cx.engine().entropy())),
            // Who was given no other name is shown under this one.
            display_name: self.display_name.unwrap_or_else(|| self.name.clone()),
            name: self.name,
            mobile_phone: self.mobile_phone.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            comments: self.comments.unwrap_or_default(),
            created: now,
            updated: now,
        };
        let made = user.clone();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                if identities::user_by_name(tx, account, &user.name)?.is_some() {
                    return Err(Code::UserAlreadyExists.error());
                }
                let there = identities::user_count(tx, account)?;
                quota::one_more(tx, account, Quota::Users, there, Code::UserLimit)?;
                Ok(identities::insert_user(tx, account, &user)?)
            })
            .await?;
        Ok(OneUser::from(made).made())
    }
}
