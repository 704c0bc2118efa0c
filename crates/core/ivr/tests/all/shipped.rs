//! The flows and sounds that come with the product: they check clean, and every way through them works.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::caller::{Caller, Known};
use hotline_ivr::{Flow, Language, PromptName, announcement_prompts, check, parse};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn shipped(name: &str) -> Arc<Flow> {
    let file = format!("ivr-flows/{name}.yaml");
    let text = std::fs::read_to_string(root().join(&file)).expect("the flow is there");
    Arc::new(parse(&file, &text).expect("the flow reads well"))
}

/// The prompts that lie in `sounds/`.
fn recorded(folder: &str) -> BTreeSet<PromptName> {
    let entries = std::fs::read_dir(root().join("sounds").join(folder)).expect("the folder is there");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(".wav").map(PromptName::from)).collect()
}

#[test]
fn the_shipped_flows_name_only_what_exists() {
    let prompts = BTreeMap::from(["en", "zh"].map(|language| (Language::from(language), recorded(language))));
    let known = Known::new(prompts);
    let flows = ["main", "support"].map(|name| Flow::clone(&shipped(name))).into_iter().collect();
    let found = check(&flows, &known.world());
    assert!(found.is_empty(), "{}", found.iter().map(ToString::to_string).collect::<String>());
}

#[test]
fn every_prompt_is_there_in_both_rates_and_long_enough_to_hear() {
    for language in ["en", "zh"] {
        let narrow = recorded(language);
        assert_eq!(narrow, recorded(&format!("16k/{language}")));
        assert!(announcement_prompts(&Language::from(language)).iter().all(|prompt| narrow.contains(prompt)));
        for prompt in &narrow {
            // 8000 samples of two bytes a second; the shortest word takes a fifth of one.
            let file = root().join("sounds").join(language).join(format!("{prompt}.wav"));
            assert!(std::fs::metadata(file).unwrap().len() > 3200, "{language}/{prompt}");
        }
    }
}

/// Plays scripts, each from the start of a call, and collects the exits that they took.
fn exits_of(flow: &Arc<Flow>, scripts: &[(&str, &str)]) -> BTreeSet<String> {
    let mut exits = BTreeSet::new();
    for (script, last) in scripts {
        let mut caller = Caller::new(flow);
        for word in script.split(", ") {
            assert!(!caller.session.is_finished(), "{script}: over before `{word}`");
            caller.perform(word);
        }
        assert_eq!(caller.given().last().map(String::as_str), Some(*last), "{script}");
        exits.extend(caller.path.iter().map(|step| format!("{} {}", step.step, step.exit)));
    }
    exits
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn main_runs_through_every_exit() {
    let scripts = [
        ("answered, listen, listen, 1, listen, connected", "enqueue sales"),
        ("answered, listen, 1, listen, queue full, listen, listen", "hangup normal"),
        ("answered, listen, 2, listen, connected", "enqueue support"),
        ("answered, listen, 2, listen, queue full, listen, listen", "hangup normal"),
        ("answered, listen, 2, listen, queue no_agents, listen, listen", "hangup normal"),
        ("answered, listen, 2, listen, queue timeout, listen, 1, listen", "enqueue sales"),
        ("answered, listen, 1, listen, queue no_agents, listen", "play en: thank_you_calling goodbye"),
        ("answered, listen, 1, listen, queue timeout, listen", "play en: menu other_language"),
        ("answered, listen, 0, listen, connected", "transfer 1001"),
        ("answered, listen, 0, listen, transfer busy, listen", "enqueue support"),
        ("answered, listen, 0, listen, transfer no_answer, listen", "enqueue support"),
        ("answered, listen, 0, listen, transfer unavailable, listen", "enqueue support"),
        ("answered, listen, 9", "play zh: menu other_language"),
        ("answered, listen, 9, 8", "play en: menu other_language"),
        ("answered, listen, listen, wait, listen, wait, listen, wait, listen", "hangup normal"),
        ("answered, listen, 7, 7, 7, listen", "hangup normal"),
        ("answered, 1", "play en: connecting"),
    ];
    let expected = "
        answer done
        greeting done
        menu choice 1
        menu choice 2
        menu choice 0
        menu choice 8
        menu choice 9
        menu no_input
        menu invalid
        english done
        chinese done
        connect_sales done
        sales connected
        sales full
        sales timeout
        sales no_agents
        connect_support done
        support connected
        support full
        support timeout
        support no_agents
        connect_operator done
        operator connected
        operator busy
        operator no_answer
        operator unavailable
        operator_busy done
        full done
        nobody done
        still_busy done
        goodbye done
        end hangup normal
    ";
    assert_eq!(exits_of(&shipped("main"), &scripts), lines(expected));
}

#[test]
fn support_runs_through_every_exit() {
    let scripts = [
        ("answered, listen, connected", "enqueue support"),
        ("answered, listen, queue full, listen, listen", "hangup normal"),
        ("answered, listen, queue no_agents, listen, listen", "hangup normal"),
        ("answered, listen, queue timeout, listen, ended", "enqueue support"),
    ];
    let expected = "
        answer done
        greeting done
        support connected
        support full
        support no_agents
        support timeout
        support call_ended
        still_busy done
        full done
        nobody done
        goodbye done
        end hangup normal
    ";
    assert_eq!(exits_of(&shipped("support"), &scripts), lines(expected));
}

#[test]
fn a_retry_of_the_main_menu_says_why() {
    let mut caller = Caller::new(&shipped("main"));
    ["answered", "listen", "listen", "wait", "listen", "5"].iter().for_each(|word| caller.perform(word));
    let expected = [
        "answer",
        "play en: greeting",
        "play en: menu other_language",
        "play en: no_input menu",
        "play en: invalid menu",
    ];
    assert_eq!(caller.given(), expected);
}
