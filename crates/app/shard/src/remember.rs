//! What agents did before the process began, told to the core at the start.

use std::time::Duration;

use hotline_base::Now;
use hotline_call::Controller;
use hotline_store::Store;
use tokio::time::timeout;
use tracing::warn;

/// Finished states of agents that are read at most, the latest first: those of a thousand agents in a day. Of what is older
/// nothing is counted.
const SPANS_MAX: usize = 200_000;
/// The start does not wait longer for them.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Tells `controller` what agents did today and lately. A database that does not answer keeps nobody from working: quotas,
/// calls of the day and what queues spread calls by then begin at zero, which the log says. Gives back how many states were
/// told.
pub(crate) async fn remember(store: &Store, controller: &mut Controller, now: Now) -> usize {
    let since = controller.remembers_since(now);
    let spans = match timeout(TIME_MAX, store.latest_spans(since, SPANS_MAX)).await {
        Ok(Ok(spans)) => spans,
        Ok(Err(error)) => {
            warn!(%error, "quotas and calls of the day begin at zero");
            return 0;
        }
        Err(_) => {
            warn!("the database is too slow: quotas and calls of the day begin at zero");
            return 0;
        }
    };
    let count = spans.len();
    if count == SPANS_MAX {
        warn!(count, "so many states of agents are counted, earlier ones are not");
    }
    controller.remember(now, spans);
    count
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use hotline_acd::{AgentState, NotReadyReason, ReasonClass, ReasonConfig, StateSpan};
    use hotline_base::{AgentId, Rng, Time, WallTime};
    use hotline_call::{Agent, AgentFact, AutoAnswer, Center};
    use hotline_sip::EndpointConfig;
    use hotline_sip::uri::Host;

    use super::*;
    use crate::clock::REACH_BACK;

    const AGENT: &str = "1001";
    const DAY_US: i64 = 86_400_000_000;

    /// One agent, who may be at lunch for an hour a day.
    fn controller(now: Now) -> Controller {
        let mut center = Center::new(Host::parse("hotline.example").unwrap(), "en");
        let agent = Agent {
            name: "Ada".to_owned(),
            extension: AGENT.to_owned(),
            caller_id: None,
            auto_answer: AutoAnswer::Never,
            outside_numbers: Vec::new(),
            confirm_outside: false,
            confirm_key: false,
            skills: BTreeMap::new(),
            groups: BTreeSet::new(),
            daily_cap: None,
            encryption: None,
        };
        center.agents.insert(AgentId::from(AGENT), agent);
        let lunch = ReasonConfig {
            name: "Lunch".to_owned(),
            class: ReasonClass::Meal,
            daily_quota: Some(Duration::from_hours(1)),
            at_once_max: None,
        };
        center.staffing.reasons.insert("lunch".into(), lunch);
        let endpoint = EndpointConfig::new("hotline.example", "192.0.2.1:5060".parse().unwrap());
        Controller::new(now, Arc::new(center), endpoint, Rng::from_number(1), [1; 32], 0)
    }

    fn left(controller: &Controller, now: Now) -> Duration {
        controller.reasons(now, &AgentId::from(AGENT))[0].left.unwrap()
    }

    #[tokio::test]
    async fn a_quota_goes_on_and_a_database_that_is_away_lets_it_begin_anew() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("hotline.db").display());
        let store = Store::open(&url).await.unwrap();
        // At noon: shortly after midnight the lunch would be yesterday's.
        let wall = WallTime(1_700_000_000_000_000 / DAY_US * DAY_US + DAY_US / 2);
        let now = Now { mono: Time::ZERO + REACH_BACK, wall };
        let ago = |seconds: i64| WallTime(now.wall.0 - seconds * 1_000_000);
        let state = AgentState::NotReady { reason: NotReadyReason::Chosen("lunch".into()) };
        let span = StateSpan { agent: AgentId::from(AGENT), state, from: ago(900), until: ago(600) };
        store.save_agent_facts(&[AgentFact::State(span)]).await.unwrap();
        let mut restarted = controller(now);
        assert_eq!(remember(&store, &mut restarted, now).await, 1);
        assert_eq!(left(&restarted, now), Duration::from_mins(55));

        store.close().await;
        let mut without = controller(now);
        assert_eq!(remember(&store, &mut without, now).await, 0);
        assert_eq!(left(&without, now), Duration::from_hours(1));
    }
}
