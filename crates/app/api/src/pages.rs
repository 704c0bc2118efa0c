//! Lets what people may do take effect on the pages that they have open: within a second of a change in the database, also
//! of one that another program made there.

use std::sync::Arc;
use std::time::Duration;

use hotline_store::StoreError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::identity;

/// How often the database is asked whether anything has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until `shutdown`.
pub(crate) async fn look_after_pages(app: Arc<App>, shutdown: CancellationToken) {
    let mut beat = interval(LOOK_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut seen, mut center) = (None, app.ports.center.clone());
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = beat.tick() => {}
            () = app.hub.asked_to_look() => {}
            // Other teams, other agents: all is judged anew.
            Ok(()) = center.changed() => {
                seen = None;
                app.hub.caught_up().await;
            }
        }
        match app.ports.store.people_version().await {
            Ok(version) if seen == Some(version) => {}
            Ok(version) => match judge(&app).await {
                Ok(()) => seen = Some(version),
                Err(error) => tracing::debug!(%error, "open pages are judged later"),
            },
            // While the database is away its last word holds.
            Err(error) => tracing::debug!(%error, "open pages are judged later"),
        }
    }
}

async fn judge(app: &App) -> Result<(), StoreError> {
    for session in app.hub.sessions() {
        let found = app.ports.store.find_session(&session, app.now()).await?;
        match found.map(|found| identity(app, found)).filter(|who| who.duty.is_none()) {
            Some(who) => app.hub.judge(&session, &who.viewer),
            None => {
                app.with_known(|known| known.forget(&session));
                app.hub.close_pages_of(&session);
            }
        }
    }
    Ok(())
}
