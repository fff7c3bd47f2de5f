//! A fake systemd at the other end of a socket pair: real D-Bus messages, no bus, no root.

use std::{
    collections::HashMap,
    os::unix::net::UnixStream,
    sync::{Arc, Mutex},
};

use zbus::{
    Connection, Guid, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, connection::Builder,
    interface,
};

use super::{jobs::StartError, status::PropertyMap, watch::object_path, *};
use crate::domain::{
    server::InvocationId,
    unit::{Property, UnitSpec},
};

const ALICE: &str = "carrel-user-alice.service";
const JOB: &str = "/org/freedesktop/systemd1/job/7";
const ROOT: &str = "/org/freedesktop/systemd1";
const ID: [u8; 16] = [0xab; 16];

/// What the fake is to do with the next start.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Start {
    Done,
    Fails,
    /// The job ends and no signal says so.
    Silent,
    Rejected,
}

/// The units of the fake, by name: ActiveState, User, whether transient, Result.
type Units = HashMap<String, (String, String, bool, String)>;

#[derive(Clone)]
struct Fake {
    units: Arc<Mutex<Units>>,
    calls: Arc<Mutex<Vec<String>>>,
    sent: Arc<Mutex<HashMap<String, OwnedVariant>>>,
    start: Start,
}

impl Fake {
    fn new(start: Start) -> Self {
        Self {
            units: Arc::default(),
            calls: Arc::default(),
            sent: Arc::default(),
            start,
        }
    }

    fn with(self, state: &str, user: &str, transient: bool) -> Self {
        let unit = (state.into(), user.into(), transient, "success".into());
        self.units.lock().unwrap().insert(ALICE.into(), unit);
        self
    }

    fn note(&self, call: &str) {
        self.calls.lock().unwrap().push(call.to_owned());
    }

    fn calls(&self) -> String {
        self.calls.lock().unwrap().join(" ")
    }

    /// Joins the fake and a client.
    async fn serve(&self) -> (Connection, Systemd) {
        let (near, far) = UnixStream::pair().unwrap();
        let mut fake = Builder::unix_stream(near)
            .server(Guid::generate())
            .p2p()
            .serve_at(ROOT, self.clone());
        let path = object_path(&UnitName::parse(ALICE).unwrap().0);
        fake = fake.serve_at(path.clone(), FakeUnit(self.clone()));
        fake = fake.serve_at(path, FakeService(self.clone()));
        let (fake, client) = tokio::join!(fake.build(), Builder::unix_stream(far).p2p().build());
        (fake.unwrap(), Systemd::over(client.unwrap()))
    }
}

#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.systemd1")]
enum Fault {
    #[zbus(error)]
    ZBus(zbus::Error),
    UnitExists(String),
    NoSuchUnit(String),
    PropertyReadOnly(String),
}

#[interface(name = "org.freedesktop.systemd1.Manager")]
impl Fake {
    fn subscribe(&self) {
        self.note("subscribe");
    }

    #[zbus(property)]
    fn version(&self) -> String {
        "252.39-1~deb12u1".into()
    }

    fn get_unit(&self, name: &str) -> Result<OwnedObjectPath, Fault> {
        if !self.units.lock().unwrap().contains_key(name) {
            return Err(Fault::NoSuchUnit("not loaded".into()));
        }
        let unit = UnitName::parse(name).unwrap().0;
        Ok(ObjectPath::try_from(object_path(&unit)).unwrap().into())
    }

    async fn start_transient_unit(
        &self,
        name: &str,
        mode: &str,
        properties: Vec<(String, OwnedVariant)>,
        _auxiliary: Vec<(String, Vec<(String, OwnedVariant)>)>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<OwnedObjectPath, Fault> {
        self.note("start");
        assert_eq!(mode, "fail");
        if self.units.lock().unwrap().contains_key(name) {
            return Err(Fault::UnitExists("exists".into()));
        }
        if self.start == Start::Rejected {
            return Err(Fault::PropertyReadOnly("Cannot set property X".into()));
        }
        self.sent.lock().unwrap().extend(properties);
        let (state, result) = match self.start {
            Start::Fails => ("failed", "exit-code"),
            Start::Done | Start::Silent | Start::Rejected => ("active", "success"),
        };
        let unit = (state.into(), "alice".into(), true, result.into());
        self.units.lock().unwrap().insert(name.to_owned(), unit);
        match self.start {
            Start::Done | Start::Rejected => end_job(connection, name, "done").await,
            Start::Fails => end_job(connection, name, "failed").await,
            Start::Silent => {}
        }
        Ok(ObjectPath::try_from(JOB).unwrap().into())
    }

    async fn stop_unit(
        &self,
        name: &str,
        _mode: &str,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<OwnedObjectPath, Fault> {
        self.note("stop");
        if self.units.lock().unwrap().remove(name).is_none() {
            return Err(Fault::NoSuchUnit("not loaded".into()));
        }
        end_job(connection, name, "done").await;
        Ok(ObjectPath::try_from(JOB).unwrap().into())
    }

    fn reset_failed_unit(&self, name: &str) -> Result<(), Fault> {
        self.note("reset");
        let mut units = self.units.lock().unwrap();
        if units.get(name).is_some_and(|unit| unit.0 == "failed") {
            units.remove(name);
        }
        Ok(())
    }
}

struct FakeUnit(Fake);
struct FakeService(Fake);

#[interface(name = "org.freedesktop.systemd1.Unit")]
impl FakeUnit {
    #[zbus(property)]
    fn load_state(&self) -> String {
        let known = self.0.units.lock().unwrap().contains_key(ALICE);
        if known { "loaded" } else { "not-found" }.into()
    }

    #[zbus(property)]
    fn active_state(&self) -> String {
        let units = self.0.units.lock().unwrap();
        units
            .get(ALICE)
            .map_or("inactive".into(), |unit| unit.0.clone())
    }

    #[zbus(property)]
    fn transient(&self) -> bool {
        self.0
            .units
            .lock()
            .unwrap()
            .get(ALICE)
            .is_some_and(|unit| unit.2)
    }

    #[zbus(property, name = "InvocationID")]
    fn invocation_id(&self) -> Vec<u8> {
        ID.into()
    }

    #[zbus(property)]
    fn job(&self) -> (u32, OwnedObjectPath) {
        (0, ObjectPath::try_from("/").unwrap().into())
    }
}

#[interface(name = "org.freedesktop.systemd1.Service")]
impl FakeService {
    #[zbus(property)]
    fn user(&self) -> String {
        let units = self.0.units.lock().unwrap();
        units
            .get(ALICE)
            .map(|unit| unit.1.clone())
            .unwrap_or_default()
    }

    #[zbus(property)]
    fn result(&self) -> String {
        let units = self.0.units.lock().unwrap();
        units
            .get(ALICE)
            .map(|unit| unit.3.clone())
            .unwrap_or_default()
    }

    #[zbus(property, name = "UID")]
    fn uid(&self) -> u32 {
        1001
    }

    #[zbus(property, name = "MainPID")]
    fn main_pid(&self) -> u32 {
        42
    }

    #[zbus(property)]
    fn exec_main_code(&self) -> i32 {
        1
    }

    #[zbus(property)]
    fn exec_main_status(&self) -> i32 {
        203
    }

    #[zbus(property)]
    fn control_group(&self) -> String {
        "/carrel.slice/x".into()
    }

    #[zbus(property)]
    fn memory_current(&self) -> u64 {
        u64::MAX
    }
}

async fn emit(
    connection: &Connection,
    path: &str,
    interface: &str,
    member: &str,
    body: &(impl serde::Serialize + zbus::DynamicType),
) {
    connection
        .emit_signal(None::<&str>, path, interface, member, body)
        .await
        .unwrap();
}

async fn end_job(connection: &Connection, unit: &str, result: &str) {
    let body = (7_u32, ObjectPath::try_from(JOB).unwrap(), unit, result);
    emit(
        connection,
        ROOT,
        "org.freedesktop.systemd1.Manager",
        "JobRemoved",
        &body,
    )
    .await;
}

async fn change(
    connection: &Connection,
    unit: &str,
    interface: &str,
    values: &[(&str, Variant<'_>)],
) {
    let map: HashMap<&str, &Variant<'_>> =
        values.iter().map(|(name, value)| (*name, value)).collect();
    let gone: Vec<&str> = Vec::new();
    let path = format!(
        "{ROOT}/unit/{}",
        unit.replace('-', "_2d").replace('.', "_2e")
    );
    let properties = "org.freedesktop.DBus.Properties";
    emit(
        connection,
        &path,
        properties,
        "PropertiesChanged",
        &(interface, map, gone),
    )
    .await;
}

fn spec() -> UnitSpec {
    UnitSpec {
        unit: UnitName::parse(ALICE).unwrap().0,
        properties: vec![
            Property::User("alice".into()),
            Property::ExecStart(vec!["/bin/true".into(), "$HOME".into()]),
        ],
        environment: std::collections::BTreeMap::new(),
        environment_file: "/e".into(),
        socket: "/s".into(),
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_start_sends_the_properties_and_waits_for_the_job() {
    let fake = Fake::new(Start::Done);
    let (_served, systemd) = fake.serve().await;
    let status = systemd
        .start_transient(&spec(), "alice", PATIENCE)
        .await
        .unwrap();
    assert_eq!(status.active, ActiveState::Active);
    assert_eq!(status.invocation, InvocationId::from_bytes(&ID));
    assert_eq!((status.uid, status.memory_bytes), (Some(1001), None));
    let exec = fake.sent.lock().unwrap()["ExecStartEx"].clone();
    let exec: Vec<(String, Vec<String>, Vec<String>)> = exec.try_into().unwrap();
    assert_eq!(exec[0].1, ["/bin/true", "$HOME"]);
    assert_eq!(exec[0].2, ["no-env-expand"]);
    assert_eq!(systemd.version().await.unwrap(), 252);
}

#[tokio::test]
async fn a_job_whose_end_no_signal_tells_is_noticed() {
    let (_served, systemd) = Fake::new(Start::Silent).serve().await;
    let status = systemd
        .start_transient(&spec(), "alice", PATIENCE)
        .await
        .unwrap();
    assert_eq!(status.active, ActiveState::Active);
}

#[tokio::test]
async fn a_failed_start_says_why() {
    let (_served, systemd) = Fake::new(Start::Fails).serve().await;
    let error = systemd
        .start_transient(&spec(), "alice", PATIENCE)
        .await
        .unwrap_err();
    let StartError::Failed {
        job,
        status: Some(status),
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(job, "failed");
    assert_eq!(status.exit, Some(Exit::Status(203)));
    assert_eq!(
        status.in_words(),
        "could not run: its program could not be executed (status 203)"
    );
}

#[tokio::test]
async fn a_failed_unit_of_the_name_is_forgotten_and_the_start_tried_again() {
    let fake = Fake::new(Start::Done).with("failed", "alice", true);
    let (_served, systemd) = fake.serve().await;
    systemd
        .start_transient(&spec(), "alice", PATIENCE)
        .await
        .unwrap();
    assert_eq!(fake.calls(), "subscribe start reset start");
}

#[tokio::test]
async fn units_in_the_way_are_left_alone() {
    let table = [
        ("active", "alice", true, true),
        ("activating", "alice", true, true),
        ("active", "bob", true, false),
        ("active", "alice", false, false),
        ("inactive", "alice", false, false),
    ];
    for (state, user, transient, is_running) in table {
        let fake = Fake::new(Start::Done).with(state, user, transient);
        let (_served, systemd) = fake.serve().await;
        let error = systemd
            .start_transient(&spec(), "alice", PATIENCE)
            .await
            .unwrap_err();
        match is_running {
            true => assert!(matches!(error, StartError::AlreadyRunning(_)), "{error:?}"),
            false => assert!(matches!(error, StartError::NotOurs(_)), "{error:?}"),
        }
        assert_eq!(fake.calls(), "subscribe start");
    }
}

#[tokio::test]
async fn a_unit_that_systemd_does_not_take_is_told() {
    let (_served, systemd) = Fake::new(Start::Rejected).serve().await;
    let error = systemd
        .start_transient(&spec(), "alice", PATIENCE)
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::Rejected(text) if text == "Cannot set property X"));
}

#[tokio::test]
async fn stopping_twice_is_no_error() {
    let fake = Fake::new(Start::Done).with("active", "alice", true);
    let (_served, systemd) = fake.serve().await;
    let unit = UnitName::parse(ALICE).unwrap().0;
    assert!(systemd.unit_status(&unit).await.unwrap().is_some());
    systemd.stop_unit(&unit, PATIENCE).await.unwrap();
    systemd.stop_unit(&unit, PATIENCE).await.unwrap();
    assert!(systemd.unit_status(&unit).await.unwrap().is_none());
}

#[tokio::test]
async fn signals_become_events_in_their_order() {
    let fake = Fake::new(Start::Done).with("active", "alice", true);
    let (served, systemd) = fake.serve().await;
    let mut watch = systemd.watch().await.unwrap();
    let text = |value: &'static str| Variant::from(value);
    let (unit, service) = (UNIT_INTERFACE, SERVICE_INTERFACE);
    change(
        &served,
        "ssh.service",
        unit,
        &[("ActiveState", text("active"))],
    )
    .await;
    change(
        &served,
        ALICE,
        service,
        &[("MainPID", Variant::from(42_u32))],
    )
    .await;
    change(&served, ALICE, unit, &[("ActiveState", text("active"))]).await;
    change(&served, ALICE, unit, &[("ActiveState", text("active"))]).await;
    let ended = [
        ("Result", text("oom-kill")),
        ("ExecMainCode", Variant::from(2_i32)),
        ("ExecMainStatus", Variant::from(9_i32)),
    ];
    change(&served, ALICE, service, &ended).await;
    change(&served, ALICE, unit, &[("ActiveState", text("failed"))]).await;
    let manager = "org.freedesktop.systemd1.Manager";
    let path = ObjectPath::try_from("/x").unwrap();
    emit(
        &served,
        ROOT,
        manager,
        "UnitRemoved",
        &("cron.service", &path),
    )
    .await;
    emit(&served, ROOT, manager, "UnitRemoved", &(ALICE, &path)).await;
    emit(&served, ROOT, manager, "Reloading", &true).await;
    emit(&served, ROOT, manager, "Reloading", &false).await;

    let UnitEvent::Changed(status) = watch.next().await else {
        panic!("no change")
    };
    assert_eq!((status.active, status.main_pid), (ActiveState::Active, 42));
    assert_eq!(status.invocation, InvocationId::from_bytes(&ID));
    assert_eq!(status.control_group, "/carrel.slice/x");
    let UnitEvent::Changed(status) = watch.next().await else {
        panic!("no change")
    };
    assert_eq!(status.active, ActiveState::Failed);
    assert_eq!(status.exit, Some(Exit::Signal(9)));
    assert!(
        status.in_words().contains("memory"),
        "{}",
        status.in_words()
    );
    assert!(matches!(watch.next().await, UnitEvent::Removed(unit) if unit.as_str() == ALICE));
    assert_eq!(watch.next().await, UnitEvent::Resync);
}

#[tokio::test]
async fn the_end_of_a_run_is_never_told_with_the_name_of_the_next() {
    let fake = Fake::new(Start::Done).with("active", "alice", true);
    let (served, systemd) = fake.serve().await;
    let mut watch = systemd.watch().await.unwrap();
    for (late, expected) in [
        ("inactive", ActiveState::Inactive),
        ("failed", ActiveState::Failed),
    ] {
        let state = [("ActiveState", Variant::from(late))];
        change(&served, ALICE, UNIT_INTERFACE, &state).await;
        let UnitEvent::Changed(status) = watch.next().await else {
            panic!("no change")
        };
        assert_eq!((status.active, status.invocation), (expected, None));
    }
    let state = [("ActiveState", Variant::from("activating"))];
    change(&served, ALICE, UNIT_INTERFACE, &state).await;
    let UnitEvent::Changed(status) = watch.next().await else {
        panic!("no change")
    };
    assert_eq!(status.invocation, InvocationId::from_bytes(&ID));
}

#[tokio::test]
async fn a_dropped_wait_loses_no_event() {
    let fake = Fake::new(Start::Done).with("active", "alice", true);
    let (served, systemd) = fake.serve().await;
    let mut watch = systemd.watch().await.unwrap();
    change(
        &served,
        ALICE,
        UNIT_INTERFACE,
        &[("ActiveState", Variant::from("active"))],
    )
    .await;
    let mut event = None;
    let mut patience = Duration::from_micros(1);
    while event.is_none() && patience < PATIENCE {
        event = timeout(patience, watch.next()).await.ok();
        patience *= 2;
    }
    assert!(matches!(event, Some(UnitEvent::Changed(_))));
}

#[test]
fn a_unit_without_a_file_is_no_unit() {
    let map = PropertyMap::from([(
        String::from("LoadState"),
        OwnedVariant::try_from(Variant::from("not-found")).unwrap(),
    )]);
    assert!(UnitRecord::read(ALICE, &map, &PropertyMap::new()).is_none());
    assert!(UnitRecord::read("ssh.service", &PropertyMap::new(), &PropertyMap::new()).is_none());
    let empty = UnitRecord::read(ALICE, &PropertyMap::new(), &PropertyMap::new()).unwrap();
    assert_eq!(empty.status.active, ActiveState::Inactive);
}

#[test]
fn versions_of_distributions_are_understood() {
    for (text, version) in [
        ("252.39-1~deb12u1", Some(252)),
        ("257 (257.9-1)", Some(257)),
        ("v256-rc4", Some(256)),
        ("", None),
    ] {
        assert_eq!(parse_version(text), version, "{text}");
    }
}
