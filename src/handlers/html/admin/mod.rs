//! Administration, for whoever has `admin-ui`; what each may see and do there, their other scopes say, as in the
//! API.

pub mod groups;
pub mod health;
pub mod users;

use super::{
    Context, Error, Reply, Request, form, frame, no_group_name, no_user_name, page, query, refused,
    see, signed_in,
};
use crate::domain::{
    access::{self, OpenAdminPages, WholeHub},
    names::UserName,
};

/// GET `/hub/admin`: leads to the users.
pub async fn lead_on(ctx: &Context, request: Request) -> Result<Reply, Error> {
    Ok(match signed_in(ctx, &request) {
        Ok(_) => {
            check(ctx)?;
            see(ctx.links.admin("users", &[]).as_str())
        }
        Err(login) => see(login.as_str()),
    })
}

/// Refuses whoever may not open these pages.
fn check(ctx: &Context) -> Result<(), Error> {
    access::permit::<OpenAdminPages>(ctx.caller.as_ref(), WholeHub)?;
    Ok(())
}

/// Refuses a form of somebody who is not logged in or may not open these pages.
fn check_form(ctx: &Context, request: &Request) -> Result<(), Error> {
    if signed_in(ctx, request).is_err() {
        return Err(Error::forbidden("Log in first"));
    }
    check(ctx)
}

/// Reads names of users with spaces or commas between them.
fn names(text: &str) -> Result<Vec<UserName>, Error> {
    let words = text.split([' ', ',', ';', '\t', '\r', '\n']);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    crate::handlers::api::users::parse_names(&words)
}
