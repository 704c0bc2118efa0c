//! What is done to what each side says in a talk, before anybody hears it.

use hotline_media::{Channel, Gain, Speech};

use crate::env::Env;
use crate::media_leg::MediaLeg;

/// What a queue, or the center for calls that came through none, wishes of the speech in talks. By default nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeechPolicy {
    /// Whose speech is brought to a level (automatic gain control).
    pub agc: Sides,
    /// Which level.
    pub level: Gain,
    /// Whose keys neither the other side nor the recording gets.
    pub hide_keys: Sides,
}

/// Some of the sides of a talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// The one who is served.
    pub customer: bool,
    /// Whoever serves.
    pub agent: bool,
}

impl Default for SpeechPolicy {
    fn default() -> Self {
        // As loud as prompts usually are; a whisper is not made a shout.
        let level = Gain { target_dbfs: -20, most_db: 20 };
        Self { agc: Sides::default(), level, hide_keys: Sides::default() }
    }
}

impl Sides {
    const fn contain(self, side: Channel) -> bool {
        match side {
            Channel::Customer => self.customer,
            Channel::Agent => self.agent,
        }
    }
}

impl SpeechPolicy {
    /// Tells the media plane what to do to what the two say.
    pub(crate) fn apply(&self, env: &mut Env, customer: &mut MediaLeg, agent: &mut MediaLeg) {
        customer.set_speech(self.of(Channel::Customer), &mut env.media);
        agent.set_speech(self.of(Channel::Agent), &mut env.media);
    }

    fn of(&self, side: Channel) -> Speech {
        Speech {
            gain: self.agc.contain(side).then_some(self.level),
            hides_keys: self.hide_keys.contain(side),
            is_muted: false,
        }
    }
}
