//! Values as callers hear them: the vectors were written by people, and the words come from `sounds/manifest.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hotline_ivr::{
    Currency, Language, PromptName, SPOKEN_NUMBER_MAX, SPOKEN_PHRASES_MAX, Spoken, SpokenError, SpokenKind,
    all_phrases, phrases, position_announcement,
};
use hotline_yaml::{Source, Value, read};
use proptest::prelude::*;

const LANGUAGES: [&str; 2] = ["en", "zh"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What each prompt of a language says.
fn manifest(language: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("../../../sounds/manifest.yaml")).expect("the manifest");
    let Value::Map(prompts) = read(&Source::new("manifest.yaml", &text)).expect("YAML").value else {
        panic!("a mapping of prompts")
    };
    let mut words = BTreeMap::new();
    for (prompt, texts) in prompts {
        let Value::Map(texts) = texts.value else { panic!("{} has no texts", prompt.text) };
        for (key, text) in texts {
            if let (true, Value::Text(text)) = (key.text == language, text.value) {
                words.insert(prompt.text.clone(), text);
            }
        }
    }
    words
}

/// What a caller hears, without the signs that only readers see.
fn heard(language: &str, texts: &str) -> String {
    let plain = texts.replace([',', '-'], " ").replace('，', "");
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(if language == "zh" { "" } else { " " })
}

fn said(language: &str, spoken: &Spoken, words: &BTreeMap<String, String>) -> String {
    let prompts = phrases(&Language::from(language), spoken).expect("it can be said");
    let texts: Vec<&str> = prompts
        .iter()
        .map(|prompt| {
            words.get(prompt.as_str()).unwrap_or_else(|| panic!("{language}: no text for {prompt}"))
        })
        .map(String::as_str)
        .collect();
    heard(language, &texts.join(" "))
}

/// The value in a vector file, where a currency or `weekday` may stand behind it.
fn value(file: &str, text: &str) -> Spoken {
    let (kind, text) = match file {
        "number" => (SpokenKind::Number, text),
        "decimal" => (SpokenKind::Decimal, text),
        "ordinal" => (SpokenKind::Ordinal, text),
        "digits" => (SpokenKind::Digits, text),
        "money" => {
            let (amount, code) = text.split_once(' ').expect("a currency behind the amount");
            (SpokenKind::Money(Currency::from_code(code).expect("a known currency")), amount)
        }
        "date" => match text.strip_suffix(" weekday") {
            Some(date) => (SpokenKind::DateWithWeekday, date),
            None => (SpokenKind::Date, text),
        },
        "time" => (SpokenKind::Time, text),
        "duration" => (SpokenKind::Duration, text),
        other => panic!("no vectors of {other}"),
    };
    Spoken::read(kind, text).unwrap_or_else(|error| panic!("{file} {text}: {error}"))
}

/// All that differ are told at once.
fn check_vectors(file: &str, at_least: usize) {
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        let words = manifest(language);
        let path = root().join(format!("tests/vectors/{language}/{file}.tsv"));
        let text = std::fs::read_to_string(&path).expect("the vectors are there");
        assert!(text.lines().count() >= at_least, "{language}/{file}: too few");
        for line in text.lines() {
            let (written, expected) = line.split_once('\t').expect("value TAB text");
            let said = said(language, &value(file, written), &words);
            if said != heard(language, expected) {
                wrong.push(format!("{language} {written}: said `{said}`, expected `{expected}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_are_said_as_people_say_them() {
    check_vectors("number", 30);
}

#[test]
fn decimals_are_said_as_people_say_them() {
    check_vectors("decimal", 15);
}

#[test]
fn ordinals_are_said_as_people_say_them() {
    check_vectors("ordinal", 15);
}

#[test]
fn digits_are_counted_off_as_people_do() {
    check_vectors("digits", 15);
}

#[test]
fn money_is_said_as_people_say_it() {
    check_vectors("money", 15);
}

#[test]
fn dates_are_said_as_people_say_them() {
    check_vectors("date", 15);
}

#[test]
fn times_are_said_as_people_say_them() {
    check_vectors("time", 15);
}

#[test]
fn durations_are_said_as_people_say_them() {
    check_vectors("duration", 15);
}

#[test]
fn positions_in_line_are_told_as_ordinals() {
    let told = |language: &str, position| {
        let words = manifest(language);
        let prompts = position_announcement(&Language::from(language), position);
        let texts: Vec<&str> = prompts.iter().map(|prompt| words[prompt.as_str()].as_str()).collect();
        heard(language, &texts.join(" ")).replace('。', "")
    };
    assert_eq!(told("en", 23), "You are number twenty three in line.");
    assert_eq!(told("zh", 23), "您排在第二十三位");
    assert_eq!(told("zh", 200), "您排在第二百位");
    assert_eq!(told("zh", 1), "您是下一位");
}

#[test]
fn every_word_of_the_vocabulary_has_a_text_and_a_recording() {
    for language in LANGUAGES {
        let words = manifest(language);
        for kind in SpokenKind::ALL {
            for prompt in all_phrases(&Language::from(language), kind).expect("a known language") {
                assert!(words.contains_key(prompt.as_str()), "{language} {kind:?}: {prompt} has no text");
                for folder in [language.to_owned(), format!("16k/{language}")] {
                    let file = root().join(format!("../../../sounds/{folder}/{prompt}.wav"));
                    assert!(file.is_file(), "{}", file.display());
                }
            }
        }
    }
}

#[test]
fn the_vocabulary_has_no_word_that_is_never_said() {
    for language in LANGUAGES.map(Language::from) {
        let mut needed: BTreeMap<SpokenKind, BTreeSet<PromptName>> = BTreeMap::new();
        let mut say = |kind, spoken: &Spoken| {
            needed.entry(kind).or_default().extend(phrases(&language, spoken).expect("in range"));
        };
        let powers = (0..12).map(|power| 10_i64.pow(power));
        let round = powers.flat_map(|power| (0..1000).map(move |n| n * power));
        for n in (0..3000).chain(round.filter(|n| *n <= SPOKEN_NUMBER_MAX)).flat_map(|n| [n, -n]) {
            say(SpokenKind::Number, &Spoken::Number(n));
            say(SpokenKind::Decimal, &Spoken::Decimal { unscaled: n, places: 1 });
            say(SpokenKind::Decimal, &Spoken::Decimal { unscaled: n, places: 0 });
            for currency in Currency::ALL {
                say(SpokenKind::Money(currency), &Spoken::Money { minor: n, currency });
                if let Some(minor) = n.checked_mul(100) {
                    say(SpokenKind::Money(currency), &Spoken::Money { minor, currency });
                }
            }
            if let Ok(place) = u32::try_from(n)
                && place > 0
            {
                say(SpokenKind::Ordinal, &Spoken::Ordinal(place));
            }
            if let Ok(seconds) = u32::try_from(n) {
                say(SpokenKind::Duration, &Spoken::Duration { seconds });
                let days = u64::from(seconds) * 86_400;
                if let Ok(seconds) = u32::try_from(days) {
                    say(SpokenKind::Duration, &Spoken::Duration { seconds });
                }
            }
        }
        say(SpokenKind::Digits, &Spoken::Digits("0123456789+*#".into()));
        for year in 1000..=9999 {
            let day = u8::try_from(year % 28 + 1).unwrap();
            let month = u8::try_from(year % 12 + 1).unwrap();
            for (day, month) in [(day, month), (29, 1), (30, 1), (31, 1)] {
                say(SpokenKind::Date, &Spoken::Date { year, month, day, weekday: false });
                say(SpokenKind::DateWithWeekday, &Spoken::Date { year, month, day, weekday: true });
            }
        }
        for minute in 0..1440_u16 {
            let (hour, minute) = (u8::try_from(minute / 60).unwrap(), u8::try_from(minute % 60).unwrap());
            say(SpokenKind::Time, &Spoken::Time { hour, minute });
        }
        for kind in SpokenKind::ALL {
            let all = all_phrases(&language, kind).expect("a known language");
            // Billions of days and places in an order are beyond their range.
            let spare: Vec<&PromptName> = all.difference(&needed[&kind]).collect();
            let allowed: &[&str] = match (language.as_str(), kind) {
                ("en", SpokenKind::Duration) => &["number_billion", "number_million"],
                ("zh", SpokenKind::Duration) => &["number_hundred_million"],
                _ => &[],
            };
            assert!(
                spare.iter().all(|word| allowed.contains(&word.as_str())),
                "{language} {kind:?}: {spare:?}"
            );
            assert!(needed[&kind].is_subset(&all), "{language} {kind:?}");
        }
    }
}

#[test]
fn what_is_no_value_is_refused_with_what_is_expected() {
    let refused = |kind, text: &str| Spoken::read(kind, text).expect_err(text).to_string();
    for (kind, text, expected) in [
        (SpokenKind::Number, "", "nothing to say"),
        (SpokenKind::Number, "  ", "nothing to say"),
        (SpokenKind::Number, "12a", "a whole number"),
        (SpokenKind::Number, "1,250", "a whole number"),
        (SpokenKind::Number, "1.0", "a whole number"),
        (SpokenKind::Number, "--1", "a whole number"),
        (SpokenKind::Number, "１２", "a whole number"),
        (SpokenKind::Number, "1000000000000", "out of range"),
        (SpokenKind::Number, "-9223372036854775808", "out of range"),
        (SpokenKind::Number, "99999999999999999999999", "out of range"),
        (SpokenKind::Decimal, "1.", "a number such as"),
        (SpokenKind::Decimal, ".5", "a number such as"),
        (SpokenKind::Decimal, "1.1234567", "at most 6 digits"),
        (SpokenKind::Decimal, "1e5", "a number such as"),
        (SpokenKind::Ordinal, "0", "out of range"),
        (SpokenKind::Ordinal, "-1", "out of range"),
        (SpokenKind::Ordinal, "4294967296", "out of range"),
        (SpokenKind::Digits, "12x", "digits"),
        (SpokenKind::Digits, "- -", "digits"),
        (SpokenKind::Money(Currency::Usd), "12.345", "an amount"),
        (SpokenKind::Money(Currency::Usd), "$12", "an amount"),
        (SpokenKind::Money(Currency::Usd), "1000000000000", "out of range"),
        (SpokenKind::Money(Currency::Usd), "9223372036854775807", "out of range"),
        (SpokenKind::Date, "2026-13-01", "a month from 1 to 12"),
        (SpokenKind::Date, "2026-00-01", "a month from 1 to 12"),
        (SpokenKind::Date, "2026-02-29", "that month has 28"),
        (SpokenKind::Date, "2026-04-31", "that month has 30"),
        (SpokenKind::Date, "2026-04-00", "that month has 30"),
        (SpokenKind::Date, "0999-01-01", "a year from 1000"),
        (SpokenKind::Date, "2026-1-1", "a date such as"),
        (SpokenKind::Date, "2026-1129", "a date such as"),
        (SpokenKind::Date, "29.11.2026", "a date such as"),
        (SpokenKind::Date, "2026-11-290", "a date such as"),
        (SpokenKind::Date, "20é6-11-29", "a date such as"),
        (SpokenKind::Time, "24:00", "an hour from 0 to 23"),
        (SpokenKind::Time, "12:60", "a minute from 0 to 59"),
        (SpokenKind::Time, "3:05", "a time such as"),
        (SpokenKind::Time, "15:05:00", "a time such as"),
        (SpokenKind::Duration, "-1", "out of range"),
        (SpokenKind::Duration, "4294967296", "out of range"),
        (SpokenKind::Duration, "1.5", "seconds such as"),
    ] {
        let message = refused(kind, text);
        assert!(message.contains(expected), "{kind:?} {text}: {message}");
    }
    assert_eq!(Spoken::digits(&"1".repeat(65)), Err(SpokenError::TooLong));
    assert!(Spoken::digits(&"1".repeat(64)).is_ok());
}

#[test]
fn what_cannot_be_said_is_not_said() {
    let english = Language::from("en");
    assert_eq!(phrases(&Language::from("xx"), &Spoken::Number(1)), None);
    assert_eq!(all_phrases(&Language::from("xx"), SpokenKind::Number), None);
    for beyond in [
        Spoken::Number(SPOKEN_NUMBER_MAX + 1),
        Spoken::Number(i64::MIN),
        Spoken::Decimal { unscaled: 1, places: 7 },
        Spoken::Decimal { unscaled: i64::MAX, places: 0 },
        Spoken::Decimal { unscaled: 1, places: 255 },
        Spoken::Ordinal(0),
        Spoken::Digits("12a".into()),
        Spoken::Digits("".into()),
        Spoken::Digits("1".repeat(65).into()),
        Spoken::Money { minor: i64::MIN, currency: Currency::Gbp },
        Spoken::Date { year: 999, month: 1, day: 1, weekday: true },
        Spoken::Date { year: 2026, month: 2, day: 29, weekday: true },
        Spoken::Date { year: 2026, month: 0, day: 1, weekday: true },
        Spoken::Time { hour: 24, minute: 0 },
        Spoken::Time { hour: 0, minute: 60 },
    ] {
        assert_eq!(phrases(&english, &beyond), None, "{beyond:?}");
    }
}

#[test]
fn what_callers_typed_stays_out_of_logs() {
    let shown = format!("{:?}", Spoken::digits("4111 1111 1111 1111").unwrap());
    assert!(!shown.contains("4111"), "{shown}");
    let error = Spoken::number("4111x").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("4111"));
}

/// Any value that can be said, with its kind.
fn any_spoken() -> impl Strategy<Value = (SpokenKind, Spoken)> {
    let number = || -SPOKEN_NUMBER_MAX..=SPOKEN_NUMBER_MAX;
    let currency = prop::sample::select(Currency::ALL.to_vec());
    prop_oneof![
        number().prop_map(|n| (SpokenKind::Number, Spoken::Number(n))),
        (number(), 0..=6_u8)
            .prop_map(|(unscaled, places)| (SpokenKind::Decimal, Spoken::Decimal { unscaled, places })),
        (1..=u32::MAX).prop_map(|place| (SpokenKind::Ordinal, Spoken::Ordinal(place))),
        "[0-9*#+]{1,64}".prop_map(|text| (SpokenKind::Digits, Spoken::Digits(text.into()))),
        (-99_999_999_999_999..=99_999_999_999_999_i64, currency)
            .prop_map(|(minor, currency)| (SpokenKind::Money(currency), Spoken::Money { minor, currency })),
        (1000..=9999_u16, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| {
            (SpokenKind::Date, Spoken::Date { year, month, day, weekday: false })
        }),
        (1000..=9999_u16, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| {
            (SpokenKind::DateWithWeekday, Spoken::Date { year, month, day, weekday: true })
        }),
        (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| (SpokenKind::Time, Spoken::Time { hour, minute })),
        any::<u32>().prop_map(|seconds| (SpokenKind::Duration, Spoken::Duration { seconds })),
    ]
}

proptest! {
    #[test]
    fn whatever_is_said_is_short_and_of_its_vocabulary((kind, spoken) in any_spoken()) {
        for language in LANGUAGES.map(Language::from) {
            let prompts = phrases(&language, &spoken).expect("in range");
            prop_assert!((1..=SPOKEN_PHRASES_MAX).contains(&prompts.len()));
            let all = all_phrases(&language, kind).expect("a known language");
            for prompt in prompts {
                prop_assert!(all.contains(&prompt), "{prompt} of {kind:?}");
            }
        }
    }

    #[test]
    fn neighbouring_numbers_sound_different(n in -SPOKEN_NUMBER_MAX..SPOKEN_NUMBER_MAX, power in 0..12_u32) {
        let other = n.saturating_add(10_i64.pow(power)).min(SPOKEN_NUMBER_MAX);
        for language in LANGUAGES.map(Language::from) {
            let said = |n| phrases(&language, &Spoken::Number(n));
            prop_assert_ne!(said(n), said(other));
        }
    }

    #[test]
    fn no_text_is_too_strange_to_be_judged(text in "\\PC{0,80}", number in "[-+]?[0-9.:-]{0,24}") {
        for kind in SpokenKind::ALL {
            for text in [&text, &number] {
                if let Ok(spoken) = Spoken::read(kind, text) {
                    prop_assert!(phrases(&Language::from("zh"), &spoken).is_some(), "{text:?} {spoken:?}");
                }
            }
        }
    }
}

/// Compared as texts: two prompts may say the same.
#[test]
fn different_values_of_a_kind_sound_different() {
    let small = || 0..20_000_u32;
    let minutes = (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute)));
    let days = (1990..2015)
        .flat_map(|year| (1..=12).flat_map(move |month| (1..=28).map(move |day| (year, month, day))));
    let kinds: Vec<Vec<Spoken>> = vec![
        small().map(|n| Spoken::Number(n.into())).collect(),
        small().map(|n| Spoken::Decimal { unscaled: n.into(), places: 3 }).collect(),
        small().skip(1).map(Spoken::Ordinal).collect(),
        small().map(|n| Spoken::Digits(n.to_string().into())).collect(),
        small().map(|n| Spoken::Money { minor: n.into(), currency: Currency::Cny }).collect(),
        small().map(|n| Spoken::Money { minor: n.into(), currency: Currency::Gbp }).collect(),
        small().map(|n| Spoken::Duration { seconds: n * 7 }).collect(),
        minutes.map(|(hour, minute)| Spoken::Time { hour, minute }).collect(),
        days.map(|(year, month, day)| Spoken::Date { year, month, day, weekday: false }).collect(),
    ];
    for language in LANGUAGES {
        let words = manifest(language);
        for values in &kinds {
            let texts: BTreeSet<String> = values.iter().map(|value| said(language, value, &words)).collect();
            assert_eq!(texts.len(), values.len(), "{language} {:?}", values[1]);
        }
    }
}
