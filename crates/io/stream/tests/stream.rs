//! Streams against services that do what real ones do, on good days and on bad ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hotline_audio::Rate;
use hotline_base::Pii;
use hotline_media_rt::LegEnd;
use hotline_stream::{
    Control, End, Event, Limits, Start, Stream, StreamRequest, Streams, StreamsConfig, Values,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

const SHORT: Duration = Duration::from_millis(200);
const PING: Duration = Duration::from_millis(50);

type Service = WebSocketStream<TcpStream>;

/// A service that does `script` with the first WebSocket; its address.
async fn serve<F, T>(script: impl FnOnce(Service) -> F + Send + 'static) -> (String, JoinHandle<T>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/bot?key=1", listener.local_addr().unwrap());
    let service = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        script(accept_async(stream).await.unwrap()).await
    });
    (url, service)
}

fn request(url: &str) -> StreamRequest {
    let Value::Object(parameters) = json!({"customer": "Mara"}) else { unreachable!() };
    let start = Start {
        call: "0192".to_owned(),
        flow: "main".to_owned(),
        step: "ask".to_owned(),
        language: "en".to_owned(),
        rate: Rate::Narrow,
        parameters: Pii::new(parameters),
    };
    StreamRequest { url: url.to_owned(), headers: Vec::new(), start }
}

fn streams_with(limits: Limits) -> Streams {
    Streams::new(&StreamsConfig { limits, ..StreamsConfig::default() }).unwrap()
}

fn connect(url: &str) -> Stream {
    streams_with(Limits::default()).connect(request(url))
}

/// The end, after events that may come before it.
async fn end(stream: &mut Stream) -> End {
    loop {
        match stream.events.recv().await.unwrap() {
            Event::Ended(end) => {
                assert_eq!(stream.events.recv().await, None, "nothing follows");
                return end;
            }
            Event::Started | Event::Dtmf(_) => {}
        }
    }
}

/// What the service is told next, sound passed over.
async fn told(service: &mut Service) -> Value {
    loop {
        match service.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            Message::Close(close) => return json!({"closed": close.unwrap().reason.as_str()}),
        }
    }
}

async fn tell(service: &mut Service, message: Value) {
    service.send(Message::text(message.to_string())).await.unwrap();
}

fn sound(sample: i16, samples: usize) -> Message {
    Message::Binary(Bytes::from(sample.to_le_bytes().repeat(samples)))
}

/// What the caller hears next, once it is there: the first sample of a frame.
async fn heard(leg: &mut LegEnd) -> i16 {
    let mut frame = [0; 160];
    // As a media thread does, but as fast as it goes.
    while !leg.say(&mut frame) {
        tokio::task::yield_now().await;
    }
    frame[0]
}

#[tokio::test]
async fn sound_goes_both_ways_and_the_service_knows_whose_it_is() {
    let (url, service) = serve(|mut service| async move {
        let start = told(&mut service).await;
        let mut heard = Vec::new();
        while heard.len() < 3 * 320 {
            if let Message::Binary(bytes) = service.next().await.unwrap().unwrap() {
                assert_eq!(bytes.len(), 320, "20 ms each");
                heard.extend_from_slice(&bytes);
            }
        }
        service.send(Message::Binary(heard.clone().into())).await.unwrap();
        tell(&mut service, json!({"type": "result", "values": {"intent": "billing"}})).await;
        (start, told(&mut service).await)
    })
    .await;
    let mut stream = connect(&url);
    let mut leg = stream.leg.take().unwrap();
    for number in 1..=3 {
        leg.hear(&[number * 100; 160]);
    }
    assert_eq!(stream.events.recv().await, Some(Event::Started));
    let Event::Ended(End::Result(values)) = stream.events.recv().await.unwrap() else { panic!("no result") };
    assert_eq!(values.expose()["intent"], "billing");
    let (start, goodbye) = service.await.unwrap();
    let wanted = json!({
        "type": "start", "version": 1, "call": "0192", "flow": "main", "step": "ask", "language": "en",
        "sample_rate": 8000, "parameters": {"customer": "Mara"},
    });
    assert_eq!((start, goodbye), (wanted, json!({"closed": ""})));
}

#[tokio::test]
async fn a_mark_comes_back_when_the_caller_has_heard_all_before_it() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        service.send(sound(7, 160 * 20)).await.unwrap();
        tell(&mut service, json!({"type": "mark", "name": "greeted"})).await;
        let mark = told(&mut service).await;
        tell(&mut service, json!({"type": "stop"})).await;
        mark
    })
    .await;
    let mut stream = connect(&url);
    let mut leg = stream.leg.take().unwrap();
    for _ in 0..20 {
        assert!(!service.is_finished());
        assert_eq!(heard(&mut leg).await, 7);
    }
    assert_eq!(service.await.unwrap(), json!({"type": "mark", "name": "greeted"}));
    assert_eq!(end(&mut stream).await, End::Stopped);
}

#[tokio::test]
async fn what_is_cleared_is_not_heard() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        service.send(sound(1, 160 * 500)).await.unwrap();
        tell(&mut service, json!({"type": "mark", "name": "long"})).await;
        // The caller interrupts.
        assert_eq!(told(&mut service).await["type"], "dtmf");
        tell(&mut service, json!({"type": "clear"})).await;
        let mark = told(&mut service).await;
        service.send(sound(2, 160)).await.unwrap();
        (mark, service)
    })
    .await;
    let mut stream = connect(&url);
    let mut leg = stream.leg.take().unwrap();
    assert_eq!(heard(&mut leg).await, 1);
    stream.control.send(Control::Dtmf { digit: Pii::new('5'), duration_ms: 100 }).await.unwrap();
    let (mark, _service) = service.await.unwrap();
    assert_eq!(mark["name"], "long");
    assert_eq!(heard(&mut leg).await, 2);
}

#[tokio::test]
async fn keys_go_both_ways() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        tell(&mut service, json!({"type": "dtmf", "digits": "12#"})).await;
        told(&mut service).await
    })
    .await;
    let mut stream = connect(&url);
    assert_eq!(stream.events.recv().await, Some(Event::Started));
    assert_eq!(stream.events.recv().await, Some(Event::Dtmf("12#".into())));
    stream.control.send(Control::Dtmf { digit: Pii::new('5'), duration_ms: 120 }).await.unwrap();
    assert_eq!(service.await.unwrap(), json!({"type": "dtmf", "digit": "5", "duration_ms": 120}));
}

#[tokio::test]
async fn a_service_is_told_why_it_is_over() {
    for (by_flow, reason) in [(true, "timeout"), (false, "hangup")] {
        let (url, service) = serve(|mut service| async move {
            told(&mut service).await;
            (told(&mut service).await, told(&mut service).await)
        })
        .await;
        let mut stream = connect(&url);
        assert_eq!(stream.events.recv().await, Some(Event::Started));
        if by_flow {
            stream.control.send(Control::Stop { reason: "timeout" }).await.unwrap();
        } else {
            drop(stream.leg.take());
        }
        assert_eq!(end(&mut stream).await, End::Told);
        let wanted = (json!({"type": "stop", "reason": reason}), json!({"closed": ""}));
        assert_eq!(service.await.unwrap(), wanted);
    }
}

#[tokio::test]
async fn a_service_that_reads_nothing_is_given_up() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    // So that it is full soon.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let service = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _service = accept_async(stream).await.unwrap();
        std::future::pending::<()>().await;
    });
    let limits = Limits { write: SHORT, ..Limits::default() };
    let mut wide = request(&url);
    wide.start.rate = Rate::Wide;
    let mut stream = streams_with(limits).connect(wide);
    let mut leg = stream.leg.take().unwrap();
    assert_eq!(stream.events.recv().await, Some(Event::Started));
    let mut beats = tokio::time::interval(Duration::from_millis(1));
    let told = loop {
        tokio::select! {
            told = stream.events.recv() => break told,
            _ = beats.tick() => leg.hear(&[1; 320]),
        }
    };
    assert_eq!(told, Some(Event::Ended(End::Stalled)));
    service.abort();
}

#[tokio::test]
async fn what_the_protocol_does_not_have_ends_the_stream_and_the_service_hears_why() {
    let long = "x".repeat(200);
    let big = "x".repeat(20_000);
    for (message, why) in [
        (Message::text("hello"), "a text is not an object"),
        (Message::text("{\"type\":\"mark\"}"), "a text is not an object"),
        (Message::text(json!({"type": "mark", "name": long}).to_string()), "name of a mark"),
        (Message::text(json!({"type": "dtmf", "digits": "1w"}).to_string()), "`digits` are"),
        (Message::text(json!({"type": "result", "values": {"a": big}}).to_string()), "a result is longer"),
        (Message::text("[".repeat(100_000)), "a text is not an object"),
        (Message::Binary(Bytes::from_static(&[1, 2, 3])), "half a sample"),
    ] {
        let (url, service) = serve(|mut service| async move {
            told(&mut service).await;
            service.send(message).await.unwrap();
            told(&mut service).await
        })
        .await;
        let mut stream = connect(&url);
        let End::Protocol(told) = end(&mut stream).await else { panic!("{why}") };
        assert!(told.contains(why), "{told}");
        assert_eq!(service.await.unwrap(), json!({"closed": told}));
    }
}

#[tokio::test]
async fn messages_of_a_newer_service_are_passed_over_and_too_long_ones_are_not() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        tell(&mut service, json!({"type": "sing", "song": "la"})).await;
        service.send(sound(0, 200_000)).await.unwrap();
    })
    .await;
    let mut stream = connect(&url);
    assert!(matches!(end(&mut stream).await, End::Protocol(told) if told.contains("262144")));
    service.await.unwrap();
}

#[tokio::test]
async fn services_that_cannot_be_reached_are_told_apart() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("ws://{}/", listener.local_addr().unwrap());
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rejecting = format!("ws://{}/", http.local_addr().unwrap());
    let plain = rejecting.replace("ws://", "wss://");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = http.accept().await {
            let mut head = [0; 1024];
            if stream.read(&mut head).await.is_ok() {
                drop(stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await);
            }
        }
    });
    let hurried = streams_with(Limits { connect: SHORT, ..Limits::default() });
    assert_eq!(end(&mut hurried.connect(request(&silent))).await, End::Timeout);
    let streams = streams_with(Limits::default());
    let long = format!("ws://a/{}", "x".repeat(9000));
    for (url, wanted) in [
        (rejecting.as_str(), End::Rejected(Some(403))),
        (&plain, End::Tls),
        ("http://localhost/", End::BadRequest),
        ("ws://user:secret@localhost/", End::BadRequest),
        ("bot", End::BadRequest),
        (&long, End::BadRequest),
    ] {
        assert_eq!(end(&mut streams.connect(request(url))).await, wanted, "{url}");
    }
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("ws://{}/", socket.local_addr().unwrap());
    assert_eq!(end(&mut streams.connect(request(&closed))).await, End::Refused);
    let mut own = request(&silent);
    own.headers = vec![("Sec-WebSocket-Key".to_owned(), Pii::from("mine"))];
    assert_eq!(end(&mut streams.connect(own)).await, End::BadRequest);
    let mut long = request(&silent);
    long.start.parameters = Pii::new(Values::from_iter([("a".to_owned(), json!("x".repeat(20_000)))]));
    assert_eq!(end(&mut streams.connect(long)).await, End::BadRequest);
}

#[tokio::test]
async fn a_service_that_dies_or_falls_silent_is_noticed() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        drop(service.into_inner());
    })
    .await;
    assert_eq!(end(&mut connect(&url)).await, End::Broken);
    service.await.unwrap();

    // It reads nothing, so that it answers no ping.
    let (url, service) = serve(|service| async move {
        std::future::pending::<Service>().await;
        drop(service)
    })
    .await;
    let limits = Limits { idle: SHORT, ping: SHORT / 4, ..Limits::default() };
    assert_eq!(end(&mut streams_with(limits).connect(request(&url))).await, End::Idle);
    service.abort();
}

#[tokio::test]
async fn a_service_that_only_answers_pings_is_alive() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        let mut pings = 0;
        // Longer than it may be silent.
        while pings < 16 {
            pings += usize::from(matches!(service.next().await.unwrap().unwrap(), Message::Ping(_)));
            service.flush().await.unwrap();
        }
        tell(&mut service, json!({"type": "stop"})).await;
    })
    .await;
    let limits = Limits { idle: 10 * PING, ping: PING, ..Limits::default() };
    assert_eq!(end(&mut streams_with(limits).connect(request(&url))).await, End::Stopped);
    service.await.unwrap();
}

#[tokio::test]
async fn beyond_the_limit_a_stream_ends_at_once_and_one_that_is_dropped_makes_room() {
    let script = |mut service: Service| async move {
        told(&mut service).await;
        while let Some(Ok(_)) = service.next().await {}
    };
    let (url, service) = serve(script).await;
    let streams = streams_with(Limits { streams: 1, ..Limits::default() });
    let mut stream = streams.connect(request(&url));
    assert_eq!(stream.events.recv().await, Some(Event::Started));
    assert_eq!(end(&mut streams.connect(request(&url))).await, End::Busy);
    drop(stream);
    service.await.unwrap();
    let (url, _service) = serve(script).await;
    assert_eq!(streams.connect(request(&url)).events.recv().await, Some(Event::Started));
}

#[tokio::test]
async fn events_that_nobody_reads_end_the_stream() {
    let (url, service) = serve(|mut service| async move {
        told(&mut service).await;
        for _ in 0..hotline_stream::EVENTS_MAX {
            tell(&mut service, json!({"type": "dtmf", "digits": "1"})).await;
        }
        told(&mut service).await
    })
    .await;
    let mut stream = connect(&url);
    assert_eq!(service.await.unwrap(), json!({"closed": "overrun"}));
    assert_eq!(end(&mut stream).await, End::Overrun);
}

#[tokio::test]
async fn a_certificate_of_the_house_is_trusted_if_it_is_configured() {
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
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let mut service = accept_async(stream).await.unwrap();
            service.send(Message::text("{\"type\":\"stop\"}")).await.unwrap();
            while let Some(Ok(_)) = service.next().await {}
        }
    });
    assert_eq!(end(&mut connect(&url)).await, End::Tls);
    let roots = vec![certificate];
    let house = Streams::new(&StreamsConfig { roots, ..StreamsConfig::default() }).unwrap();
    assert_eq!(end(&mut house.connect(request(&url))).await, End::Stopped);
}
