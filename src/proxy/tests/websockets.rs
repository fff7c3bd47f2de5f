//! Websockets through the proxy.

use super::*;

const UPGRADE: &str = "GET /user/alice/ws HTTP/1.1\r\nHost: lab\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nOrigin: https://lab\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/// A server that switches to websockets, says something at once and echoes.
fn echo_lab() -> Lab {
    Lab::new(|mut server| async move {
        let head = server.head().await.unwrap().to_lowercase();
        for line in [
            "connection: upgrade",
            "upgrade: websocket",
            "origin: https://lab",
        ] {
            assert!(head.contains(line), "{head}");
        }
        server.send(format!("{SWITCH}\u{1}\u{2}hi")).await;
        let (mut reader, mut writer) = server.0.split();
        drop(tokio::io::copy(&mut reader, &mut writer).await);
    })
}

#[tokio::test]
async fn websockets_pass_both_ways() {
    let lab = echo_lab();
    let mut browser = lab.browser();
    browser.send(UPGRADE).await;
    let head = browser.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("upgrade: websocket"));
    browser.expect("\u{1}\u{2}hi").await;

    let ping = [0x89, 0x80, 1, 2, 3, 4];
    browser.send(ping).await;
    browser.expect(ping).await;
    assert_eq!(lab.route.last_activity(), None, "a ping is no activity");

    let mut frame = vec![0x82, 0xff];
    frame.extend(1_000_000_u64.to_be_bytes());
    frame.extend([1, 2, 3, 4]);
    frame.extend(vec![7; 1_000_000]);
    let (mut reader, mut writer) = tokio::io::split(browser.0);
    let mut echoed = vec![0; frame.len()];
    let both = async {
        let (sent, read) = tokio::join!(writer.write_all(&frame), reader.read_exact(&mut echoed));
        sent.unwrap();
        read.unwrap();
    };
    timeout(SOON, both).await.unwrap();
    assert!(echoed == frame);
    assert_eq!(lab.route.last_activity(), Some(NOW));
}

#[tokio::test]
async fn a_websocket_ends_with_either_side() {
    let lab = Lab::new(|mut server| async move {
        server.head().await;
        server.send(SWITCH).await;
        server.send("\u{1}\u{3}bye").await;
    });
    let mut browser = lab.browser();
    browser.send(UPGRADE).await;
    browser.head().await;
    assert_eq!(browser.rest().await, b"\x01\x03bye");

    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let lab = Lab::new(move |mut server| {
        let tell = tell.lock().unwrap().take().unwrap();
        async move {
            server.head().await;
            server.send(SWITCH).await;
            eventually_closed(&mut server.0).await;
            tell.send(()).unwrap();
        }
    });
    let mut browser = lab.browser();
    browser.send(UPGRADE).await;
    browser.head().await;
    drop(browser);
    timeout(SOON, told).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_websocket_is_told_when_the_hub_goes() {
    let lab = echo_lab();
    let mut browser = lab.browser();
    browser.send(UPGRADE).await;
    browser.head().await;
    browser.expect("\u{1}\u{2}hi").await;
    lab.proxy.close_tunnels.cancel();
    assert_eq!(browser.rest().await, [0x88, 0x02, 0x03, 0xf4]);
}

#[tokio::test]
async fn a_server_may_refuse_a_websocket() {
    let lab = Lab::replying("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let mut browser = lab.browser();
    browser.send(UPGRADE).await;
    assert!(browser.head().await.starts_with("HTTP/1.1 403"));
    browser.expect("no").await;
    browser.get("/user/alice/").await;
    assert!(browser.head().await.starts_with("HTTP/1.1 403"));
}
