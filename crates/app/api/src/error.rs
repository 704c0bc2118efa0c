//! Every way a request can fail, sorted by whose fault it is, and how each is answered (RFC 9457).

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use hotline_acd::{AgentError, HelpError, MergeError, MoveError};
use hotline_api_types::{FieldProblem, FlowMistake, Problem};
use hotline_base::RequestId;
use hotline_call::CommandError;
use hotline_flow_files::{CenterError, FlowError};
use hotline_ivr::Diagnostic;
use hotline_record_io::SealError;
use hotline_shard::{HandleError, current_request};
use hotline_sip_trace::HandleError as TraceError;
use hotline_store::StoreError;
use hotline_yaml::{EditError, Place, field_at};
use http::{HeaderValue, StatusCode, header};

use crate::convert;
use crate::password::PasswordError;
use crate::refusal;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    // The client's request is wrong.
    #[error("the body is not what is expected here: {0}")]
    Body(#[from] JsonRejection),
    #[error("the query is not what is expected here: {0}")]
    Query(#[from] QueryRejection),
    #[error("the path is not what is expected here: {0}")]
    Path(#[from] PathRejection),
    #[error("some fields are wrong")]
    Fields(Vec<FieldProblem>),
    #[error("a value cannot be stored")]
    Value(#[source] StoreError),
    #[error("there is nothing here")]
    NotFound,
    #[error("this cannot be done here")]
    Method,
    #[error("it cannot be done in this state: {0}")]
    Refused(#[from] CommandError),
    #[error("the field If-Match is missing; it holds the ETag of what you have read")]
    NoVersion,
    #[error("the field If-None-Match can only be `*` here")]
    NotAbsent,
    #[error("somebody else has changed it since you read it")]
    Stale,
    #[error("the flows would have mistakes; nothing is changed")]
    Flows(Vec<Diagnostic>),
    #[error("the configuration would have mistakes; nothing is changed")]
    Config { errors: Vec<FieldProblem>, mistakes: Vec<FlowMistake> },
    #[error("the cursor is not one that this server gave")]
    Cursor,
    #[error("an Idempotency-Key has 1 to 255 characters")]
    Key,
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    #[error("a request with this Idempotency-Key is being carried out")]
    KeyRunning,
    #[error(
        "a request with this Idempotency-Key was begun, and nobody knows what came of it: look, and use another key"
    )]
    KeyUnknown,
    #[error("this was done before, and its answer was shown once")]
    KeyShownOnce,
    #[error("the body is too large")]
    TooLarge,
    #[error("a table comes as text/csv, which its Content-Type must say")]
    MediaType,
    #[error("a sound comes as audio/wav, audio/mpeg or audio/ogg, which its Content-Type must say")]
    NoSound,
    #[error("the range lies outside the recording")]
    Range { length: u64 },

    // The client may not.
    #[error("sign in first")]
    SignInFirst,
    #[error("the user or the password is wrong, or too many were wrong before")]
    SignInFailed,
    #[error("you may not do this")]
    Forbidden,
    #[error("you have no phone of your own here: ask an admin for an agent of yours")]
    NoPhone,
    #[error("change your password first: PUT /api/v1/session/password")]
    PasswordFirst,
    #[error("add a second factor first: POST /api/v1/session/totp")]
    SecondFactorFirst,
    #[error("a one-time code is needed, in the field `code`")]
    CodeNeeded,
    #[error("the one-time code is wrong or was used before")]
    CodeWrong,
    #[error("this user signs in with tokens only")]
    NoPages,
    #[error("{0}")]
    Kept(&'static str),
    #[error("a page of another site sent this request")]
    CrossSite,
    #[error("too many failed sign-ins, wait a little")]
    Throttled { wait: Duration },

    // The server cannot, for a while.
    #[error("the server is busy, try again")]
    Busy,
    #[error("the server is stopping")]
    Stopping,
    #[error("the request took too long")]
    TooSlow,
    #[error("the database does not answer, try again")]
    Store(#[source] StoreError),

    // The server is wrong.
    #[error("what is stored cannot be read or written")]
    Data(#[source] StoreError),
    #[error("the recording cannot be read")]
    RecordingUnreadable(#[source] std::io::Error),
    #[error("the recording cannot be heard: {0}")]
    RecordingSealed(SealError),
    #[error("the file cannot be written")]
    FlowUnwritable(#[source] std::io::Error),
    #[error("the recording cannot be deleted")]
    RecordingUndeletable(#[source] std::io::Error),
    #[error("the password cannot be checked")]
    Password(#[source] PasswordError),
    #[error("a defect in the server")]
    Panicked,
}

impl ApiError {
    fn field(field: &str, refusal: &CommandError) -> Self {
        Self::Fields(vec![FieldProblem { field: field.to_owned(), problem: refusal.to_string() }])
    }

    /// Why the database refused; `conflict` if somebody else was faster or it exists already.
    pub(crate) fn on_conflict(error: StoreError, conflict: Self) -> Self {
        if matches!(error, StoreError::Conflict) { conflict } else { error.into() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Body(rejection) => rejection.status(),
            Self::Query(rejection) => rejection.status(),
            Self::Key | Self::Cursor | Self::NotAbsent => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType | Self::NoSound => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            // An id that is none names nothing.
            Self::Path(_) | Self::NotFound => StatusCode::NOT_FOUND,
            Self::Fields(_) | Self::Value(_) | Self::Flows(_) | Self::Config { .. } | Self::KeyReused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(_)
            | Self::Kept(_)
            | Self::NoPhone
            | Self::KeyRunning
            | Self::KeyUnknown
            | Self::KeyShownOnce => StatusCode::CONFLICT,
            Self::NoVersion => StatusCode::PRECONDITION_REQUIRED,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::Range { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::SignInFirst | Self::SignInFailed | Self::CodeNeeded | Self::CodeWrong => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden
            | Self::PasswordFirst
            | Self::SecondFactorFirst
            | Self::NoPages
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Stopping | Self::TooSlow | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Data(_)
            | Self::RecordingUnreadable(_)
            | Self::RecordingSealed(_)
            | Self::FlowUnwritable(_)
            | Self::RecordingUndeletable(_)
            | Self::Password(_)
            | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a program can act on beyond the status.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the status says all of the others")]
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Refused(refusal) => Some(refusal::word(refusal)),
            Self::NoPhone => Some("no_own_phone"),
            Self::CodeNeeded => Some("code_required"),
            Self::RecordingSealed(SealError::Locked { .. }) => Some("recording_locked"),
            Self::RecordingSealed(_) => Some("recording_altered"),
            Self::CodeWrong => Some("code_wrong"),
            Self::PasswordFirst => Some("password_change_required"),
            Self::SecondFactorFirst => Some("second_factor_required"),
            Self::KeyReused => Some("idempotency_key_reused"),
            Self::KeyRunning => Some("idempotency_running"),
            Self::KeyUnknown => Some("idempotency_unknown"),
            Self::KeyShownOnce => Some("idempotency_shown_once"),
            _ => None,
        }
    }

    fn header(&self) -> Option<(header::HeaderName, HeaderValue)> {
        match self {
            // Rounded up: who waits that long is let in.
            Self::Throttled { wait } => Some((header::RETRY_AFTER, (wait.as_secs() + 1).into())),
            Self::Busy | Self::Stopping | Self::TooSlow | Self::Store(_) | Self::KeyRunning => {
                Some((header::RETRY_AFTER, 1.into()))
            }
            Self::SignInFirst => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Range { length } => HeaderValue::try_from(format!("bytes */{length}"))
                .ok()
                .map(|value| (header::CONTENT_RANGE, value)),
            Self::Body(_)
            | Self::Query(_)
            | Self::Path(_)
            | Self::Fields(_)
            | Self::Value(_)
            | Self::NotFound
            | Self::Method
            | Self::Refused(_)
            | Self::NoVersion
            | Self::Stale
            | Self::Key
            | Self::NotAbsent
            | Self::Cursor
            | Self::KeyReused
            | Self::KeyUnknown
            | Self::KeyShownOnce
            | Self::TooLarge
            | Self::MediaType
            | Self::NoSound
            | Self::SignInFailed
            | Self::Forbidden
            | Self::PasswordFirst
            | Self::SecondFactorFirst
            | Self::CodeNeeded
            | Self::CodeWrong
            | Self::NoPages
            | Self::Kept(_)
            | Self::CrossSite
            | Self::NoPhone
            | Self::Data(_)
            | Self::RecordingUnreadable(_)
            | Self::RecordingSealed(_)
            | Self::Flows(_)
            | Self::Config { .. }
            | Self::FlowUnwritable(_)
            | Self::RecordingUndeletable(_)
            | Self::Password(_)
            | Self::Panicked => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.answer(current_request())
    }
}

impl ApiError {
    /// The answer to a request that does not go on.
    pub(crate) fn for_request(self, request: &RequestId) -> Response {
        self.answer(Some(request.clone()))
    }

    fn answer(self, request: Option<RequestId>) -> Response {
        let status = self.status();
        if status.is_server_error() {
            let error: &dyn std::error::Error = &self;
            tracing::warn!(error, "request failed");
        }
        let header = self.header();
        let nothing_done = matches!(self, Self::Busy | Self::Stopping);
        let kind = self.kind().map(str::to_owned);
        let detail = self.to_string();
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others have neither")]
        let (errors, mistakes) = match &self {
            Self::Flows(mistakes) => (Vec::new(), convert::mistakes(mistakes)),
            Self::Config { errors, mistakes } => (errors.clone(), mistakes.clone()),
            Self::Fields(errors) => (errors.clone(), Vec::new()),
            _ => Default::default(),
        };
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        let request_id = request.map(|id| id.to_string());
        let problem = Problem { kind, title, status: status.as_u16(), detail, request_id, errors, mistakes };
        let mut response = (status, Json(problem)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(header.map(|(name, value)| (Some(name), value)));
        if nothing_done {
            response.extensions_mut().insert(NothingDone);
        }
        response
    }
}

/// Marks an answer that says that nothing was begun.
#[derive(Clone, Copy)]
pub(crate) struct NothingDone;

impl From<HandleError> for ApiError {
    fn from(error: HandleError) -> Self {
        match error {
            HandleError::Refused(
                CommandError::Agent(AgentError::Unknown)
                | CommandError::NotBlocked
                | CommandError::UnknownHours
                | CommandError::UnknownCallback
                | CommandError::NoSuchCall
                | CommandError::NoParty
                | CommandError::Merge(MergeError::Unknown),
            ) => Self::NotFound,
            HandleError::Refused(CommandError::Help(HelpError::Agent(AgentError::Unknown))) => Self::NotFound,
            HandleError::Refused(refusal @ CommandError::Agent(AgentError::UnknownReason)) => {
                Self::field("reason", &refusal)
            }
            HandleError::Refused(refusal @ CommandError::NoKeys) => Self::field("digits", &refusal),
            HandleError::Refused(refusal @ (CommandError::UnknownTarget | CommandError::NobodyToAsk)) => {
                Self::field("to", &refusal)
            }
            HandleError::Refused(refusal @ CommandError::UnknownDisposition) => Self::field("code", &refusal),
            HandleError::Refused(refusal @ CommandError::Move(MoveError::UnknownQueue)) => {
                Self::field("queue", &refusal)
            }
            HandleError::Refused(refusal @ CommandError::Move(MoveError::UnknownAgent)) => {
                Self::field("agent", &refusal)
            }
            HandleError::Refused(
                refusal @ CommandError::Merge(MergeError::UnknownQueue | MergeError::TooFew),
            ) => Self::field("queues", &refusal),
            HandleError::Refused(CommandError::NoNewCalls | CommandError::TooManyMessages) => Self::Busy,
            HandleError::Refused(refusal) => Self::Refused(refusal),
            HandleError::Busy => Self::Busy,
            HandleError::Stopped => Self::Stopping,
        }
    }
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        let name = |problem: String| Self::Fields(vec![FieldProblem { field: "name".to_owned(), problem }]);
        match error {
            FlowError::Invalid(mistakes) => Self::Flows(mistakes),
            FlowError::Stale => Self::Stale,
            FlowError::NotFound => Self::NotFound,
            FlowError::Name | FlowError::TooMany => name(error.to_string()),
            FlowError::File(error) => Self::FlowUnwritable(error),
            FlowError::Stopped => Self::Stopping,
        }
    }
}

impl From<CenterError> for ApiError {
    fn from(error: CenterError) -> Self {
        match config_problems(error) {
            Ok((errors, mistakes)) => Self::Config { errors, mistakes },
            Err(error) => error,
        }
    }
}

/// What is wrong with the fields of a configuration, and where in the files; else why it was not looked at.
pub(crate) fn config_problems(error: CenterError) -> Result<(Vec<FieldProblem>, Vec<FlowMistake>), ApiError> {
    match error {
        CenterError::Invalid { mistakes, text, file } => {
            let of_center = mistakes.iter().filter(|mistake| mistake.file == file);
            let errors = of_center.map(|mistake| FieldProblem {
                field: field_at(text.expose(), Place { line: mistake.line, column: mistake.column }),
                problem: format!("{}; {}", mistake.problem, mistake.remedy),
            });
            Ok((errors.collect(), convert::mistakes(&mistakes)))
        }
        CenterError::Masked(unknown) => {
            let problem = "there is no password yet that this could stand for: write it out";
            let errors =
                unknown.into_iter().map(|one| FieldProblem { field: one.field, problem: problem.to_owned() });
            Ok((errors.collect(), Vec::new()))
        }
        CenterError::Edit(EditError::Unreadable(mistake)) => Ok((Vec::new(), convert::mistakes(&[*mistake]))),
        CenterError::Edit(error @ (EditError::NoMapping(_) | EditError::Unwritable)) => {
            Ok((vec![FieldProblem { field: String::new(), problem: error.to_string() }], Vec::new()))
        }
        CenterError::Stale => Err(ApiError::Stale),
        CenterError::NotFound => Err(ApiError::NotFound),
        CenterError::Forbidden => Err(ApiError::Forbidden),
        CenterError::Flow(error) => Err(error.into()),
        CenterError::File(error) => Err(ApiError::FlowUnwritable(error)),
    }
}

impl From<TraceError> for ApiError {
    fn from(error: TraceError) -> Self {
        match error {
            TraceError::Busy => Self::Busy,
            TraceError::Stopped => Self::Stopping,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Store(error),
            StoreError::Invalid { .. } | StoreError::Refused(_) => Self::Value(error),
            StoreError::Conflict
            | StoreError::NotFound
            | StoreError::Encode(_)
            | StoreError::Corrupt { .. }
            | StoreError::Internal(_)
            | StoreError::Spool { .. } => Self::Data(error),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Hash(_) | PasswordError::Died(_) => Self::Password(error),
        }
    }
}
