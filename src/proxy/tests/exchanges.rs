//! Requests and replies through the proxy.

use super::*;

#[tokio::test]
async fn a_request_arrives_as_it_was_sent() {
    let lab = Lab::new(|mut server| async move {
        let head = server.head().await.unwrap();
        let body = head.to_lowercase();
        let length = body.len();
        server
            .send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
            ))
            .await;
    });
    let mut browser = lab.browser();
    browser
        .get("/user/alice/a%2Fb//c/%7e;x=1?q=%20&&r=../..")
        .await;
    let head = browser.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK"));
    let echoed = browser.head().await;
    let mut lines: Vec<_> = echoed.trim().lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "get /user/alice/a%2fb//c/%7e;x=1?q=%20&&r=../.. http/1.1",
            "host: lab",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: lab",
            "x-forwarded-port: 443",
            "x-forwarded-proto: https",
            "x-real-ip: 192.0.2.7",
        ]
    );
}

#[tokio::test]
async fn connections_are_used_again() {
    let lab = Lab::replying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut browser = lab.browser();
    for _ in 0..5 {
        browser.get("/user/alice/").await;
        browser.head().await;
        browser.expect("ok").await;
    }
    assert_eq!(lab.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn replies_without_a_body_keep_the_connection_too() {
    for reply in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ] {
        let lab = Lab::replying(reply);
        let mut browser = lab.browser();
        for _ in 0..3 {
            browser.get("/user/alice/").await;
            browser.head().await;
        }
        assert_eq!(lab.connections.load(Ordering::Relaxed), 1, "{reply}");
    }
    let lab = Lab::replying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let mut browser = lab.browser();
    for _ in 0..3 {
        browser
            .send("HEAD /user/alice/ HTTP/1.1\r\nHost: lab\r\n\r\n")
            .await;
        assert!(
            browser
                .head()
                .await
                .to_lowercase()
                .contains("content-length: 5")
        );
    }
    assert_eq!(lab.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_the_server_closed_is_replaced() {
    let lab = Lab::new(|mut server| async move {
        server.head().await;
        server
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await;
    });
    let mut browser = lab.browser();
    for _ in 0..3 {
        browser.get("/user/alice/").await;
        assert!(browser.head().await.starts_with("HTTP/1.1 200"));
        browser.expect("ok").await;
    }
    assert_eq!(lab.connections.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn pieces_of_a_reply_arrive_as_they_are_sent() {
    let (next, wait) = tokio::sync::watch::channel(0);
    let lab = Lab::new(move |mut server| {
        let mut wait = wait.clone();
        async move {
            server.head().await;
            server
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            for n in 1..=3 {
                wait.wait_for(|ready| *ready >= n).await.unwrap();
                server.send(format!("9\r\ndata: {n}\n\n\r\n")).await;
            }
            server.send("0\r\n\r\n").await;
        }
    });
    let mut browser = lab.browser();
    browser.get("/user/alice/events").await;
    assert!(browser.head().await.contains("text/event-stream"));
    for n in 1..=3 {
        next.send(n).unwrap();
        browser.expect(format!("9\r\ndata: {n}\n\n\r\n")).await;
    }
    browser.expect("0\r\n\r\n").await;
}

#[tokio::test]
async fn large_bodies_pass_both_ways() {
    const SIZE: usize = 8 * 1024 * 1024;
    let lab = Lab::new(|mut server| async move {
        let head = server.head().await.unwrap().to_lowercase();
        assert!(head.contains(&format!("content-length: {SIZE}")), "{head}");
        let mut body = vec![0; SIZE];
        server.0.read_exact(&mut body).await.unwrap();
        server
            .send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"))
            .await;
        server.send(&body).await;
    });
    let body: Vec<u8> = (0..SIZE).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let Browser(stream) = lab.browser();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let sent = body.clone();
    let sending = async {
        let head =
            format!("POST /user/alice/ HTTP/1.1\r\nHost: lab\r\nContent-Length: {SIZE}\r\n\r\n");
        writer.write_all(head.as_bytes()).await.unwrap();
        writer.write_all(&sent).await.unwrap();
    };
    let receiving = async {
        read_head(&mut reader).await.unwrap();
        let mut found = vec![0; SIZE];
        reader.read_exact(&mut found).await.unwrap();
        assert!(found == body, "the body came back changed");
    };
    timeout(SOON, async { tokio::join!(sending, receiving) })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_body_of_unknown_length_stays_chunked() {
    let lab = Lab::new(|mut server| async move {
        let head = server.head().await.unwrap().to_lowercase();
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        let mut body = vec![0; 13];
        server.0.read_exact(&mut body).await.unwrap();
        assert_eq!(body, b"3\r\nabc\r\n0\r\n\r\n");
        server
            .send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            .await;
    });
    let mut browser = lab.browser();
    browser
        .send("PUT /user/alice/ HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        .await;
    assert!(browser.head().await.starts_with("HTTP/1.1 201"));
}

#[tokio::test]
async fn who_expects_100_continue_gets_it() {
    let lab = Lab::new(|mut server| async move {
        server.head().await;
        server.send("HTTP/1.1 100 Continue\r\n\r\n").await;
        let mut body = [0; 5];
        server.0.read_exact(&mut body).await.unwrap();
        assert_eq!(&body, b"12345");
        server
            .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
    });
    let mut browser = lab.browser();
    browser
        .send("PUT /user/alice/ HTTP/1.1\r\nHost: lab\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        .await;
    assert!(browser.head().await.starts_with("HTTP/1.1 100"));
    browser.send("12345").await;
    assert!(browser.head().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_refusal_may_come_before_the_body() {
    let lab = Lab::new(|mut server| async move {
        server.head().await;
        server
            .send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno\n")
            .await;
        eventually_closed(&mut server.0).await;
    });
    let mut browser = lab.browser();
    browser
        .send("PUT /user/alice/ HTTP/1.1\r\nHost: lab\r\nContent-Length: 1000000\r\n\r\nabc")
        .await;
    assert!(browser.head().await.starts_with("HTTP/1.1 413"));
    browser.expect("no\n").await;
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_not_made_whole() {
    for start in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let lab = Lab::new(move |mut server| async move {
            server.head().await;
            server.send(start).await;
        });
        let mut browser = lab.browser();
        browser.get("/user/alice/").await;
        let rest = browser.rest().await;
        let rest = String::from_utf8(rest).unwrap();
        assert!(!rest.ends_with("0\r\n\r\n"), "{rest:?}");
    }
}

#[tokio::test]
async fn a_server_that_answers_nonsense_or_nothing_is_503() {
    for answer in ["", "nonsense\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n"] {
        let lab = Lab::new(move |mut server| async move {
            server.head().await;
            server.send(answer).await;
        });
        let mut browser = lab.browser();
        browser.get("/user/alice/").await;
        assert!(
            browser.head().await.starts_with("HTTP/1.1 503"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_dead_server_is_reported() {
    let lab = Lab::replying("");
    std::fs::remove_file(&lab.route.socket).unwrap();
    let request = ::http::Request::get("/user/alice/")
        .body(Body::empty())
        .unwrap();
    let peer = Peer {
        addr: "192.0.2.7".parse().unwrap(),
        port: 1,
        scheme: Scheme::Https,
        via: Listener::Public,
    };
    let error = lab
        .proxy
        .forward(&lab.route, request, None, &peer)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Dead(_)));
    assert!(error.suggests_death());
}

#[tokio::test]
async fn a_server_learns_that_nobody_listens_any_more() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let lab = Lab::new(move |mut server| {
        let tell = tell.lock().unwrap().take().unwrap();
        async move {
            server.head().await;
            server
                .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
                .await;
            eventually_closed(&mut server.0).await;
            tell.send(()).unwrap();
        }
    });
    let mut browser = lab.browser();
    browser.get("/user/alice/").await;
    browser.head().await;
    drop(browser);
    timeout(SOON, told).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_counts_as_activity() {
    const GET: &str = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
    const PUT: &str = "PUT / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1\r\n\r\nx";
    let table = [
        (GET, "200 OK", true),
        (GET, "302 Found", false),
        (GET, "404 Not Found", false),
        (PUT, "403 Forbidden", true),
    ];
    for (request, status, counts) in table {
        for body in ["Content-Length: 0\r\n\r\n", "Content-Length: 2\r\n\r\nok"] {
            let lab = Lab::new(move |mut server| async move {
                if server.head().await.unwrap().starts_with("PUT") {
                    server.0.read_u8().await.unwrap();
                }
                server.send(format!("HTTP/1.1 {status}\r\n{body}")).await;
            });
            let mut browser = lab.browser();
            browser.send(request).await;
            browser.head().await;
            if body.ends_with("ok") {
                browser.expect("ok").await;
            }
            let counted = lab.route.last_activity().is_some();
            assert_eq!(counted, counts, "{request} {status}");
        }
    }
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let lab = Lab::replying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut browser = lab.browser();
    browser.get("/user/alice/").await;
    browser.head().await;
    let pool = Pool::find(&lab.route).unwrap();
    eventually("the link is given back", || pool.idle_count() == 1).await;
    pool.drop_idle();
    assert_eq!(pool.idle_count(), 1, "it is still young");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    pool.drop_idle();
    assert_eq!(pool.idle_count(), 0);
}
