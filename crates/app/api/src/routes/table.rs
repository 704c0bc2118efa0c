//! Declares routes together with what they need, so that none can be without. Whoever has a permission for nobody at all is
//! turned away here; how far it reaches is asked by the handler, which knows what the request is about.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use hotline_access::Permission;

use crate::app::App;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::viewer::Subject;

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it takes a password itself.
    Nothing,
    /// A user, also one who must change the password first.
    Limited,
    /// Any user.
    SignedIn,
    /// A user with this permission.
    May(Permission),
}

/// A user with this permission.
pub(super) const fn may(permission: Permission) -> Need {
    Need::May(permission)
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

/// Routes and what they need.
#[derive(Default)]
pub(super) struct Table {
    pub(super) router: Router<Arc<App>>,
    pub(super) rows: Vec<Route>,
}

impl Table {
    pub(super) fn get<H: Handler<T, Arc<App>>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        to: H,
    ) -> Self {
        self.on((MethodFilter::GET, "GET"), path, need, to)
    }

    pub(super) fn post<H: Handler<T, Arc<App>>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        to: H,
    ) -> Self {
        self.on((MethodFilter::POST, "POST"), path, need, to)
    }

    pub(super) fn put<H: Handler<T, Arc<App>>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        to: H,
    ) -> Self {
        self.on((MethodFilter::PUT, "PUT"), path, need, to)
    }

    pub(super) fn delete<H: Handler<T, Arc<App>>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        to: H,
    ) -> Self {
        self.on((MethodFilter::DELETE, "DELETE"), path, need, to)
    }

    fn on<H: Handler<T, Arc<App>>, T: 'static>(
        mut self,
        (filter, method): (MethodFilter, &'static str),
        path: &'static str,
        need: Need,
        to: H,
    ) -> Self {
        let guarded = on(filter, to).layer(from_fn(move |request, next| guard(need, request, next)));
        self.router = self.router.route(path, guarded);
        let permission = match need {
            Need::Nothing | Need::Limited | Need::SignedIn => None,
            Need::May(permission) => Some(permission),
        };
        self.rows.push(Route { method, path, permission });
        self
    }
}

async fn guard(need: Need, request: Request, next: Next) -> Result<Response, ApiError> {
    let who = request.extensions().get::<Identity>();
    match (need, who) {
        (Need::Nothing, _) | (Need::Limited, Some(_)) => {}
        (_, None) => return Err(ApiError::SignInFirst),
        (Need::SignedIn, Some(who)) => who.is_free()?,
        (Need::May(permission), Some(who)) => {
            who.is_free()?;
            who.may(permission, Subject::Anything)?;
        }
    }
    Ok(next.run(request).await)
}
