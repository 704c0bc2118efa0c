//! Declares routes together with what they need and are for, so that none can be without. Whoever has a permission for nobody at all is
//! turned away here; how far it reaches is asked by the handler, which knows what the request is about.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use hotline_access::Permission;

use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::once::{Given, replay};
use crate::openapi::{Described, Doc, Entry};
use crate::viewer::Subject;

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it takes a password itself, or tells nobody anything about the center.
    Nothing,
    /// A user, also one who must change the password first.
    Limited,
    /// Any user.
    SignedIn,
    /// A user with this permission.
    May(Permission),
    /// A user with one of the two: the first for what is one's own, the second for what is others'.
    Either(Permission, Permission),
}

/// A user with this permission.
pub(super) const fn may(permission: Permission) -> Need {
    Need::May(permission)
}

/// A user with one of the two.
pub(super) const fn either(own: Permission, others: Permission) -> Need {
    Need::Either(own, others)
}

/// A route below `/api`, for those who look whether all of them are guarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path below `/api`, with its variable parts in braces.
    pub path: &'static str,
    /// The permission; `None` if any user may use it, or nobody needs to be one.
    pub permission: Option<Permission>,
}

/// Routes, what they need, and what they are for.
#[derive(Default)]
pub(super) struct Table {
    pub(super) router: Router<Arc<App>>,
    pub(super) entries: Vec<Entry>,
}

/// Adds routes to a table: each with the comment that describes it, what it needs, its handler, and the statuses by which it
/// refuses beside those that follow from what the handler takes. Without a comment it does not compile.
macro_rules! routes {
    ($table:expr; $(
        $(#[doc = $line:literal])+
        $method:ident $path:literal, $need:expr => $handler:path $([$($refusal:literal),+])?;
    )+) => {
        $table$(.on(
            $crate::routes::table::Method::$method,
            $path,
            $need,
            $handler,
            $crate::openapi::Doc { lines: &[$($line),+], refusals: &[$($($refusal),+)?] },
        ))+
    };
}
pub(super) use routes;

/// The methods of routes.
#[derive(Clone, Copy)]
#[expect(clippy::upper_case_acronyms, reason = "as they are written in HTTP")]
pub(super) enum Method {
    GET,
    POST,
    PUT,
    DELETE,
}

impl Method {
    const fn parts(self) -> (MethodFilter, &'static str) {
        match self {
            Self::GET => (MethodFilter::GET, "GET"),
            Self::POST => (MethodFilter::POST, "POST"),
            Self::PUT => (MethodFilter::PUT, "PUT"),
            Self::DELETE => (MethodFilter::DELETE, "DELETE"),
        }
    }
}

impl Table {
    pub(super) fn on<H: Described<T>, T: 'static>(
        mut self,
        method: Method,
        path: &'static str,
        need: Need,
        to: H,
        doc: Doc,
    ) -> Self {
        let (filter, method) = method.parts();
        let guarded = on(filter, to).layer(from_fn(move |request, next| guard(need, request, next)));
        self.router = self.router.route(path, guarded);
        let permission = match need {
            Need::Nothing | Need::Limited | Need::SignedIn => None,
            Need::May(permission) | Need::Either(permission, _) => Some(permission),
        };
        let or = if let Need::Either(_, others) = need { Some(others) } else { None };
        let guarded = need != Need::Nothing;
        self.entries.push(Entry { method, path, permission, or, guarded, doc, describe: H::describe });
        self
    }
}

async fn guard(need: Need, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let who = request.extensions().get::<Identity>();
    match (need, who) {
        (Need::Nothing, _) | (Need::Limited, Some(_)) => {}
        (_, None) => return Err(ApiError::SignInFirst),
        (Need::SignedIn, Some(who)) => who.is_free()?,
        (Need::May(permission), Some(who)) => {
            who.is_free()?;
            who.may(permission, Subject::Anything)?;
        }
        (Need::Either(own, others), Some(who)) => {
            who.is_free()?;
            who.may(own, Subject::Anything).or_else(|_| who.may(others, Subject::Anything))?;
        }
    }
    match request.extensions_mut().remove::<Given>() {
        Some(given) => replay(given),
        None => Ok(next.run(request).await),
    }
}
