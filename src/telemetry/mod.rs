//! What the program says about itself while it runs.
#![forbid(unsafe_code)]

pub mod causes;
pub mod logs;
pub mod metrics;
