//! The few members of systemd's D-Bus interface that Carrel uses (org.freedesktop.systemd1(5)).

use zbus::{OwnedObjectPath, Variant};

/// One row of `ListUnits`: name, description, load state, active state, sub state, followed unit,
/// object path, job id, job type, job path.
pub(super) type ListedUnit = (
    String,
    String,
    String,
    String,
    String,
    String,
    OwnedObjectPath,
    u32,
    String,
    OwnedObjectPath,
);

/// A unit that is started along with another one; Carrel sends none.
pub(super) type AuxiliaryUnit<'a> = (&'a str, Vec<(&'a str, Variant<'a>)>);

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
pub(super) trait Manager {
    /// Asks systemd to send signals.
    fn subscribe(&self) -> zbus::Result<()>;

    /// Finds the object of a unit that is in memory.
    fn get_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;

    /// Lists units in memory.
    fn list_units_by_patterns(
        &self,
        states: &[&str],
        patterns: &[&str],
    ) -> zbus::Result<Vec<ListedUnit>>;

    /// Makes and starts a unit that has no file; returns the job.
    fn start_transient_unit(
        &self,
        name: &str,
        mode: &str,
        properties: &[(&str, Variant<'_>)],
        auxiliary: &[AuxiliaryUnit<'_>],
    ) -> zbus::Result<OwnedObjectPath>;

    /// Starts a unit that has a file; returns the job.
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;

    /// Stops a unit; returns the job.
    fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;

    /// Forgets that a unit failed.
    fn reset_failed_unit(&self, name: &str) -> zbus::Result<()>;

    /// systemd's version as the distribution words it.
    #[zbus(property(emits_changed_signal = "false"))]
    fn version(&self) -> zbus::Result<String>;
}
