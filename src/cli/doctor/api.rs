//! Asks the hub itself, over the loopback port that servers use.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{Check, Machine};

const NAME: &str = "hub";

/// The root of the API is answered from memory.
const DEADLINE: Duration = Duration::from_secs(5);

/// How much of the answer is read; the root of the API is some bytes.
const MAX_ANSWER_BYTES: u64 = 16 * 1024;

/// The hub answers.
pub(super) async fn answers(machine: &Machine) -> Check {
    let hub = machine.settings().hub;
    let advice = "`systemctl status carrel` and `journalctl -u carrel -n 50` tell what it does. If \
                  another program has the port, end it and `systemctl restart carrel-api.socket`.";
    let url = format!("http://{}{}hub/api/", hub.listen_api, hub.base_url);
    let path = format!("{}hub/api/", hub.base_url);
    let answer = match timeout(DEADLINE, get(hub.listen_api, &path)).await {
        Err(_) => Err(format!("gave no answer within {} s", DEADLINE.as_secs())),
        Ok(Err(error)) => Err(format!("cannot be asked: {error}")),
        Ok(Ok(answer)) => Ok(answer),
    };
    match answer.as_deref().map(version) {
        Ok(Some(version)) => Check::ok(NAME, format!("{url} answers, API version {version}")),
        Ok(None) => Check::fail(
            NAME,
            format!("{url} answers, but not as Carrel does"),
            advice,
        ),
        Err(error) => Check::fail(NAME, format!("{url} {error}"), advice),
    }
}

async fn get(address: std::net::SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .take(MAX_ANSWER_BYTES)
        .read_to_end(&mut answer)
        .await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Returns the version out of an answer with status 200 and `{"version": …}`.
fn version(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if head.split(' ').nth(1)? != "200" {
        return None;
    }
    let json: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
    Some(json.get("version")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::cli::doctor::{State, tests::machine};

    #[test]
    fn only_the_hubs_answer_counts() {
        let head = "HTTP/1.1 200 OK\r\nx: y\r\n\r\n";
        assert_eq!(
            version(&format!("{head}{{\"version\": \"6.1.1\"}}")).as_deref(),
            Some("6.1.1")
        );
        assert_eq!(version(&format!("{head}hello")), None);
        assert_eq!(
            version("HTTP/1.1 404 Not Found\r\n\r\n{\"version\": \"1\"}"),
            None
        );
        assert_eq!(version(""), None);
    }

    #[tokio::test]
    async fn the_hub_is_asked() {
        let root = tempfile::tempdir().unwrap();
        let mut machine = machine(root.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(settings) = &mut machine.settings {
            settings.hub.listen_api = listener.local_addr().unwrap();
        }
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap();
            assert!(request[..length].starts_with(b"GET /hub/api/ HTTP/1.1\r\n"));
            let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"version\": \"6\"}";
            stream.write_all(answer).await.unwrap();
        };
        let (check, ()) = tokio::join!(answers(&machine), serve);
        assert_eq!(check.state, State::Ok, "{}", check.found);
        drop(listener);
        assert_eq!(answers(&machine).await.state, State::Fail);
    }
}
