//! A row in the audit log for each act of listening as it took place: when somebody comes into a talk, in which mode, each change of the
//! mode, also by a key on the supervisor's own phone, and the end. What was asked for by a request has its own row.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hotline_base::{AgentId, CallId, LegId};
use hotline_call::{CallEvent, EventKind, Part, Who};
use hotline_shard::Live;
use hotline_telemetry::Metric;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::convert;

/// Acts that may wait for the database; beyond it they are lost, and counted.
const WAITING_MAX: usize = 10_000;
/// How soon an act is written again that the database did not take.
const AGAIN: Duration = Duration::from_secs(1);

/// Writes the rows until `shutdown`, and then those of what has happened by then. The database is waited for by another task than
/// the one that follows what happens, so that nothing is missed meanwhile.
pub(crate) async fn audit_listening(app: Arc<App>, live: Receiver<Arc<Live>>, shutdown: CancellationToken) {
    let (acts, waiting) = mpsc::channel(WAITING_MAX);
    let writing = write_all(&app, waiting, &shutdown);
    tokio::join!(follow(live, acts, &shutdown), writing);
}

async fn follow(mut live: Receiver<Arc<Live>>, acts: mpsc::Sender<Act>, shutdown: &CancellationToken) {
    let mut ears = Ears::default();
    let mut note = |item: &Live| {
        if let Some(act) = ears.note(&item.event.kind)
            && acts.try_send(act).is_err()
        {
            Metric::ApiLiveMissed.increment(1);
            tracing::error!("an act of listening is not in the audit log: too many wait for the database");
        }
    };
    while let Some(received) = shutdown.run_until_cancelled(live.recv()).await {
        match received {
            Ok(item) => note(&item),
            // The journal has them.
            Err(RecvError::Lagged(missed)) => Metric::ApiLiveMissed.increment(missed),
            Err(RecvError::Closed) => return,
        }
    }
    // The calls were ended before the pages.
    while let Ok(item) = live.try_recv() {
        note(&item);
    }
}

async fn write_all(app: &App, mut waiting: mpsc::Receiver<Act>, shutdown: &CancellationToken) {
    while let Some(act) = waiting.recv().await {
        let actor = format!("agent {}", act.by);
        loop {
            let detail = serde_json::json!({ "leg": act.leg.0, "mode": act.mode });
            let Err(error) = app.audit(&actor, act.action, act.call, detail).await else { break };
            if shutdown.is_cancelled() {
                let action = act.action;
                tracing::error!(?error, call = %act.call, action, "an act of listening is not in the audit log");
                break;
            }
            sleep(AGAIN).await;
        }
    }
}

/// Somebody began, went on in another way, or ceased to listen.
#[derive(Debug, PartialEq)]
struct Act {
    action: &'static str,
    by: AgentId,
    call: CallId,
    leg: LegId,
    mode: Option<hotline_api_types::Part>,
}

/// Who listens where.
#[derive(Default)]
struct Ears(BTreeMap<(CallId, LegId), AgentId>);

impl Ears {
    fn note(&mut self, event: &EventKind) -> Option<Act> {
        let EventKind::Call { call, what } = event else { return None };
        if let CallEvent::PartyJoined {
            leg, who: Who::Agent(by), part: part @ Part::Supervising(_), ..
        } = what
        {
            let began = self.0.insert((*call, *leg), by.clone()).is_none();
            let action = if began { "call.listen_begin" } else { "call.listen_mode" };
            let mode = Some(convert::part(*part));
            return Some(Act { action, by: by.clone(), call: *call, leg: *leg, mode });
        }
        if let CallEvent::PartyLeft { leg } = what {
            let by = self.0.remove(&(*call, *leg))?;
            return Some(Act { action: "call.listen_end", by, call: *call, leg: *leg, mode: None });
        }
        if matches!(what, CallEvent::Ended { .. }) {
            // Nobody listens to a call that is over; each who did was told to have left.
            self.0.retain(|(of, _), _| of != call);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use hotline_api_types as api;
    use hotline_base::{Rng, WallTime};
    use hotline_media::Supervision;

    use super::*;

    #[test]
    fn a_change_of_mode_is_an_act_of_its_own() {
        let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
        let leg = LegId(3);
        let joined = |part| CallEvent::PartyJoined { leg, who: Who::Agent("1003".into()), part, told: false };
        let mut ears = Ears::default();
        let mut act = |what| ears.note(&EventKind::Call { call, what }).map(|act| (act.action, act.mode));
        let supervising = Part::Supervising;
        assert_eq!(act(joined(Part::Conference)), None);
        assert_eq!(
            act(joined(supervising(Supervision::Listen))),
            Some(("call.listen_begin", Some(api::Part::Listen)))
        );
        assert_eq!(
            act(joined(supervising(Supervision::Barge))),
            Some(("call.listen_mode", Some(api::Part::Barge)))
        );
        assert_eq!(act(CallEvent::PartyLeft { leg }), Some(("call.listen_end", None)));
        assert_eq!(act(CallEvent::PartyLeft { leg }), None);
    }
}
