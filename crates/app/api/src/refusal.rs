//! Why call processing refused something, as words on which programs act and which pages translate.

use hotline_acd::{AgentError, HelpError, MergeError, MoveError};
use hotline_call::CommandError;

/// The `type` of the problem.
pub(crate) const fn word(refusal: &CommandError) -> &'static str {
    match refusal {
        CommandError::Agent(refusal) => of_agent(*refusal),
        CommandError::Help(refusal) => of_help(*refusal),
        CommandError::Move(refusal) => of_move(*refusal),
        CommandError::Merge(refusal) => of_merge(*refusal),
        CommandError::UnknownDisposition => "unknown_disposition",
        CommandError::NoteTooLong => "note_too_long",
        CommandError::OfferOver => "offer_over",
        CommandError::NotTalking => "not_talking",
        CommandError::NoSuchCall => "no_such_call",
        CommandError::NotOffered => "not_offered",
        CommandError::NotRingingYet => "not_ringing_yet",
        CommandError::PhoneCannotAnswer => "phone_cannot_answer",
        CommandError::NoKeys => "no_keys",
        CommandError::ConsultsAlready => "consults_already",
        CommandError::NobodyAsked => "nobody_asked",
        CommandError::NobodyToAsk => "nobody_to_ask",
        CommandError::ColleagueBusy => "colleague_busy",
        CommandError::NoRoute => "no_route",
        CommandError::TooManyParties => "too_many_parties",
        CommandError::NoParty => "no_party",
        CommandError::NothingToTakeOver => "nothing_to_take_over",
        CommandError::NotRecorded => "not_recorded",
        CommandError::UnknownTarget => "unknown_target",
        CommandError::ForbiddenDevice => "forbidden_device",
        CommandError::UnknownHours => "unknown_hours",
        CommandError::NotInLine => "not_in_line",
        CommandError::UnknownCallback => "unknown_callback",
        CommandError::CallbackThere => "callback_there",
        CommandError::NotBlocked => "not_blocked",
        CommandError::NoPhone => "no_phone",
        CommandError::Busy => "busy",
        CommandError::UnknownCallerId => "unknown_caller_id",
        CommandError::TooManyMessages => "too_many_messages",
        CommandError::TextTooLong => "text_too_long",
        CommandError::NoColleague => "no_colleague",
        CommandError::NoNewCalls => "no_new_calls",
    }
}

const fn of_agent(refusal: AgentError) -> &'static str {
    match refusal {
        AgentError::Unknown => "unknown_agent",
        AgentError::SignedOut => "signed_out",
        AgentError::ReasonTooLong => "reason_too_long",
        AgentError::UnknownReason => "unknown_reason",
        AgentError::QuotaUsed => "quota_used",
        AgentError::TooManyAtOnce => "reason_full",
        AgentError::NoWrapUp => "no_wrap_up",
        AgentError::NoExtension => "no_extension",
        AgentError::WrapUpForced => "wrap_up_forced",
        AgentError::DispositionMissing => "disposition_missing",
    }
}

const fn of_help(refusal: HelpError) -> &'static str {
    match refusal {
        HelpError::Agent(refusal) => of_agent(refusal),
        HelpError::NotAsked => "help_not_asked",
        HelpError::Answered => "help_answered",
        HelpError::NameTooLong => "name_too_long",
    }
}

const fn of_move(refusal: MoveError) -> &'static str {
    match refusal {
        MoveError::NotWaiting => "not_waiting",
        MoveError::UnknownQueue => "unknown_queue",
        MoveError::NoAgents => "queue_without_agents",
        MoveError::Full => "queue_full",
        MoveError::UnknownAgent => "unknown_agent",
    }
}

const fn of_merge(refusal: MergeError) -> &'static str {
    match refusal {
        MergeError::TooMany => "too_many_merges",
        MergeError::TooFew => "too_few_merged",
        MergeError::UnknownQueue => "unknown_queue",
        MergeError::Over => "merge_over",
        MergeError::Unknown => "unknown_merge",
    }
}
