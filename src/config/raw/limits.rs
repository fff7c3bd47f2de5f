//! `[limits]`.

use confique::Config;

use crate::config::{
    raw::{KIB, MIB, MINUTE},
    spelling::{Count, Period, Size},
};

/// `[limits]`
#[derive(Config)]
pub(crate) struct RawLimits {
    /// Connections open at once.
    #[config(default = 20_000)]
    pub connections: Count<1, 1_000_000>,
    /// Connections open at once from one address.
    #[config(default = 2000)]
    pub connections_per_address: Count<1, 1_000_000>,
    /// Size of a request's head.
    #[config(default = "64K")]
    pub head_size: Size<{ 8 * KIB }, MIB>,
    /// Size of a body that the hub itself reads; what goes to servers is not bounded.
    #[config(default = "1M")]
    pub body_size: Size<{ 4 * KIB }, { 256 * MIB }>,
    /// How long a TLS handshake may take.
    #[config(default = "10s")]
    pub handshake_timeout: Period<1, { 10 * MINUTE }>,
    /// How long a request's head may take.
    #[config(default = "15s")]
    pub head_timeout: Period<1, { 10 * MINUTE }>,
    /// How long a body that the hub itself reads may take.
    #[config(default = "30s")]
    pub body_timeout: Period<1, { 10 * MINUTE }>,
}
