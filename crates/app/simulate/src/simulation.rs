//! Puts a day together: callers, agents, a center, and whoever counts.

use std::io::{self, Write};
use std::sync::Arc;

use hotline_base::Rng;
use hotline_call::{CallEvent, Center, Event, EventKind};

use crate::acd_floor::AcdFloor;
use crate::day::{self, Day};
use crate::sip_floor::SipFloor;
use crate::tally::{Counting, QueueRules, Rules, Tally};
use crate::{Caller, Scenario};

/// How much of the real core takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Routing alone: calls have no flow and no SIP.
    Acd,
    /// All of it: SIP messages, sessions, flows, call control and routing. Sockets and audio are simulated.
    Sip,
}

/// A simulated day under one configuration.
#[derive(Clone, Debug)]
pub struct Simulation<'s> {
    /// How much of the core takes part.
    pub level: Level,
    /// The configuration.
    pub center: &'s Center,
    /// Who works and how; everything by chance follows from its seed.
    pub scenario: &'s Scenario,
    /// Who calls: [`callers`](crate::callers()) of the scenario, or others.
    pub callers: Arc<[Caller]>,
}

impl Simulation<'_> {
    /// What the figures are counted by.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let queues = self.center.queues.iter().map(|(id, queue)| {
            let members = queue.routing.members.iter().map(|member| member.agent.clone()).collect();
            let (name, short_abandon) = (queue.routing.name.clone(), queue.routing.short_abandon);
            (id.clone(), QueueRules { name, short_abandon, members })
        });
        Rules {
            midnight: self.scenario.midnight,
            answer_within: self.scenario.answer_within,
            queues: queues.collect(),
        }
    }

    /// Lets the day pass and writes its journal, one fact a line.
    ///
    /// # Errors
    /// What `journal` answers; the day is counted to its end all the same, and the first error is given.
    pub fn run(&self, mut journal: Option<&mut dyn Write>) -> io::Result<Tally> {
        let rules = self.rules();
        let mut counting = Counting::new(&rules);
        let (mut written, mut line) = (Ok(()), Vec::new());
        let refused = self.pass(|event| {
            counting.note(event);
            if let (Some(journal), true, true) = (&mut journal, written.is_ok(), is_journalled(&event.kind)) {
                written = write(*journal, &mut line, event);
            }
        });
        written.and_then(|()| journal.map_or(Ok(()), Write::flush))?;
        Ok(counting.finish(refused))
    }

    fn pass(&self, note: impl FnMut(&Event)) -> u64 {
        let midnight = day::start(self.scenario.midnight);
        let mut rng = Rng::from_number(self.scenario.seed ^ PEOPLE);
        let (people, center) = (rng.fork(), rng.fork());
        let (crews, callers) = (&self.scenario.crews, Arc::clone(&self.callers));
        match self.level {
            Level::Acd => {
                let floor = AcdFloor::new(midnight, self.center.acd_config(), Arc::clone(&callers), center);
                Day::new(midnight, floor, crews, callers, people).run(note)
            }
            Level::Sip => {
                let floor = SipFloor::new(midnight, self.center, Arc::clone(&callers), center);
                Day::new(midnight, floor, crews, callers, people).run(note)
            }
        }
    }
}

/// Callers are drawn from the seed alone; everybody else from it and this.
const PEOPLE: u64 = 0x5045_4f50_4c45;

/// Places in line change with every caller and can be told again from the rest.
const fn is_journalled(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Call { what: CallEvent::Position { .. }, .. })
}

/// Each `line` as a whole: a fact is written in a hundred small pieces.
fn write(journal: &mut dyn Write, line: &mut Vec<u8>, event: &Event) -> io::Result<()> {
    line.clear();
    serde_json::to_writer(&mut *line, event)?;
    line.push(b'\n');
    journal.write_all(line)
}
