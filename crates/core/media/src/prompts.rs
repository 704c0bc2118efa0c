//! Every prompt, encoded once for each codec and shared by all threads.

use std::collections::HashMap;

use crate::{Codec, PromptId};

/// Prompts and music by id. It is never changed while it is shared.
#[derive(Clone, Debug, Default)]
pub struct PromptLibrary {
    prompts: HashMap<PromptId, Prompt>,
}

/// One prompt in every codec.
#[derive(Clone, Debug)]
struct Prompt {
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
    g722: Box<[u8]>,
}

impl PromptLibrary {
    /// Adds a prompt of linear samples at 8 kHz, replacing one of the same id.
    pub fn insert(&mut self, id: PromptId, samples: &[i16]) {
        let encode = |codec: Codec| {
            let mut encoder = codec.encoder();
            samples.iter().map(|sample| encoder.encode(*sample)).collect()
        };
        let prompt =
            Prompt { pcmu: encode(Codec::Pcmu), pcma: encode(Codec::Pcma), g722: encode(Codec::G722) };
        self.prompts.insert(id, prompt);
    }

    /// True if the prompt is there.
    #[must_use]
    pub fn contains(&self, id: &PromptId) -> bool {
        self.prompts.contains_key(id)
    }

    /// How many prompts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prompts.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    /// The prompt's bytes in a codec; nothing for a prompt that is not there.
    pub(crate) fn encoded(&self, id: &PromptId, codec: Codec) -> &[u8] {
        match (self.prompts.get(id), codec) {
            (Some(prompt), Codec::Pcmu) => &prompt.pcmu,
            (Some(prompt), Codec::Pcma) => &prompt.pcma,
            (Some(prompt), Codec::G722) => &prompt.g722,
            (None, Codec::Pcmu | Codec::Pcma | Codec::G722) => &[],
        }
    }
}
