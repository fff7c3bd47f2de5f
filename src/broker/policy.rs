//! Whom the broker may be asked for. Pure: accounts and settings in, an answer out.

use thiserror::Error;

use crate::{config::settings::LoginSettings, domain::account::Account};

/// The account that stands for "no account" (nobody), and the uid that stands for "no uid".
const NOBODY: [u32; 2] = [65_534, u32::MAX];

/// Programs that, as a login shell, mean that nobody is to work under the account.
const NO_SHELLS: [&str; 3] = ["nologin", "false", "true"];

/// Why an account is refused; for the journal and for administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Denial {
    #[error("root is never let in")]
    Root,
    #[error("the account's uid is below login.min_uid or stands for nobody")]
    SystemAccount,
    #[error("the account is in login.blocked_users")]
    Blocked,
    #[error("the account's shell does not permit logins")]
    Shell,
    #[error("the account is in none of login.allowed_groups and login.allowed_users")]
    NotAllowed,
    #[error("the account's password is locked")]
    Locked,
}

/// Tells whether somebody may log in and have servers.
pub(super) fn admit(account: &Account, login: &LoginSettings) -> Result<(), Denial> {
    if account.uid == 0 {
        return Err(Denial::Root);
    }
    if account.uid < login.min_uid || NOBODY.contains(&account.uid) {
        return Err(Denial::SystemAccount);
    }
    let is_named = |list: &[String]| list.iter().any(|name| name == account.name.as_str());
    if is_named(&login.blocked_users) {
        return Err(Denial::Blocked);
    }
    let shell = account.shell.file_name().and_then(|name| name.to_str());
    if shell.is_some_and(|shell| NO_SHELLS.contains(&shell)) {
        return Err(Denial::Shell);
    }
    let everybody = login.allowed_groups.is_empty() && login.allowed_users.is_empty();
    if everybody || is_named(&login.allowed_users) || account.in_any_group(&login.allowed_groups) {
        Ok(())
    } else {
        Err(Denial::NotAllowed)
    }
}

/// Tells whether members of `groups` are administrators.
pub(super) fn is_admin(groups: &[String], login: &LoginSettings) -> bool {
    login.admin_groups.iter().any(|name| groups.contains(name))
}

/// Refuses an account whose password was locked by `passwd -l` or `usermod -L`, given the text of
/// `/etc/shadow`: an exclamation mark before a hash. A mark alone says only that there is no local
/// password, which is right for people who log in by Kerberos or one-time codes.
pub(super) fn check_lock(shadow: &str, name: &str) -> Result<(), Denial> {
    let hash = shadow.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.next())?
    });
    let locked = hash
        .and_then(|hash| hash.strip_prefix('!'))
        .map(|rest| rest.trim_start_matches('!'))
        .is_some_and(|rest| rest.len() > 1);
    if locked { Err(Denial::Locked) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::settings::Settings, domain::names::UserName};

    fn account(name: &str, uid: u32, shell: &str, groups: &[&str]) -> Account {
        Account {
            name: UserName::parse(name).unwrap(),
            uid,
            gid: uid,
            home: "/home/x".into(),
            shell: shell.into(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            admin: false,
        }
    }

    fn login(allowed_groups: &[&str], allowed_users: &[&str]) -> LoginSettings {
        let own = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        LoginSettings {
            min_uid: 1000,
            allowed_groups: own(allowed_groups),
            allowed_users: own(allowed_users),
            blocked_users: vec!["mallory".into()],
            admin_groups: vec!["sudo".into()],
            ..Settings::default().login
        }
    }

    #[test]
    fn accounts_are_admitted_by_the_settings() {
        let open = login(&[], &[]);
        let closed = login(&["staff"], &["bob"]);
        let table = [
            (account("alice", 1000, "/bin/bash", &[]), &open, Ok(())),
            (account("alice", 1000, "", &[]), &open, Ok(())),
            (
                account("root", 0, "/bin/bash", &[]),
                &open,
                Err(Denial::Root),
            ),
            (
                account("toor", 0, "/bin/bash", &["staff"]),
                &closed,
                Err(Denial::Root),
            ),
            (
                account("daemon", 999, "/bin/sh", &[]),
                &open,
                Err(Denial::SystemAccount),
            ),
            (
                account("nobody", 65_534, "/bin/sh", &[]),
                &open,
                Err(Denial::SystemAccount),
            ),
            (
                account("x", u32::MAX, "/bin/sh", &[]),
                &open,
                Err(Denial::SystemAccount),
            ),
            (
                account("git", 1001, "/usr/sbin/nologin", &[]),
                &open,
                Err(Denial::Shell),
            ),
            (
                account("git", 1001, "/bin/false", &[]),
                &open,
                Err(Denial::Shell),
            ),
            (
                account("mallory", 1002, "/bin/sh", &["staff"]),
                &closed,
                Err(Denial::Blocked),
            ),
            (
                account("carol", 1003, "/bin/sh", &["staff"]),
                &closed,
                Ok(()),
            ),
            (account("bob", 1004, "/bin/sh", &[]), &closed, Ok(())),
            (
                account("alice", 1000, "/bin/sh", &["users"]),
                &closed,
                Err(Denial::NotAllowed),
            ),
        ];
        for (account, login, expected) in table {
            assert_eq!(admit(&account, login), expected, "{account:?}");
        }
    }

    #[test]
    fn administrators_are_members_of_a_group() {
        let login = login(&[], &[]);
        assert!(is_admin(&["users".into(), "sudo".into()], &login));
        assert!(!is_admin(&["users".into()], &login));
        assert!(!is_admin(&[], &login));
    }

    #[test]
    fn a_locked_password_is_told_from_an_absent_one() {
        let shadow = "root:*:1:::::\nann:!$y$j9T$x:1:::\nbob:!:1:::\nann2:$y$x:1:::\n\
                      cy:!!:1\neve:!*:1\ndan:*:1\nbroken\n";
        for (name, locked) in [
            ("ann", true),
            ("ann2", false),
            ("bob", false),
            ("cy", false),
            ("eve", false),
            ("dan", false),
            ("nosuch", false),
            ("broken", false),
        ] {
            assert_eq!(check_lock(shadow, name).is_err(), locked, "{name}");
        }
    }
}
