//! The client against web services that do what real ones do on bad days.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline_web_client::{Body, Client, ClientConfig, Failure, Limits, Method, RESPONSE_MAX, Request};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

/// A web service that does `script` with each request, and tells what was asked.
struct Service {
    url: String,
    asked: mpsc::UnboundedReceiver<String>,
}

impl Service {
    async fn new<S, F>(mut script: S) -> Self
    where
        S: FnMut(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/customers?number=1", listener.local_addr().unwrap());
        let (tell, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                if let Some(request) = request_of(&mut stream).await {
                    tell.send(request).unwrap();
                    tokio::spawn(script(stream));
                }
            }
        });
        Self { url, asked }
    }

    /// One that answers each request so, and closes.
    async fn answering(answer: &'static str) -> Self {
        Self::new(move |mut stream| async move { write(&mut stream, answer).await }).await
    }

    /// One that never answers.
    async fn silent() -> Self {
        Self::new(|mut stream| async move { while stream.read_u8().await.is_ok() {} }).await
    }

    fn times_asked(&mut self) -> usize {
        std::iter::from_fn(|| self.asked.try_recv().ok()).count()
    }
}

/// Reads a request with its body; `None` at the end of the connection.
async fn request_of(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    loop {
        request.push(stream.read_u8().await.ok()?);
        if request.ends_with(b"\r\n\r\n") {
            let text = String::from_utf8(request.clone()).unwrap();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).await.ok()?;
            return Some(text + &String::from_utf8(body).unwrap());
        }
    }
}

/// The other side may be gone, which is not what is tested.
async fn write(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    drop(stream.write_all(text.as_bytes()).await);
}

fn client() -> Client {
    client_with(Limits::default())
}

fn client_with(limits: Limits) -> Client {
    Client::new(&ClientConfig { limits, ..ClientConfig::default() }).unwrap()
}

fn get(url: &str) -> Request {
    Request::new(Method::Get, url, LONG)
}

fn post(url: &str) -> Request {
    Request { body: Body::Json(json!({"number": "+4930123456"})), ..Request::new(Method::Post, url, LONG) }
}

const FOUND: &str = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"name\":\"Mara\"}";

#[tokio::test]
async fn a_service_gets_what_was_asked_and_its_answer_comes_back() {
    let mut service = Service::answering(FOUND).await;
    let mut request = post(&service.url);
    request.headers = vec![("Authorization".to_owned(), "Bearer x".to_owned())];
    let response = client().request(&request).await.unwrap();
    assert_eq!((response.status, response.json().unwrap()), (200, json!({"name": "Mara"})));
    let asked = service.asked.recv().await.unwrap();
    assert!(asked.starts_with("POST /customers?number=1 HTTP/1.1\r\n"), "{asked}");
    for line in ["authorization: Bearer x", "content-type: application/json", "accept: application/json"] {
        assert!(asked.contains(line), "{asked}");
    }
    assert!(asked.ends_with("\r\n\r\n{\"number\":\"+4930123456\"}"), "{asked}");
}

#[tokio::test]
async fn a_service_that_hangs_or_drips_is_given_up_in_time() {
    let drips = Service::new(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    for service in [Service::silent().await, drips.await] {
        let begun = Instant::now();
        let request = Request { timeout: SHORT, retries: 5, ..get(&service.url) };
        assert_eq!(client().request(&request).await, Err(Failure::Timeout));
        assert!((SHORT..LONG / 10).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_only_if_asking_twice_does_no_harm() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"name\":";
    for (request, times) in [(get as fn(&str) -> Request, 3), (post, 1)] {
        let mut service = Service::answering(cut).await;
        let request = Request { retries: 2, ..request(&service.url) };
        assert_eq!(client().request(&request).await, Err(Failure::Broken));
        assert_eq!(service.times_asked(), times, "{request:?}");
    }
}

#[tokio::test]
async fn a_service_that_restarts_is_asked_again() {
    let mut times = 0;
    let mut service = Service::new(move |mut stream| {
        times += 1;
        let answer = if times < 3 { "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" } else { FOUND };
        async move { write(&mut stream, answer).await }
    })
    .await;
    let request = Request { retries: 2, ..get(&service.url) };
    assert_eq!(client().request(&request).await.unwrap().status, 200);
    assert_eq!(service.times_asked(), 3);
}

#[tokio::test]
async fn where_nobody_listens_it_is_tried_again_whatever_the_method() {
    // Bound and not listening: nobody else gets the port meanwhile.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap());
    let begun = Instant::now();
    assert_eq!(client().request(&Request { retries: 2, ..post(&url) }).await, Err(Failure::Refused));
    assert!(begun.elapsed() >= Duration::from_millis(150), "the waits before two repetitions");
    let begun = Instant::now();
    let hurried = Request { retries: 5, timeout: Duration::from_millis(120), ..post(&url) };
    assert_eq!(client().request(&hurried).await, Err(Failure::Refused));
    assert!(begun.elapsed() < Duration::from_millis(500), "no wait beyond its time");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_refused() {
    assert_eq!(client().request(&get("http://crm.invalid/")).await, Err(Failure::Refused));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let endless = Service::new(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let piece = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        // Until the client closes.
        while stream.write_all(piece.as_bytes()).await.is_ok() {}
    })
    .await;
    assert_eq!(client().request(&get(&endless.url)).await, Err(Failure::TooLarge));
    let mut exact = Service::new(|mut stream| async move {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {RESPONSE_MAX}\r\n\r\n");
        write(&mut stream, &(head + &"x".repeat(RESPONSE_MAX))).await;
    })
    .await;
    assert_eq!(client().request(&get(&exact.url)).await.unwrap().body.len(), RESPONSE_MAX);
    let less = Request { response_max: RESPONSE_MAX - 1, ..get(&exact.url) };
    assert_eq!(client().request(&less).await, Err(Failure::TooLarge));
    assert_eq!(exact.times_asked(), 2);
}

#[tokio::test]
async fn what_is_not_http_or_has_no_end_of_header_fields_is_broken() {
    let garbage = Service::answering("SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    assert_eq!(client().request(&get(&garbage.url)).await, Err(Failure::Broken));
    let fields = Service::new(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\n").await;
        let field = format!("X: {}\r\n", "x".repeat(1000));
        while stream.write_all(field.as_bytes()).await.is_ok() {}
    })
    .await;
    assert_eq!(client().request(&get(&fields.url)).await, Err(Failure::Broken));
}

#[tokio::test]
async fn a_page_in_place_of_json_is_told() {
    let service = Service::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>").await;
    assert_eq!(client().request(&get(&service.url)).await.unwrap().json(), Err(Failure::NotJson));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_other_statuses_are_told() {
    let mut elsewhere = Service::answering(FOUND).await;
    let target = elsewhere.url.clone();
    let service = Service::new(move |mut stream| {
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        async move { write(&mut stream, &answer).await }
    })
    .await;
    assert_eq!(client().request(&get(&service.url)).await, Err(Failure::Status(302)));
    assert_eq!(elsewhere.times_asked(), 0);
    let missing = Service::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}").await;
    assert_eq!(client().request(&get(&missing.url)).await, Err(Failure::Status(404)));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let mut service = Service::new(|mut stream| async move {
        write(&mut stream, FOUND).await;
        while request_of(&mut stream).await.is_some() {
            write(&mut stream, FOUND).await;
        }
    })
    .await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(client.request(&get(&service.url)).await.unwrap().status, 200);
    }
    assert_eq!(service.times_asked(), 1, "connections, of which only the first request is told");
}

#[tokio::test]
async fn beyond_the_limits_a_request_fails_at_once_and_one_bad_host_leaves_room_for_others() {
    let (mut silent, good) = (Service::silent().await, Service::answering(FOUND).await);
    let client = client_with(Limits { requests: 2, requests_per_host: 1, ..Limits::default() });
    let waiting = tokio::spawn({
        let (client, request) = (client.clone(), get(&silent.url));
        async move { client.request(&request).await }
    });
    silent.asked.recv().await.unwrap();
    assert_eq!(client.request(&get(&silent.url)).await, Err(Failure::Busy));
    assert_eq!(client.request(&get(&good.url)).await.unwrap().status, 200);
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let client = client_with(Limits { requests: 0, ..Limits::default() });
    assert_eq!(client.request(&get(&good.url)).await, Err(Failure::Busy));
}

#[tokio::test]
async fn calling_a_request_off_closes_its_connection_and_gives_its_place_back() {
    let (closed, mut is_closed) = mpsc::unbounded_channel();
    let mut service = Service::new(move |mut stream| {
        let closed = closed.clone();
        async move {
            while stream.read_u8().await.is_ok() {}
            closed.send(()).unwrap();
        }
    })
    .await;
    let client = client_with(Limits { requests: 1, requests_per_host: 1, ..Limits::default() });
    for _ in 0..2 {
        let waiting = tokio::spawn({
            let (client, request) = (client.clone(), get(&service.url));
            async move { client.request(&request).await }
        });
        service.asked.recv().await.unwrap();
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        is_closed.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_host_that_fails_repeatedly_is_left_alone_and_tried_again_after_a_while() {
    let bad = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
    let (mut service, other) = (Service::answering(bad).await, Service::answering(FOUND).await);
    let client = client_with(Limits { breaker_failures: 2, breaker_pause: LONG, ..Limits::default() });
    for _ in 0..2 {
        assert_eq!(client.request(&get(&service.url)).await, Err(Failure::Status(500)));
    }
    assert_eq!(client.request(&get(&service.url)).await, Err(Failure::Open));
    assert_eq!(service.times_asked(), 2);
    assert_eq!(client.request(&get(&other.url)).await.unwrap().status, 200);

    let pause = Duration::ZERO;
    let client = client_with(Limits { breaker_failures: 1, breaker_pause: pause, ..Limits::default() });
    for _ in 0..3 {
        assert_eq!(client.request(&get(&service.url)).await, Err(Failure::Status(500)));
    }
    assert_eq!(service.times_asked(), 3, "each of them tried whether it is back");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_one_of_the_house_is_not() {
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = signed.cert.der().clone();
    let key = signed.signing_key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            request_of(&mut stream).await.unwrap();
            write(&mut stream, FOUND).await;
        }
    });
    assert_eq!(client().request(&Request { retries: 3, ..get(&url) }).await, Err(Failure::Tls));
    let roots = vec![certificate];
    let house = Client::new(&ClientConfig { roots, ..ClientConfig::default() }).unwrap();
    assert_eq!(house.request(&get(&url)).await.unwrap().status, 200);

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", plain.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        write(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        while stream.read_u8().await.is_ok() {}
    });
    assert_eq!(client().request(&get(&url)).await, Err(Failure::Tls));
}

#[tokio::test]
async fn a_certificate_of_the_house_that_is_none_is_told() {
    let roots = vec![b"hello".to_vec().into()];
    let error = Client::new(&ClientConfig { roots, ..ClientConfig::default() }).err().unwrap();
    assert!(error.to_string().contains("cannot be used"), "{error}");
}
