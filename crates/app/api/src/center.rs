//! What the HTTP side has to know of the center's configuration; another one may come at any moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_api_types::CenterNumber;
use hotline_base::{AgentId, HoursId, Pii, QueueId};
use hotline_call::DialPlan;
use hotline_hours::{Schedule, Zone};

use crate::routes::Dispositions;
use crate::teams::Teams;

/// The center in force. A request that looks twice asks once, so that it sees one center.
pub struct Center {
    /// The zone in which the center's days begin.
    pub zone: Zone,
    /// How numbers are dialled here, for the address book.
    pub dial_plan: DialPlan,
    /// The numbers outside at which agents may choose to be reached.
    pub outside_numbers: BTreeMap<AgentId, Vec<Pii<String>>>,
    /// The center's numbers, in order.
    pub numbers: Vec<CenterNumber>,
    /// The teams that users oversee.
    pub teams: Arc<Teams>,
    /// What call control goes by.
    pub control: Arc<hotline_call::Center>,
    /// What can become of calls.
    pub dispositions: Dispositions,
    /// The opening hours.
    pub hours: BTreeMap<HoursId, Schedule>,
    /// The queues, each with what its agents are to say.
    pub scripts: BTreeMap<QueueId, Option<String>>,
}
