//! The service of `docs/examples` with a caller: what the documentation promises, both ways.

#[expect(dead_code, reason = "what runs it as a program")]
#[path = "../../../../docs/examples/stream-echo.rs"]
mod stream_echo;

use hotline_audio::{Rate, rms_dbfs, tone_dbfs};
use hotline_base::Pii;
use hotline_media_rt::LegEnd;
use hotline_stream::{Control, End, Event, Start, StreamRequest, Streams, StreamsConfig, Values};
use tokio::net::TcpListener;

/// A beat: what the caller hears while saying `sample`.
async fn beat(leg: &mut LegEnd, sample: i16) -> Vec<i16> {
    let mut frame = vec![0; leg.rate().samples(20)];
    leg.hear(&vec![sample; frame.len()]);
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    if !leg.say(&mut frame) {
        frame.fill(0);
    }
    frame
}

#[tokio::test]
async fn a_caller_hears_the_beep_then_what_was_said_and_key_5_gives_a_result() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    tokio::spawn(stream_echo::serve(listener));
    for rate in [Rate::Narrow, Rate::Wide] {
        let start = Start {
            call: "0192".to_owned(),
            flow: "main".to_owned(),
            step: "echo".to_owned(),
            language: "en".to_owned(),
            rate,
            parameters: Pii::new(Values::new()),
        };
        let request = StreamRequest { url: url.clone(), headers: Vec::new(), start };
        let mut stream = Streams::new(&StreamsConfig::default()).unwrap().connect(request);
        let mut leg = stream.leg.take().unwrap();
        assert_eq!(stream.events.recv().await, Some(Event::Started));
        let mut heard = Vec::new();
        while !heard.ends_with(&[1234; 160]) {
            heard.extend(beat(&mut leg, 1234).await);
            assert!(heard.len() < 20 * rate.samples(1000), "no echo");
        }
        let begin = heard.iter().position(|sample| *sample != 0).unwrap();
        let beep = &heard[begin..][..rate.samples(180)];
        assert!(tone_dbfs(beep, 880.0, rate.hz()) > rms_dbfs(beep) - 1.0, "it is a tone");
        let key = Control::Dtmf { digit: Pii::new('5'), duration_ms: 100 };
        stream.control.send(key).await.unwrap();
        let Some(Event::Ended(End::Result(values))) = stream.events.recv().await else { panic!("no result") };
        assert_eq!(values.expose()["key"], "5");
        assert!(values.expose()["frames"].as_u64() > Some(5));
    }
}
