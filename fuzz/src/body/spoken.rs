//! Texts as values that are said.

use hotline_ivr::{Language, SPOKEN_PHRASES_MAX, Spoken, SpokenKind, all_phrases, phrases};

/// Whatever is taken for a value can be said with the words that were promised, and no mistake repeats the text.
pub fn spoken(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    for kind in SpokenKind::ALL {
        let Ok(value) = Spoken::read(kind, text) else { continue };
        for language in ["en", "zh"].map(Language::from) {
            let prompts = phrases(&language, &value).expect("what was read is in range");
            let promised = all_phrases(&language, kind).expect("a known language");
            assert!((1..=SPOKEN_PHRASES_MAX).contains(&prompts.len()), "{kind:?} {text}");
            assert!(prompts.iter().all(|prompt| promised.contains(prompt)), "{kind:?} {text}: {prompts:?}");
        }
    }
}
