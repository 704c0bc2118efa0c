//! What was found, and what to do about it.

use std::fmt;

use hotline_api_types as api;
use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) subject: String,
    /// How it is.
    pub(super) verdict: Verdict,
    /// In words.
    pub(super) says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Good,
    /// It may be wanted so.
    Doubtful,
    /// The center cannot serve so, or will not for long.
    Bad,
}

impl Finding {
    pub(super) fn good(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Good, says: says.into(), advice: None }
    }

    pub(super) fn doubtful(
        subject: impl Into<String>,
        says: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { subject: subject.into(), verdict: Verdict::Doubtful, says: says.into(), advice }
    }

    pub(super) fn bad(
        subject: impl Into<String>,
        says: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { subject: subject.into(), verdict: Verdict::Bad, says: says.into(), advice }
    }
}

impl Finding {
    /// As the interface tells it.
    pub(super) fn told(self) -> api::Finding {
        let verdict = match self.verdict {
            Verdict::Good => api::Verdict::Good,
            Verdict::Doubtful => api::Verdict::Doubtful,
            Verdict::Bad => api::Verdict::Bad,
        };
        api::Finding { subject: self.subject, verdict, says: self.says, advice: self.advice }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Good => "ok  ",
            Verdict::Doubtful => "?   ",
            Verdict::Bad => "BAD ",
        };
        write!(f, "{mark} {}: {}", self.subject, self.says)?;
        match &self.advice {
            Some(advice) => write!(f, "\n      → {advice}"),
            None => Ok(()),
        }
    }
}
