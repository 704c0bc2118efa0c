//! A service for the step `stream`, to try it and to begin from: it beeps, gives back what the caller says, and on key 5
//! ends the step with a result. The protocol is in `docs/stream.md`.
//!
//! `cargo run -p hotline-stream --example stream-echo -- 127.0.0.1:9000`, and in the flow `ws://127.0.0.1:9000/`.

use std::f64::consts::TAU;
use std::io;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Error, Message};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    serve(TcpListener::bind(address).await?).await
}

/// Serves any number of calls at a time.
pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = call(stream).await {
                eprintln!("a call ended: {error}");
            }
        });
    }
}

/// One call.
async fn call(stream: TcpStream) -> Result<(), Error> {
    let mut caller = accept_async(stream).await?;
    // Until the caller has heard the beep, nothing is given back.
    let mut beeped = false;
    let mut frames = 0;
    while let Some(message) = caller.next().await {
        let answer = match message? {
            // 20 ms: samples of 16 bits, little-endian.
            Message::Binary(sound) => {
                frames += 1;
                if beeped { vec![Message::Binary(sound)] } else { vec![] }
            }
            Message::Text(text) => {
                let told: Value = serde_json::from_str(&text).unwrap_or_default();
                match told["type"].as_str() {
                    Some("start") => vec![beep(told["sample_rate"].as_u64()), mark("beep")],
                    Some("mark") => {
                        beeped = true;
                        vec![]
                    }
                    Some("dtmf") if told["digit"] == "5" => vec![result(frames)],
                    // What was said before and is not heard yet is forgotten.
                    Some("dtmf") => vec![Message::text(json!({"type": "clear"}).to_string())],
                    // `stop`: the caller has hung up, or the flow goes on without us. The connection is closed next.
                    Some(_) | None => vec![],
                }
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Close(_) => vec![],
        };
        for message in answer {
            caller.send(message).await?;
        }
    }
    Ok(())
}

/// 880 Hz for 200 ms. All of it at once: who plays it keeps the time.
fn beep(sample_rate: Option<u64>) -> Message {
    let rate = sample_rate.unwrap_or(8000);
    let sample = |at: u64| ((TAU * 880.0 * at as f64 / rate as f64).sin() * 8000.0) as i16;
    Message::binary((0..rate / 5).flat_map(|at| sample(at).to_le_bytes()).collect::<Vec<u8>>())
}

/// Comes back once the caller has heard all before it.
fn mark(name: &str) -> Message {
    Message::text(json!({"type": "mark", "name": name}).to_string())
}

/// Ends the step; the values are variables of the flow.
fn result(frames: u64) -> Message {
    Message::text(json!({"type": "result", "values": {"key": "5", "frames": frames}}).to_string())
}
