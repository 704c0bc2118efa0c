//! Prompts: uploaded, listed, listened to, taken away.

use serde_json::{Value, json};

use crate::client::send;
use crate::server::Server;

const ENGLISH: &str = "/api/v1/prompts/en";
const MP3: &[u8] = include_bytes!("../../../../io/prompt-files/tests/sounds/tone.mp3");

#[tokio::test]
async fn a_prompt_is_uploaded_listed_heard_replaced_and_taken_away() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let path = format!("{ENGLISH}/welcome");
    let put = |kind: &'static str, base: (&'static str, String), body: &'static [u8]| {
        let (server, token, path) = (&server, token.clone(), path.clone());
        async move {
            let fields =
                [("authorization", token.as_str()), ("content-type", kind), (base.0, base.1.as_str())];
            send(server.address, "PUT", &path, &fields, body).await
        }
    };
    let absent = || ("if-none-match", "*".to_owned());
    assert_eq!(put("image/gif", absent(), b"GIF89a").await.status, 415);
    let refused = put("audio/mpeg", absent(), b"GIF89a").await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!("sound")));
    let made = put("audio/mpeg", absent(), MP3).await;
    assert_eq!((made.status, &made.json()["name"]), (201, &json!("welcome")));
    let length = made.json()["duration_ms"].as_u64().unwrap();
    assert!((550..700).contains(&length), "{length} ms");
    assert_eq!(put("audio/mpeg", absent(), MP3).await.status, 412);
    let again = put("audio/mpeg", ("if-match", made.field("etag").unwrap().to_owned()), MP3).await;
    assert_eq!(again.status, 200);

    let list = server.get(ENGLISH, &token).await.json();
    assert_eq!((list["prompts"].as_array().unwrap().len(), &list["next"]), (1, &Value::Null));
    let sound = server.get(&path, &token).await;
    assert!(
        sound.status == 200
            && sound.body.starts_with(b"RIFF")
            && sound.field("content-type") == Some("audio/wav")
    );
    assert_eq!(server.get("/api/v1/prompts", &token).await.json()["languages"], json!(["en"]));
    assert_eq!(server.get(&format!("{path}/uses"), &token).await.json(), json!({ "places": [] }));
    for nowhere in
        ["/api/v1/prompts/16k", "/api/v1/prompts/..%2Fconfig", "/api/v1/prompts/en/..%2F..%2Fcenter"]
    {
        assert_eq!(server.get(nowhere, &token).await.status, 404, "{nowhere}");
    }
    let gone = server.send("DELETE", &path, &[("authorization", &token)], Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(server.get(&path, &token).await.status, 404);
    let audit = server.get("/api/v1/audit", &token).await.json();
    assert_eq!(audit["entries"][0]["action"], "prompt.delete");
}
