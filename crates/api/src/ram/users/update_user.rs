//! `UpdateUser`: rename a user or change what is said of it. What is not given stays; what is attached moves along.

use meta::Scope;
use meta::identities::{self, User};
use wire::Params;

use super::person;
use super::view::OneUser;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct UpdateUser {
    name: String,
    new_name: String,
    display_name: Option<String>,
    mobile_phone: Option<String>,
    email: Option<String>,
    comments: Option<String>,
}

impl Action for UpdateUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "UpdateUser",
        summary: "Rename a user or change what is said of it.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::NewUserNameInvalidChars,
            Code::NewUserNameLength,
            Code::NewDisplayNameInvalidChars,
            Code::NewDisplayNameLength,
            Code::NewMobilePhoneFormat,
            Code::NewEmailFormat,
            Code::NewCommentsLength,
            Code::UserNotExist,
            Code::UserAlreadyExists,
        ],
    };
    type Output = OneUser;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let (chars, length) = (Code::NewDisplayNameInvalidChars, Code::NewDisplayNameLength);
        Ok(Self {
            name: fields::user_name(params)?,
            new_name: fields::new_user_name(params)?,
            display_name: person::display_name(params, "NewDisplayName", chars, length)?,
            mobile_phone: person::mobile_phone(params, "NewMobilePhone", Code::NewMobilePhoneFormat)?,
            email: person::email(params, "NewEmail", Code::NewEmailFormat)?,
            comments: fields::comments(params, "NewComments", Code::NewCommentsLength)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:UpdateUser", resource: fields::user_resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneUser> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let user = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = identities::user_by_name(tx, account, &self.name)?.ok_or(Code::UserNotExist)?;
                let user = User {
                    name: self.new_name.clone(),
                    display_name: self.display_name.clone().unwrap_or(before.display_name),
                    mobile_phone: self.mobile_phone.clone().unwrap_or(before.mobile_phone),
                    email: self.email.clone().unwrap_or(before.email),
                    comments: self.comments.clone().unwrap_or(before.comments),
                    updated: now,
                    ..before
                };
                if !identities::update_user(tx, account, &user)? {
                    return Err(Code::UserAlreadyExists.error());
                }
                Ok(user)
            })
            .await?;
        Ok(user.into())
    }
}
