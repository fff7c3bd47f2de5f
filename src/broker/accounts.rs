//! Looking accounts up in the account database (NSS).
//!
//! Directory servers can take seconds to answer, and the calls block: only the broker makes them.

use std::ffi::CString;

use nix::unistd::{Gid, Group, User, getgrouplist};
use zeroize::Zeroizing;

use super::{policy, serve::Error};
use crate::{
    config::settings::LoginSettings,
    domain::{account::Account, names::UserName},
};

/// Finds an account by name, with its groups; `None` when there is none.
pub(super) fn find(name: &UserName, login: &LoginSettings) -> Result<Option<Account>, Error> {
    let what = "look an account up";
    let Some(user) = User::from_name(name.as_str()).map_err(Error::os(what))? else {
        return Ok(None);
    };
    // A database whose names cannot be handled has, for Carrel, no such account.
    let Ok(name) = UserName::parse(&user.name) else {
        return Ok(None);
    };
    let groups = groups_of(&name, user.gid)?;
    Ok(Some(Account {
        admin: policy::is_admin(&groups, login),
        name,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        home: user.dir,
        shell: user.shell,
        groups,
    }))
}

fn groups_of(name: &UserName, primary: Gid) -> Result<Vec<String>, Error> {
    let what = "list an account's groups";
    let name = CString::new(name.as_str()).map_err(|_| Error::Request("a NUL in a name"))?;
    let ids = getgrouplist(&name, primary).map_err(Error::os(what))?;
    let mut groups = Vec::with_capacity(ids.len());
    for id in ids {
        // A group without a name can be in no list of names.
        if let Some(group) = Group::from_gid(id).map_err(Error::os(what))? {
            groups.push(group.name);
        }
    }
    Ok(groups)
}

/// Returns the id of a system account of Carrel's own.
pub(super) fn uid_of(name: &str) -> Result<Option<u32>, Error> {
    let user = User::from_name(name).map_err(Error::os("look the hub's account up"))?;
    Ok(user.map(|user| user.uid.as_raw()))
}

/// Returns the id of a system group of Carrel's own.
pub(super) fn gid_of(name: &str) -> Result<Option<u32>, Error> {
    let group = Group::from_name(name).map_err(Error::os("look the hub's group up"))?;
    Ok(group.map(|group| group.gid.as_raw()))
}

/// Returns `/etc/shadow`; empty where there is none and all passwords are kept elsewhere.
pub(super) fn local_passwords() -> Result<Zeroizing<String>, Error> {
    match std::fs::read_to_string("/etc/shadow") {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Zeroizing::default()),
        Err(error) => Err(Error::io("read /etc/shadow")(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Settings;

    #[test]
    fn root_is_found_and_nobody_else_invented() {
        let login = Settings::default().login;
        let root = UserName::parse("root").unwrap();
        let account = find(&root, &login).unwrap().unwrap();
        assert_eq!(account.uid, 0);
        assert!(account.groups.contains(&String::from("root")));
        let nosuch = UserName::parse("no such account").unwrap();
        assert_eq!(find(&nosuch, &login).unwrap(), None);
    }
}
