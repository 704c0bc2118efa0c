//! Opening hours by hand, and callers who want to be called back.

use hotline_base::{HoursId, Pii, QueueId, WallTime};
use hotline_call::{Callback, CallbackPlace, Command};
use hotline_store::{BookedCallback, CallbackBooking};
use serde_json::{Value, json};

use crate::server::{Server, call_id};

#[tokio::test]
async fn somebody_opens_by_hand_and_takes_that_back() {
    let mut server = Server::start().await;
    let token = server.token("boss").await;
    let fields = [("authorization", token.as_str())];
    let (list, path) = ("/api/v1/hours", "/api/v1/hours/office/override");
    let closed =
        json!({ "name": "office", "state": "closed", "holiday": null, "until": null, "override": null });
    assert_eq!(server.get(list, &token).await.json(), json!({ "hours": [closed] }));

    let until = "2099-01-31T09:00:00.000Z";
    assert_eq!(server.send("PUT", path, &fields, json!({ "open": true, "until": until })).await.status, 204);
    let open = json!({
        "name": "office", "state": "open", "holiday": null, "until": until,
        "override": { "open": true, "until": until },
    });
    assert_eq!(server.get(list, &token).await.json(), json!({ "hours": [open] }));
    let Command::OverrideHours(hours, Some(decided)) = server.shard.command().await else { panic!("told") };
    assert_eq!((hours, decided.open), (HoursId::from("office"), true));
    let kept = server.store.state_or("hours_by_hand", "").await.unwrap();
    assert!(kept.contains("office"), "the next start finds it: {kept}");

    let after = server.get("/api/v1/hours?at=2099-02-01T09:00:00Z", &token).await.json();
    assert_eq!(after["hours"][0]["state"], "closed", "what was decided is over by then");

    assert_eq!(server.send("DELETE", path, &fields, Value::Null).await.status, 204);
    assert_eq!(server.get(list, &token).await.json(), json!({ "hours": [closed] }));
    let past = json!({ "open": true, "until": "2001-01-31T09:00:00.000Z" });
    assert_eq!(server.send("PUT", path, &fields, past).await.status, 422);
    let unknown = "/api/v1/hours/nowhere/override";
    assert_eq!(
        server.send("PUT", unknown, &fields, json!({ "open": true, "until": null })).await.status,
        404
    );
}

#[tokio::test]
async fn a_wish_to_be_called_back_is_listed_until_it_is_done() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let callback = Callback {
        id: call_id(7),
        place: CallbackPlace::new(QueueId::from("sales")),
        number: Pii::from("+4930123456"),
        language: "en".to_owned(),
        requested_at: WallTime(0),
        enqueued_at: WallTime(0),
        tries: 0,
        not_before: None,
    };
    let booked = BookedCallback { callback, call: call_id(1) };
    assert_eq!(server.store.book_callback(&booked).await.unwrap(), CallbackBooking::New);
    let list = server.get("/api/v1/callbacks", &token).await.json();
    let call = call_id(1).to_string();
    let shown = json!({
        "id": call_id(7).to_string(), "call": call, "queue": "sales", "number": "+4930123456",
        "requested_at": "1970-01-01T00:00:00.000Z", "tries": 0, "not_before": null, "missed_at": null,
    });
    assert_eq!(list, json!({ "callbacks": [shown], "missed": [], "next": null, "next_missed": null }));
    let fields = [("authorization", token.as_str())];
    for status in [204, 404] {
        let path = format!("/api/v1/callbacks/{}", call_id(7));
        let answer = server.send("DELETE", &path, &fields, Value::Null).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(
        server.get("/api/v1/callbacks", &token).await.json(),
        json!({ "callbacks": [], "missed": [], "next": null, "next_missed": null })
    );
}
