//! `[culler]`.

use confique::Config;

use crate::config::{
    raw::DAY,
    spelling::{GroupLabel, Period, PeriodBound, UserLabel},
};

/// `[culler]`
#[derive(Config)]
pub(crate) struct RawCuller {
    /// Whether servers that nobody uses are stopped.
    #[config(default = false)]
    pub enabled: bool,
    /// How long a server may go unused. Requests, input and kernels at work are use; a server with
    /// a kernel at work is never stopped for this.
    #[config(default = "1h")]
    pub timeout: PeriodBound<1, { 400 * DAY }>,
    /// Whether an open page with a connected kernel is use, though nobody does anything in it.
    #[config(default = false)]
    pub count_connected: bool,
    /// How long a server may run at all. It is stopped then, whatever it does: work that is under
    /// way is lost.
    #[config(default = "unlimited")]
    pub max_age: PeriodBound<1, { 400 * DAY }>,
    /// How often servers are looked at.
    #[config(default = "1m")]
    pub check_interval: Period<1, DAY>,
    /// Whether servers beside people's default ones are stopped too.
    #[config(default = true)]
    pub cull_named_servers: bool,
    /// Whether such a server is removed when it was stopped for this; its files stay.
    #[config(default = false)]
    pub remove_named_servers: bool,
    /// Whose servers are left alone.
    ///
    /// Example: `["alice"]`
    #[config(default = [])]
    pub exempt_users: Vec<UserLabel>,
    /// The hub's groups whose members' servers are left alone; for a system group, set
    /// `idle_timeout` in `[groups.NAME]`.
    ///
    /// Example: `["teachers"]`
    #[config(default = [])]
    pub exempt_groups: Vec<GroupLabel>,
}
