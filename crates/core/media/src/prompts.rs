//! Every prompt, encoded once for each law and shared by all threads.

use std::collections::HashMap;

use hotline_audio::{alaw, ulaw};

use crate::PromptId;
use crate::codec::Law;

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
        let encode = |law: fn(i16) -> u8| samples.iter().map(|sample| law(*sample)).collect();
        self.prompts.insert(id, Prompt { pcmu: encode(ulaw::encode), pcma: encode(alaw::encode) });
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

    /// The prompt's bytes; nothing for a prompt that is not there.
    pub(crate) fn encoded(&self, id: &PromptId, law: Law) -> &[u8] {
        match (self.prompts.get(id), law) {
            (Some(prompt), Law::Mu) => &prompt.pcmu,
            (Some(prompt), Law::A) => &prompt.pcma,
            (None, Law::Mu | Law::A) => &[],
        }
    }
}
