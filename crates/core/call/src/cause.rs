//! The request of a client for which something is done: in the SIP messages that it causes, and once in the record of each call.

use hotline_base::{CallId, RequestId};
use serde::{Deserialize, Serialize};

use crate::command::{Command, Control, Oversight, Supervision};

/// Requests that are told in a record.
pub(crate) const REQUESTS_MAX: usize = 200;

/// Why something is done, within a turn.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) request: RequestId,
    what: &'static str,
    /// The call that has it in its record already.
    noted: Option<CallId>,
}

/// Something that was done with a call for a request of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The request.
    pub request: RequestId,
    /// What: `hold`, `hang_up`, `transfer`.
    pub what: String,
}

impl Cause {
    pub(crate) const fn new(request: RequestId, what: &'static str) -> Self {
        Self { request, what, noted: None }
    }

    /// For what goes on in later turns: the record has it.
    pub(crate) const fn continued(request: RequestId, call: CallId) -> Self {
        Self { request, what: "", noted: Some(call) }
    }

    /// What is to be noted of `call`, once.
    pub(crate) fn note(&mut self, call: CallId) -> Option<Requested> {
        if self.noted == Some(call) || self.what.is_empty() {
            return None;
        }
        self.noted = Some(call);
        Some(Requested { request: self.request.clone(), what: self.what.to_owned() })
    }
}

impl Command {
    /// What it is called in records and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SetReady(_) => "ready",
            Self::SetNotReady(..) => "not_ready",
            Self::SetDevice(..) => "device",
            Self::SignOut(_) => "sign_out",
            Self::AskWrapUp(_) | Self::ExtendWrapUp(_) | Self::EndWrapUp(_) => "wrap_up",
            Self::Dispose { .. } => "disposition",
            Self::AskHelp(_) | Self::AnswerHelp { .. } | Self::EndHelp(..) => "help",
            Self::PopWritten { .. } => "pop",
            Self::Transfer { .. } => "transfer",
            Self::Control { what, .. } => what.name(),
            Self::Oversee { what, .. } => what.name(),
            Self::PauseRecording { .. } => "recording_pause",
            Self::ResumeRecording { .. } => "recording_resume",
            Self::SetMailbox(..) => "mailbox",
            Self::CustomerChanged(_) => "customer",
            Self::StoreAvailable | Self::StoreUnavailable(_) => "store",
            Self::CertificateUsable | Self::CertificateUnusable(_) => "certificate",
            Self::FlowsChanged(_) | Self::FlowsUsable | Self::FlowsUnusable(_) => "flows",
            Self::CenterChanged(_) => "center",
            Self::OverrideHours(..) => "hours",
            Self::Supervise(what) => what.name(),
            Self::CallBack(_) | Self::CancelCallback(_) => "callback",
            Self::AdmitPhone(..) => "phone",
            Self::AdmitGuest(_) => "guest",
            Self::Release(_) => "release",
            Self::Overloaded(_) => "overloaded",
            Self::Drain => "drain",
            Self::HangUpAll => "hang_up_all",
        }
    }
}

impl Control {
    const fn name(&self) -> &'static str {
        match self {
            Self::HangUp => "hang_up",
            Self::Hold(true) => "hold",
            Self::Hold(false) => "retrieve",
            Self::Mute(true) => "mute",
            Self::Mute(false) => "unmute",
            Self::Press(_) => "keys",
            Self::Answer => "answer",
            Self::PickUp => "pick_up",
            Self::Consult(_) => "consult",
            Self::EndConsult => "consult_end",
            Self::Swap => "swap",
            Self::Complete => "complete",
            Self::Conference => "conference",
            Self::Drop(_) => "drop",
        }
    }
}

impl Oversight {
    const fn name(&self) -> &'static str {
        match self {
            Self::Monitor { .. } => "monitor",
            Self::Leave(_) => "monitor_end",
            Self::HangUp => "forced_hang_up",
            Self::Transfer(_) => "forced_transfer",
            Self::Record(true) => "forced_recording",
            Self::Record(false) => "forced_recording_end",
            Self::Mark(_) => "recording_mark",
        }
    }
}

impl Supervision {
    const fn name(&self) -> &'static str {
        match self {
            Self::Move { .. } => "queue_move",
            Self::Assign { .. } => "queue_assign",
            Self::Prioritise { .. } => "queue_prioritise",
            Self::Withdraw(_) => "queue_withdraw",
            Self::Merge { .. } => "merge",
            Self::Split(_) => "split",
        }
    }
}
