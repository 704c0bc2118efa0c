//! What leaders do with callers in line, and with the staff of queues.

use hotline_acd::{Class, Decision, Merge, MergeId, Merged};
use hotline_base::{CallId, Now, WallTime};

use super::Controller;
use crate::command::{CommandError, Supervision};

/// A merge that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeView {
    /// Its name.
    pub name: String,
    /// Of what.
    pub of: Merged,
    /// When it ends by itself.
    pub until: WallTime,
}

impl Controller {
    /// Why a caller waits: who could be offered the call, and why not each of the others. `None` if the call waits nowhere.
    #[must_use]
    pub fn explain(&self, now: Now, call: CallId) -> Option<Decision> {
        self.env.acd.explain(now, call)
    }

    /// The merges that hold, by name.
    #[must_use]
    pub fn merges(&self, now: Now) -> Vec<MergeView> {
        let merges = self.env.acd.merges();
        let view = |merge: &Merge| MergeView {
            name: merge.id.to_string(),
            of: merge.of.clone(),
            until: now.wall + (merge.until - now.mono),
        };
        merges.map(view).collect()
    }

    pub(super) fn supervise(&mut self, now: Now, what: Supervision) -> Result<(), CommandError> {
        let acd = &mut self.env.acd;
        match what {
            Supervision::Move { call, to } => {
                if self.env.waits_twice(call, &to) {
                    return Err(CommandError::CallbackThere);
                }
                self.env.acd.move_caller(now, call, to)?;
                self.env.keep_place(call);
            }
            Supervision::Assign { call, agent } => {
                acd.assign(now, call, &agent)?;
                self.env.keep_place(call);
            }
            Supervision::Prioritise { call, credit, emergency } => {
                let class = if emergency { Class::Emergency } else { Class::Ordinary };
                acd.prioritise(now, call, credit, class)?;
                self.env.keep_place(call);
            }
            Supervision::Withdraw(call) => {
                let withdrawn = self.with_call(call, |call, env| call.withdraw_caller(now, env));
                return withdrawn.unwrap_or(Err(CommandError::NotInLine));
            }
            Supervision::Merge { name, of, until } => {
                let until = now.mono + until.since(now.wall);
                acd.merge(now, Merge { id: MergeId::from(name.as_str()), of, until })?;
            }
            Supervision::Split(name) => acd.split(now, &MergeId::from(name.as_str()))?,
        }
        Ok(())
    }
}
