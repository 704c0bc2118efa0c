//! What a flow asks outside the call, and what comes back.

use hotline_base::{CallId, Now, Pii, QueueId};
use hotline_ivr::{CallbackExit, Input, Reply, Request as Wanted, RequestTag};

use super::around::value;
use crate::call::{Call, Lookup};
use crate::callbacks::{Callback, CallbackPlace};
use crate::command::{Answer, Question, Request};
use crate::env::Env;
use crate::event::CallEvent;
use crate::number::normalise;

impl Call {
    /// Sends a question out. One about a number that is none, or that nobody may call, is answered at once.
    pub(super) fn ask_for_flow(&mut self, now: Now, env: &mut Env, tag: RequestTag, wanted: Wanted) {
        let question = match wanted {
            Wanted::Customer { number, fields } => match normalise(number.expose(), &env.center.dial_plan) {
                Some(number) => {
                    if let Some(run) = self.run() {
                        run.wanted = fields;
                    }
                    Question::Customer(Pii::new(number))
                }
                None => {
                    self.give_flow(now, env, Input::Replied(tag, Reply::NotFound));
                    return;
                }
            },
            Wanted::Callback { queue, number } => {
                let number = normalise(number.expose(), &env.center.dial_plan);
                match number.filter(|number| env.center.route(number).is_some()) {
                    Some(number) => return self.book_callback(now, env, tag, queue, Pii::new(number)),
                    None => {
                        let reply = Reply::Callback(CallbackExit::Refused);
                        self.give_flow(now, env, Input::Replied(tag, reply));
                        return;
                    }
                }
            }
            Wanted::Http { request, paths } => Question::Http { request, paths },
            Wanted::Webhook(request) => Question::Webhook(request),
        };
        env.requests.push_back(Request::Ask { call: self.id(), tag, question });
    }

    /// Whoever has waited in line before goes on from that place.
    fn book_callback(
        &mut self,
        now: Now,
        env: &mut Env,
        tag: RequestTag,
        queue: QueueId,
        number: Pii<String>,
    ) {
        let callback = Callback {
            id: CallId::generate(now.wall, &mut env.rng),
            place: CallbackPlace::new(queue),
            number,
            language: self.record.language.clone(),
            requested_at: now.wall,
            enqueued_at: self.enqueued_first.map_or(now.wall, |first| first.wall),
            tries: 0,
            not_before: None,
        };
        let call = self.id();
        env.requests.push_back(Request::BookCallback { call, tag, callback: Box::new(callback) });
    }

    /// The answer to a question of the flow. A customer who was found is whose call it is from here on.
    pub(crate) fn on_answer(&mut self, now: Now, env: &mut Env, tag: RequestTag, answer: Answer) {
        let reply = match answer {
            Answer::Other(reply) => reply,
            Answer::Streamed(exit, result) => {
                self.give_flow(now, env, Input::StreamEnded(tag, exit, result));
                return;
            }
            Answer::Recorded(recorded) => {
                self.give_flow(now, env, Input::Recorded(tag, recorded));
                return;
            }
            Answer::Customer(None) => Reply::NotFound,
            Answer::Customer(Some(found)) => {
                let customer = &found.customer;
                let wanted = self.run().map(|run| std::mem::take(&mut run.wanted)).unwrap_or_default();
                let values = wanted.into_iter().map(|field| value(customer, &field)).collect();
                if self.record.customer != Some(customer.id) {
                    let id = Some(customer.id);
                    self.lookup = Lookup::Done(Some(found));
                    self.emit(now, env, CallEvent::CustomerMatched { customer: id });
                }
                Reply::Found(values)
            }
        };
        self.give_flow(now, env, Input::Replied(tag, reply));
    }

    /// The caller has left a message.
    pub(crate) fn on_message_left(&mut self, now: Now, env: &mut Env, what: CallEvent) {
        self.emit(now, env, what);
    }
}
