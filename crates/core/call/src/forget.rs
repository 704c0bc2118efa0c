//! Taking out of what is kept of a call who was outside: numbers, names, and keys that were pressed. What the center did stays.

use hotline_base::Pii;
use hotline_sip::Diversion;

use crate::event::{CallEvent, Entry, Source, Who};
use crate::guests::Visiting;
use crate::record::CallRecord;

/// What stands in place of a number that is forgotten. No number is written so.
pub const FORGOTTEN: &str = "***";

impl CallRecord {
    /// Forgets who was outside.
    pub fn forget_outside(&mut self) {
        self.customer = None;
        if !matches!(self.source, Source::Agent(_)) {
            number(&mut self.caller);
            self.caller_name = None;
        }
        if matches!(self.entry, Entry::Outside(_)) {
            number(&mut self.called);
        }
        entry(&mut self.entry);
        if let Some(diversion) = &mut self.diversion {
            number(&mut diversion.from);
        }
        self.visiting.iter_mut().for_each(forget_visit);
        self.path.iter_mut().for_each(|step| step.step.input = None);
        self.transfers.iter_mut().for_each(|transfer| entry(&mut transfer.to));
        self.attendances.iter_mut().for_each(|attendance| who(&mut attendance.who));
        // The number of an agent's own device is the agent's.
        self.dials
            .iter_mut()
            .filter(|dial| dial.device_of.is_none())
            .for_each(|dial| number(&mut dial.number));
        self.dispositions.iter_mut().for_each(|said| said.note = None);
    }
}

impl CallEvent {
    /// Forgets who was outside. The record that is folded from such events is the one that has forgotten it.
    pub fn forget_outside(&mut self) {
        match self {
            Self::Started { caller, caller_name, called, entry: to, source, diversion, .. } => {
                if !matches!(source, Source::Agent(_)) {
                    number(caller);
                    *caller_name = None;
                }
                if matches!(to, Entry::Outside(_)) {
                    number(called);
                }
                entry(to);
                if let Some(Diversion { from, .. }) = diversion.as_deref_mut() {
                    number(from);
                }
            }
            Self::CustomerMatched { customer } => *customer = None,
            Self::Visiting(visiting) => forget_visit(visiting),
            Self::StepLeft { step, .. } => step.input = None,
            Self::Dialled { number: dialled, device_of: None, .. } => number(dialled),
            Self::Transferring { to, .. }
            | Self::Transferred { to, .. }
            | Self::TransferFailed { to, .. }
            | Self::Consulting { to, .. } => entry(to),
            Self::PartyJoined { who: joined, .. } => who(joined),
            Self::Screened(_)
            | Self::Requested(_)
            | Self::Answered
            | Self::SurveyAnswered { .. }
            | Self::LanguageChanged { .. }
            | Self::Queued { .. }
            | Self::Position { .. }
            | Self::Dequeued { .. }
            | Self::NotOffered { .. }
            | Self::Assigned { .. }
            | Self::Prioritised { .. }
            | Self::CallingBack { .. }
            | Self::Offered { .. }
            | Self::Popped { .. }
            | Self::Invited { .. }
            | Self::Ringing { .. }
            | Self::OfferFailed { .. }
            | Self::Dialled { device_of: Some(_), .. }
            | Self::DialRinging { .. }
            | Self::DialFailed { .. }
            | Self::DialAnswered { .. }
            | Self::Connected { .. }
            | Self::ConsultEnded { .. }
            | Self::PartyLeft { .. }
            | Self::CustomerLeft
            | Self::TakenOver { .. }
            | Self::Muted { .. }
            | Self::Held { .. }
            | Self::Retrieved { .. }
            | Self::SoundMeasured(_)
            | Self::MessageLeft { .. }
            | Self::RecordingStarted { .. }
            | Self::RecordingPaused { .. }
            | Self::RecordingResumed { .. }
            | Self::RecordingFinished { .. }
            | Self::RecordingMended { .. }
            | Self::RecordingFailed { .. }
            | Self::Ended { .. } => {}
        }
    }
}

/// What a visitor has written is the visitor's; an address of a page may say who had it open.
fn forget_visit(visiting: &mut Visiting) {
    *visiting = Visiting::default();
}

fn number(number: &mut Pii<String>) {
    *number = Pii::from(FORGOTTEN);
}

fn entry(entry: &mut Entry) {
    if let Entry::Outside(outside) = entry {
        number(outside);
    }
}

fn who(who: &mut Who) {
    if let Who::Outside(outside) = who {
        number(outside);
    }
}
