//! Groups of the hub, custom scopes and roles, as they are written.

use std::{collections::BTreeSet, path::Path};

use crate::{
    config::{Fault, parse, settings::Settings},
    domain::{
        names::{GroupName, UserName},
        role::{AdminRole, Origin, RoleName, UserStanding},
        scope,
    },
};

fn settings(text: &str) -> Settings {
    parse(Path::new("c"), text).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    match parse(Path::new("c"), text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.as_slice().iter().map(Fault::to_string).collect(),
    }
}

#[test]
fn a_course_with_its_assistants() {
    let settings = settings(
        r#"
        [hub]
        extra_user_scopes = ["custom:grader:hand-in"]
        [hub_groups.course-101]
        users = ["alice", "bob"]
        properties = { room = "B 12", seats = 30, tags = ["a", 1.5, true] }
        [hub_groups."assistants 101"]
        [[custom_scopes]]
        name = "custom:grader:hand-in"
        description = "Hand in work."
        [[custom_scopes]]
        name = "custom:grader:mark"
        description = "Give marks."
        subscopes = ["custom:grader:hand-in"]
        [[roles]]
        name = "teaching-assistants"
        description = "Look after a course."
        scopes = ["admin:servers!group=course-101", "custom:grader:mark!group=course-101"]
        users = ["carol"]
        groups = ["assistants 101"]
        [[roles]]
        name = "admin"
        users = ["dave"]
        "#,
    );
    let [course, assistants] = settings.hub_groups.as_slice() else {
        panic!("{:?}", settings.hub_groups)
    };
    assert_eq!(course.name.as_str(), "course-101");
    assert_eq!(course.users.len(), 2);
    assert_eq!(course.properties["seats"], 30);
    assert_eq!(
        serde_json::Value::from(course.properties.clone()),
        serde_json::json!({"room": "B 12", "seats": 30, "tags": ["a", 1.5, true]})
    );
    assert_eq!(assistants.name.as_str(), "assistants 101");
    let name = RoleName::parse("teaching-assistants").unwrap();
    let book = &settings.roles;
    let (role, origin, members) = book.iter().find(|(role, ..)| role.name == name).unwrap();
    assert_eq!(origin, Origin::Configuration);
    assert_eq!(role.description, "Look after a course.");
    assert_eq!(
        scope::texts(&role.scopes),
        [
            "admin:servers!group=course-101",
            "custom:grader:mark!group=course-101"
        ]
    );
    assert_eq!(
        members.users,
        BTreeSet::from([UserName::parse("carol").unwrap()])
    );
    assert_eq!(
        members.groups,
        BTreeSet::from([GroupName::parse("assistants 101").unwrap()])
    );
    let of_users = book.scopes_of(&RoleName::user()).unwrap();
    assert_eq!(scope::texts(&of_users), ["custom:grader:hand-in", "self"]);
    assert_eq!(book.remarks(), []);
}

#[test]
fn everybody_is_a_user_unless_somebody_is_named() {
    let table = [
        ("", true),
        ("[[roles]]\nname = \"user\"\nscopes = [\"self\"]\n", true),
        ("[[roles]]\nname = \"user\"\nusers = []\n", false),
        ("[[roles]]\nname = \"user\"\nusers = [\"carol\"]\n", false),
    ];
    let alice = UserStanding::plain(UserName::parse("alice").unwrap(), AdminRole::NotHeld);
    for (text, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("carrel.toml");
        std::fs::write(&file, text).unwrap();
        let roles = crate::config::load(&file)
            .unwrap()
            .roles
            .roles_of_user(&alice);
        assert_eq!(roles.contains(&RoleName::user()), expected, "{text}");
    }
}

#[test]
fn later_files_change_what_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("carrel.toml");
    let drop_ins = folder.path().join("carrel.d");
    std::fs::create_dir(&drop_ins).unwrap();
    std::fs::write(
        &main,
        "[[roles]]\nname = \"one\"\nscopes = [\"self\"]\nusers = [\"a\"]\n\
         [[roles]]\nname = \"two\"\nscopes = []\n",
    )
    .unwrap();
    std::fs::write(
        drop_ins.join("1.toml"),
        "[[roles]]\nname = \"one\"\nscopes = [\"read:hub\"]\n\
         [[custom_scopes]]\nname = \"custom:x:y\"\n",
    )
    .unwrap();
    std::fs::write(
        drop_ins.join("2.toml"),
        "[[custom_scopes]]\nname = \"custom:x:y\"\ndescription = \"X.\"\n",
    )
    .unwrap();
    let settings = crate::config::load(&main).unwrap();
    let name = RoleName::parse("one").unwrap();
    let (role, _, members) = settings
        .roles
        .iter()
        .find(|(role, ..)| role.name == name)
        .unwrap();
    assert_eq!(scope::texts(&role.scopes), ["read:hub"]);
    assert_eq!(members.users.len(), 1);
    assert_eq!(settings.roles.custom().iter().count(), 1);
    assert_eq!(settings.roles.remarks().len(), 1, "role two has no scopes");
}

#[test]
fn faults_are_told_where_they_stand() {
    let table: Vec<(&str, &[&str])> = vec![
        (
            "[roles]\nname = \"x\"",
            &["c:1:1: roles are tables, written [[roles]]"],
        ),
        ("role = 1", &["c:1:1: unknown key role; is roles meant?"]),
        (
            "roles = [1, { name = \"abc\", user = [] }]",
            &[
                "c:1:10: a role is a table, written [[roles]]",
                "c:1:29: unknown key roles.abc.user; is roles.abc.users meant?",
            ],
        ),
        (
            "[[roles]]\nscopes = [1]\n[[roles]]\nname = \"A b\"\n[[roles]]\nname = 7",
            &[
                "c:1:1: a role needs the key name",
                "c:2:11: roles.scopes is the integer `1`, but must be a scope, such as \
                 \"read:users!group=physics\"",
                "c:4:8: roles.name is the string \"A b\", but must be the name of a role, of 3 to \
                 255 lower-case letters, digits and -._~, which begins with a letter and ends with \
                 a letter or digit",
                "c:6:8: roles.name is the integer `7`, but must be the name of a role, of 3 to 255 \
                 lower-case letters, digits and -._~, which begins with a letter and ends with a \
                 letter or digit",
            ],
        ),
        (
            "[[roles]]\nname = \"abc\"\n[[roles]]\nname = \"abc\"\nusers = [\"a\"]",
            &["c:4:8: a role \"abc\" is in line 2 already"],
        ),
        (
            "[[roles]]\nname = \"abc\"\nscopes = [\"self\", \"list:user\", \"custom:a:b\"]\n\
             services = [\"grader\"]",
            &[
                "c:3:19: roles.abc.scopes: there is no scope \"list:user\"; is list:users meant?",
                "c:3:32: roles.abc.scopes: there is no custom scope \"custom:a:b\" in \
                 [[custom_scopes]]",
                "c:4:13: roles.abc.services: there is no service \"grader\"",
            ],
        ),
        (
            "[[roles]]\nname = \"admin\"\ndescription = \"x\"\nscopes = []\nusers = [\"a\"]",
            &[
                "c:3:15: roles.admin.description: only who is in the role admin can be configured",
                "c:4:10: roles.admin.scopes: only who is in the role admin can be configured",
            ],
        ),
        (
            "[[custom_scopes]]\nname = \"custom:a:b\"\n[[custom_scopes]]\nname = \"custom:c:d\"\n\
             description = \" \"\nsubscopes = [\"custom:a:b\", \"custom:e:f\"]",
            &[
                "c:2:8: custom_scopes.\"custom:a:b\" needs a description",
                "c:5:15: custom_scopes.\"custom:c:d\" needs a description",
                "c:6:28: custom_scopes.\"custom:c:d\".subscopes: there is no custom scope \
                 \"custom:e:f\" in [[custom_scopes]]",
            ],
        ),
        (
            "[[custom_scopes]]\nname = \"custom:a:b\"\ndescription = \"a\"\n\
             subscopes = [\"custom:c:d\"]\n[[custom_scopes]]\nname = \"custom:c:d\"\n\
             description = \"c\"\nsubscopes = [\"custom:a:b\"]",
            &["c:4:13: custom_scopes.\"custom:a:b\".subscopes leads back to custom:a:b"],
        ),
        (
            "[[custom_scopes]]\nname = \"grader:read\"\ndescription = \"x\"",
            &[
                "c:2:8: custom_scopes.name is the string \"grader:read\", but must be \"custom:\" \
                 and at least three lower-case letters, digits and _-*:, such as \
                 \"custom:grader:read\"",
            ],
        ),
        (
            "[server]\ntoken_scopes = [\"custom:a:b\"]",
            &[
                "c:2:17: server.token_scopes: there is no custom scope \"custom:a:b\" in \
                 [[custom_scopes]]",
            ],
        ),
        (
            "[hub_groups]\na = 1\n[hub_groups.b]\nusers = [\"a/b\"]\n\
             properties = { x = 1979-05-27, y = [inf], z = 1 }",
            &[
                "c:2:5: a group is a table, written [hub_groups.a]",
                "c:4:10: hub_groups.b.users is the string \"a/b\", but must be the name of a user",
                "c:5:20: hub_groups.b.properties is the date 1979-05-27, but must be a text, a \
                 number, true or false, an array or a table, but no date",
                "c:5:36: hub_groups.b.properties is the number inf, but must be a text, a number, \
                 true or false, an array or a table, but no date",
            ],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(faults(text), expected, "{text}");
    }
}
