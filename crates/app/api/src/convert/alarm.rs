//! Alarms.

use hotline_api_types as api;
use hotline_call::{Alarm, AlarmCause, AlarmKind, FileMistake};
use hotline_media::{LegFailure, RecordingFailure};

use super::time;
use super::trunk::fault;

pub(super) fn alarm(alarm: &Alarm) -> api::Alarm {
    api::Alarm {
        kind: alarm_kind(&alarm.kind),
        since: time(alarm.since),
        detail: alarm.cause.to_string(),
        cause: cause(&alarm.cause),
    }
}

fn cause(cause: &AlarmCause) -> api::AlarmCause {
    use api::AlarmCause as Told;
    match cause {
        AlarmCause::Untold => Told::Untold,
        AlarmCause::Recording(failure) => recording(failure),
        AlarmCause::RecordingFull { file } => Told::RecordingFull { file: file.clone() },
        AlarmCause::AudioMissing { file, missing_ms } => {
            Told::AudioMissing { file: file.clone(), missing_ms: *missing_ms }
        }
        AlarmCause::Prompt => Told::Prompt,
        AlarmCause::Store { said } => Told::Store { said: said.clone() },
        AlarmCause::Certificate { said } => Told::Certificate { said: said.clone() },
        AlarmCause::Files(FileMistake { file, line, problem }) => {
            Told::Files { file: file.clone(), line: *line, problem: problem.clone() }
        }
        AlarmCause::Overloaded => Told::Overloaded,
        AlarmCause::Leg(failure) => match failure {
            LegFailure::PortsExhausted => Told::PortsExhausted,
            LegFailure::TooManyLegs => Told::TooManyLegs,
            LegFailure::Duplicate => Told::Defect,
            LegFailure::Socket { os_error } => Told::NoSocket { os_error: *os_error },
        },
        AlarmCause::MediaSilent => Told::MediaSilent,
        AlarmCause::Defect => Told::Defect,
        AlarmCause::OfferUnsettled => Told::OfferUnsettled,
        AlarmCause::PhoneFailed => Told::PhoneFailed,
        AlarmCause::PhoneBusy => Told::PhoneBusy,
        AlarmCause::Trunk(trouble) => Told::Trunk { fault: fault(trouble) },
        AlarmCause::NotOffered { call, agent, waited_s, position, free, refused } => Told::NotOffered {
            call: call.to_string(),
            agent: agent.to_string(),
            waited_s: *waited_s,
            position: *position,
            free: *free,
            refused: *refused,
        },
    }
}

fn recording(failure: &RecordingFailure) -> api::AlarmCause {
    use api::AlarmCause as Told;
    match failure {
        RecordingFailure::DiskFull { path } => Told::DiskFull { file: path.clone() },
        RecordingFailure::NotWritable { path } => Told::NotWritable { file: path.clone() },
        RecordingFailure::Io { path, os_error } => {
            Told::FileError { file: path.clone(), os_error: *os_error }
        }
        RecordingFailure::RecorderBusy => Told::RecorderBusy,
        RecordingFailure::Bug | RecordingFailure::NoSuchLegs | RecordingFailure::AlreadyRecorded => {
            Told::RecorderDefect
        }
    }
}

/// An alarm's stable word.
pub(crate) fn alarm_kind(kind: &AlarmKind) -> String {
    match kind {
        AlarmKind::RecordingFailed => "recording_failed".to_owned(),
        AlarmKind::RecordingCut => "recording_cut".to_owned(),
        AlarmKind::RecordingGap => "recording_gap".to_owned(),
        AlarmKind::StoreUnavailable => "store_unavailable".to_owned(),
        AlarmKind::MediaPortsExhausted => "media_ports_exhausted".to_owned(),
        AlarmKind::MediaSilent => "media_silent".to_owned(),
        AlarmKind::PromptMissing => "prompt_missing".to_owned(),
        AlarmKind::ReservationExpired(agent) => format!("reservation_expired:{agent}"),
        AlarmKind::PhoneFault(agent) => format!("phone_fault:{agent}"),
        AlarmKind::PhoneBusy(agent) => format!("phone_busy:{agent}"),
        AlarmKind::InternalError => "internal_error".to_owned(),
        AlarmKind::CertificateUnusable => "certificate_unusable".to_owned(),
        AlarmKind::FlowsInvalid => "flows_invalid".to_owned(),
        AlarmKind::Overloaded => "overloaded".to_owned(),
        AlarmKind::TrunkUnusable(trunk) => format!("trunk_unusable:{trunk}"),
        AlarmKind::NotOffered => "not_offered".to_owned(),
    }
}
