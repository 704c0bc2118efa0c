//! Every prompt, encoded once for each codec and shared by all threads.

use std::collections::HashMap;

use crate::{Codec, PromptId};

/// Prompts and music by id. It is never changed while it is shared.
#[derive(Clone, Debug, Default)]
pub struct PromptLibrary {
    prompts: HashMap<PromptId, Prompt>,
}

/// One prompt at 8 kHz in both laws.
#[derive(Clone, Debug)]
struct Prompt {
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
}

impl PromptLibrary {
    /// Adds a prompt of linear samples at 8 kHz, replacing one of the same id.
    pub fn insert(&mut self, id: PromptId, samples: &[i16]) {
        let encode = |codec: Codec| samples.iter().map(|sample| codec.encode(*sample)).collect();
        self.prompts.insert(id, Prompt { pcmu: encode(Codec::Pcmu), pcma: encode(Codec::Pcma) });
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
            (None, Codec::Pcmu | Codec::Pcma) => &[],
        }
    }
}
