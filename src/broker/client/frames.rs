//! Frames without blocking a thread.

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::broker::message::{FrameError, body_buffer, encode};

/// Writes `value` as one frame without blocking the thread.
pub(super) async fn send_frame(
    out: &mut (impl AsyncWrite + Unpin),
    value: &impl Serialize,
) -> Result<(), FrameError> {
    let frame = encode(value)?;
    out.write_all(&frame).await?;
    Ok(out.flush().await?)
}

/// Reads one frame without blocking the thread.
pub(super) async fn receive_frame<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> Result<T, FrameError> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut body = body_buffer(length)?;
    from.read_exact(&mut body).await?;
    Ok(serde_json::from_slice(&body)?)
}
