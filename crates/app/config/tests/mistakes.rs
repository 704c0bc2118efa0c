//! The shipped configuration is good, and every mistake in a copy of it is told with its place and a remedy.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

use std::path::{Path, PathBuf};

use hotline_base::{AgentId, GroupId};
use hotline_call::{Refusal, Sides, SpeechPolicy};
use hotline_config::{ConfigError, Configuration, load};
use hotline_media::Gain;
use hotline_sdp::{Codec, Preference};
use tempfile::TempDir;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap()
}

/// A copy of the shipped configuration with one text replaced, in `server`, `center` or a flow.
fn changed(file: &str, from: &str, to: &str) -> (TempDir, Result<Configuration, ConfigError>) {
    let root = repository();
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("flows")).unwrap();
    for flow in ["main.yaml", "support.yaml"] {
        std::fs::copy(root.join("ivr-flows").join(flow), at("flows").join(flow)).unwrap();
    }
    std::fs::copy(root.join("config/center.yaml"), at("center.yaml")).unwrap();
    let server = std::fs::read_to_string(root.join("config/hotline.yaml")).unwrap();
    let server = server
        .replace("sounds: sounds", &format!("sounds: {}", root.join("sounds").display()))
        .replace("flows: ivr-flows", &format!("flows: {}", at("flows").display()))
        .replace("center: config/center.yaml", &format!("center: {}", at("center.yaml").display()));
    std::fs::write(at("hotline.yaml"), server).unwrap();
    let text = std::fs::read_to_string(at(file)).unwrap();
    assert!(text.contains(from), "{file} has `{from}`");
    std::fs::write(at(file), text.replacen(from, to, 1)).unwrap();
    let outcome = load(&at("hotline.yaml"));
    (directory, outcome)
}

#[track_caller]
fn mistake(file: &str, from: &str, to: &str) -> String {
    let (_directory, outcome) = changed(file, from, to);
    outcome.expect_err("the change is a mistake").to_string()
}

/// The line of `needle` in a shipped file, as messages write it: `:12:`.
fn line_of(shipped: &str, needle: &str) -> String {
    let text = std::fs::read_to_string(repository().join(shipped)).unwrap();
    let line = text.lines().position(|line| line.contains(needle)).unwrap() + 1;
    format!(":{line}:")
}

#[test]
fn the_shipped_configuration_is_good() {
    let (_directory, outcome) = changed("center.yaml", "Sales", "Sales");
    let configuration = outcome.unwrap();
    assert!(configuration.demo.is_some());
    assert_eq!(configuration.center.queues.len(), 2);
    assert_eq!(configuration.sip_users.len(), configuration.center.agents.len());
}

#[test]
fn a_number_whose_flow_is_misspelt_is_told_with_the_nearest_name() {
    let text = mistake("center.yaml", "{flow: main}", "{flow: mian}");
    assert!(text.contains(&line_of("config/center.yaml", "{flow: main}")), "{text}");
    assert!(text.contains("there is no flow `mian`") && text.contains("did you mean `main`?"), "{text}");
}

#[test]
fn a_queue_with_an_unknown_member_is_told() {
    let text = mistake("center.yaml", "members: [\"1001\", \"1002\"", "members: [\"1001\", \"1020\"");
    assert!(text.contains("there is no agent `1020`"), "{text}");
}

#[test]
fn two_agents_with_one_extension_are_told() {
    let text = mistake("center.yaml", "extension: \"1002\"", "extension: \"1001\"");
    assert!(text.contains("extension 1001 is taken by agent `1001`"), "{text}");
}

#[test]
fn an_extension_that_the_dial_plan_takes_for_something_else_is_told() {
    let text = mistake("center.yaml", "extension: \"1002\"", "extension: \"0110199\"");
    assert!(text.contains("nobody can reach extension 0110199") && text.contains("+0199"), "{text}");
}

#[test]
fn an_agent_whose_id_is_no_number_needs_an_extension() {
    let text =
        mistake("center.yaml", "agents: #", "agents:\n  bea: {name: Bea, sip_password: bea-phone-1}\n  #");
    assert!(text.contains("`bea` is no extension") && text.contains("`extension:`"), "{text}");
}

#[test]
fn the_order_of_digest_algorithms_is_taken_and_mistakes_in_it_are_told() {
    let (_directory, outcome) =
        changed("center.yaml", "digest: [MD5]", "digest: [sha-512-256, SHA-256, MD5]");
    let order: Vec<_> =
        outcome.unwrap().sip_users["1001"].ha1.iter().map(|(known, _)| known.as_str()).collect();
    assert_eq!(order, ["SHA-512-256", "SHA-256", "MD5"]);
    for (order, problem) in [
        ("[SHA-265]", "did you mean `SHA-256`?"),
        ("[MD5-sess]", "unknown digest algorithm `MD5-sess`"),
        ("[MD5, md5]", "`MD5` is there twice"),
        ("[]", "digest algorithms"),
        ("MD5", "digest algorithms"),
    ] {
        let text = mistake("center.yaml", "digest: [MD5]", &format!("digest: {order}"));
        assert!(text.contains(&line_of("config/center.yaml", "digest: [MD5]")), "{text}");
        assert!(text.contains(problem), "{order}: {text}");
    }
}

#[test]
fn a_number_that_hides_an_extension_is_told() {
    let text = mistake("center.yaml", "\"4001\": {", "\"1002\": {");
    assert!(text.contains(&line_of("config/center.yaml", "\"4001\": {")), "{text}");
    assert!(text.contains("1002 is also the extension of agent `1002`"), "{text}");
}

#[test]
fn a_number_in_a_language_that_its_flow_does_not_speak_is_told() {
    let text = mistake("flows/main.yaml", "languages: [en, zh]\nstart", "languages: [en]\nstart");
    assert!(text.contains(&line_of("config/center.yaml", "language: zh}")), "{text}");
    assert!(text.contains("flow `main` does not speak `zh`"), "{text}");
}

#[test]
fn a_flow_that_names_an_unknown_queue_is_told_in_the_flows_file() {
    let text = mistake("flows/main.yaml", "name: sales", "name: slaes");
    assert!(text.contains("main.yaml:") && text.contains("did you mean `sales`?"), "{text}");
}

#[test]
fn a_trunk_address_that_is_none_is_told() {
    let text = mistake("center.yaml", "peers: [127.0.0.1", "peers: [trunk.example");
    assert!(text.contains("`trunk.example` is no address"), "{text}");
}

#[test]
fn mistakes_in_several_places_come_at_once() {
    let text = mistake("center.yaml", "language: en #", "langage: en #");
    assert!(text.contains("did you mean `language`?") && text.contains("without `language`"), "{text}");
}

#[test]
fn a_demonstration_center_refuses_to_be_seen_from_elsewhere() {
    let text = mistake("hotline.yaml", "listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080");
    assert!(text.contains("published passwords") && text.contains("http.listen"), "{text}");
}

#[test]
fn a_demonstration_center_may_be_seen_from_elsewhere_if_it_says_so() {
    let open = "demo:\n  allow_anywhere: true #";
    let (directory, outcome) = changed("center.yaml", "demo: #", open);
    assert!(outcome.unwrap().demo.is_some_and(|demo| demo.allow_anywhere && demo.users.len() == 4));
    let path = directory.path().join("hotline.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080")).unwrap();
    assert!(load(&path).is_ok());
}

#[test]
fn people_of_a_demonstration_have_known_roles_and_teams() {
    let admin = "password: hotline-admin, role: admin";
    let text = mistake("center.yaml", admin, "password: hotline-admin, role: supervisr");
    assert!(text.contains("did you mean `supervisor`?"), "{text}");
    let text = mistake("center.yaml", admin, "password: hotline-admin, role: team_leader, teams: [early]");
    assert!(text.contains("no agent is in the group `early`"), "{text}");
    let (_directory, outcome) =
        changed("center.yaml", "    name: Support\n", "    name: Support\n    mask_numbers: true\n");
    assert_eq!(outcome.unwrap().masked_queues, ["support".into()].into());
}

#[test]
fn a_missing_file_is_named() {
    let text = mistake("hotline.yaml", "center.yaml", "centre.yaml");
    assert!(text.contains("centre.yaml"), "{text}");
}

#[test]
fn a_trunk_that_calls_go_out_by_is_read_whole() {
    let trunk = "  carrier:\n    servers: [sip.example.net, {server: \"192.0.2.5:5080\", weight: 3}]\n    \
                 login: {username: u, password: p}\n    register: true\n    probe_s: 30\n    calls_max: 30\n    \
                 numbers: {format: digits, prefix: \"7\"}\n    audio: {codecs: [g722, PCMA], choice: theirs}\n    caller_id: \"(555) 010-0100\"\n    headers: {X-Account: \"7\", User-Agent: }\n  demo:\n    peers";
    let routes =
        "routes:\n  - {numbers: [\"+49*\", \"112\"], trunks: [{trunk: carrier, priority: 2}]}\n\ndemo:";
    let (directory, outcome) = changed("center.yaml", "  demo:\n    peers", trunk);
    outcome.unwrap();
    let path = directory.path().join("center.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\ndemo:", &format!("\n{routes}"), 1)).unwrap();
    let center = load(&directory.path().join("hotline.yaml")).unwrap().center;
    let trunk = center.trunks.values().find(|trunk| trunk.id.as_str() == "carrier").unwrap();
    assert_eq!(
        trunk.servers.iter().map(|server| (server.priority, server.weight)).collect::<Vec<_>>(),
        [(0, 0), (1, 3)]
    );
    let account = trunk.account.as_ref().unwrap();
    assert_eq!((account.user.as_str(), account.domain.as_str()), ("u", "sip.example.net"));
    assert_eq!(trunk.caller_id.as_deref(), Some("+15550100100"));
    assert_eq!(trunk.voice.codecs, [Codec::G722, Codec::Pcma]);
    assert_eq!((trunk.voice.choice, trunk.voice.packet_ms), (Preference::Theirs, center.voice.packet_ms));
    assert_eq!(
        trunk.headers,
        [("X-Account".to_owned(), "7".to_owned()), ("User-Agent".to_owned(), String::new())]
    );
    assert!(center.route("+4930901820").is_some() && center.route("112").is_some());
    assert!(center.route("+15550100100").is_none() && center.route("1120").is_none());
}

#[test]
fn what_is_wrong_with_trunks_and_routes_is_told() {
    let peers = "peers: [127.0.0.1, 127.0.0.2]";
    for (to, told) in [
        ("probe_s: 30", "carries no call"),
        ("servers: [\"ann@sip.example.net\"]", "`ann@sip.example.net` is no server"),
        ("servers: [sip.example.net, sip.example.net]", "is there twice"),
        ("peers: [127.0.0.1]\n    register: true", "nobody can register without a login and a server"),
        ("servers: [sip.example.net]\n    headers: {Via: x}", "`Via` is written by the server itself"),
        ("servers: [sip.example.net]\n    headers: {\"a b\": x}", "`a b` is no header name"),
        ("servers: [sip.example.net]\n    identity: assertive", "unknown identity `assertive`"),
        ("servers: [sip.example.net]\n    caller_id: \"x\"", "`x` is no number"),
        ("servers: [sip.example.net]\n    numbers: {prefix: \"a\"}", "`a` cannot be dialled"),
        ("servers: [sip.example.net]\n    calls_max: 0", "1 to 10000"),
        ("servers: [sip.example.net]\n    audio: {codecs: [PCMA, G729]}", "unknown codec `G729`"),
        ("servers: [sip.example.net]\n    audio: {codecs: []}", "1 to 5 of them"),
        ("servers: [sip.example.net]\n    audio: {codecs: [PCMA, pcma]}", "is there twice"),
        ("servers: [sip.example.net]\n    audio: {choice: their}", "unknown choice `their`"),
        ("servers: [sip.example.net]\n    audio: {packet_ms: 5}", "10 to 60"),
        ("servers: [sip.example.net]\n    audio: {packet_ms: 25}", "no packets of 25 ms"),
    ] {
        let text = mistake("center.yaml", peers, to);
        assert!(text.contains(told), "{to}: {text}");
    }
    for (to, told) in [
        ("{numbers: [\"*\"], trunks: [demo]}", "no call goes out by trunk `demo`"),
        ("{numbers: [\"*\"], trunks: [dmo]}", "there is no trunk `dmo`"),
        ("{numbers: [\"+4x*\"], trunks: []}", "`+4x*` stands for no numbers"),
    ] {
        let text = mistake("center.yaml", "\ndemo:", &format!("\nroutes:\n  - {to}\ndemo:"));
        assert!(text.contains(told), "{to}: {text}");
    }
}

#[test]
fn music_begins_for_each_caller_or_is_the_same_for_all() {
    use hotline_media::MusicStart;
    let music = |to: &str| {
        let (_directory, outcome) = changed("center.yaml", "music: waiting", &format!("music: {to}"));
        outcome.unwrap().center.queues[&"sales".into()].music.clone()
    };
    assert_eq!(music("waiting").start, MusicStart::Beginning);
    assert_eq!(music("{prompt: waiting, from: start}"), music("waiting"));
    let shared = music("{from: shared}");
    assert_eq!((shared.prompt.as_str(), shared.start), ("music/waiting", MusicStart::Shared));
    let missing = mistake("center.yaml", "music: waiting", "music: {prompt: wating, from: shared}");
    assert!(missing.contains("there is no music `wating`"), "{missing}");
    let wrong = mistake("center.yaml", "music: waiting", "music: {from: middle}");
    assert!(wrong.contains("unknown from `middle`"), "{wrong}");
}

#[test]
fn speech_is_as_the_queue_says_and_else_as_the_center() {
    let center = |from: &str, to: &str| changed("center.yaml", from, to).1.unwrap().center;
    let untouched = center("language: en #", "language: en #");
    assert_eq!(untouched.speech, SpeechPolicy::default());
    assert_eq!(untouched.queues[&"sales".into()].speech, SpeechPolicy::default());
    let both = Sides { customer: true, agent: true };
    let told = center(
        "language: en #",
        "speech: {agc: both, agc_dbfs: -23, agc_gain_max_db: 12, hide_keys: customer}\nlanguage: en #",
    );
    let level = Gain { target_dbfs: -23, most_db: 12 };
    let hide_keys = Sides { customer: true, agent: false };
    assert_eq!(told.speech, SpeechPolicy { agc: both, level, hide_keys });
    assert_eq!(told.queues[&"sales".into()].speech, told.speech);
    let one = center("music: waiting", "speech: {hide_keys: both}\n    music: waiting");
    assert_eq!(one.speech, SpeechPolicy::default());
    let of_queue = one.queues[&"sales".into()].speech;
    assert_eq!(of_queue, SpeechPolicy { hide_keys: both, ..SpeechPolicy::default() });
    assert_eq!(one.queues[&"support".into()].speech, SpeechPolicy::default());
    for (wrong, told) in [
        ("agc: everybody", "unknown side `everybody`"),
        ("agc_dbfs: 3", "a whole number from -60 to -3"),
        ("agc_gain_max_db: 41", "0 to 40"),
        ("hide_key: both", "did you mean `hide_keys`?"),
    ] {
        let text = mistake("center.yaml", "language: en #", &format!("speech: {{{wrong}}}\nlanguage: en #"));
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn the_country_of_the_tones_is_named_or_follows_from_the_dial_plan() {
    let country = |from: &str, to: &str| changed("center.yaml", from, to).1.unwrap().country;
    assert_eq!(country("country: \"1\"", "country: \"1\""), "us");
    assert_eq!(country("country: \"1\"", "country: \"49\""), "de");
    assert_eq!(country("country: \"1\"", "country: \"999\""), "us");
    assert_eq!(country("language: en #", "country: gb\nlanguage: en #"), "gb");
    let wrong = mistake("center.yaml", "language: en #", "country: xx\nlanguage: en #");
    assert!(wrong.contains("the tones of `xx` are not known") && wrong.contains("at, au, be"), "{wrong}");
}

#[test]
fn opening_hours_are_read_and_their_mistakes_told() {
    let office =
        "hours:\n  office:\n    zone: Europe/Berlin\n    weekly: {mon-fri: [\"08:00-18:00\"]}\n\ndemo: #";
    let (_directory, outcome) = changed("center.yaml", "demo: #", office);
    let center = outcome.unwrap().center;
    assert_eq!(center.hours[&"office".into()].zone().name(), "Europe/Berlin");
    let text =
        mistake("center.yaml", "demo: #", &office.replace("Berlin", "Berln").replace("18:00", "07:00"));
    assert!(text.contains("unknown time zone `Europe/Berln`"), "{text}");
    assert!(text.contains("did you mean `Europe/Berlin`?"), "{text}");
    assert!(text.contains("`08:00-07:00` does not end after it begins"), "{text}");
    let (_directory, outcome) = changed("center.yaml", "Sales", "Sales");
    assert!(outcome.unwrap().center.hours.is_empty());
}

const STAFFING: &str = "skills: {spanish: Spanish, billing: Bills}
reasons:
  lunch: {name: Lunch, class: meal, daily_quota_s: 3600, at_once_max: 4}
  mail: {}
dispositions: {sold: Sold, lost: Not interested}
";

/// The shipped center with all that agents may choose from, and one text of that replaced.
fn staffed(from: &str, to: &str) -> (TempDir, Result<Configuration, ConfigError>) {
    let text = format!("{STAFFING}queues:");
    assert!(from.is_empty() || text.contains(from), "{from}");
    changed("center.yaml", "queues:", &text.replacen(from, to, 1))
}

#[test]
fn reasons_skills_and_dispositions_of_the_center_are_taken() {
    let (_directory, outcome) = staffed("", "");
    let staffing = outcome.unwrap().center.staffing;
    assert_eq!(staffing.skills.len(), 2);
    assert_eq!(staffing.dispositions["lost"], "Not interested");
    let lunch = &staffing.reasons["lunch"];
    assert_eq!((lunch.class, lunch.at_once_max), (hotline_acd::ReasonClass::Meal, Some(4)));
    assert_eq!(lunch.daily_quota, Some(std::time::Duration::from_hours(1)));
    assert_eq!(staffing.reasons["mail"].name, "mail");
}

#[test]
fn mistakes_in_reasons_and_dispositions_are_told() {
    for (from, to, told) in [
        ("class: meal", "class: meel", "did you mean `meal`?"),
        ("mail: {}", "missed: {}", "agents have the reason `missed` without choosing it"),
        ("at_once_max: 4", "at_once_max: 0", "at_once_max"),
        ("daily_quota_s: 3600", "daily_quota: 3600", "did you mean `daily_quota_s`?"),
        ("sold: Sold", "\"so ld\": Sold", "cannot be a disposition's code"),
    ] {
        let (_directory, outcome) = staffed(from, to);
        let text = outcome.expect_err(to).to_string();
        assert!(text.contains(told), "{to}: {text}");
    }
}

/// The shipped center with choices for agents, and line `from` of it replaced.
fn staffed_with(from: &str, to: &str) -> (TempDir, Result<Configuration, ConfigError>) {
    let shipped = std::fs::read_to_string(repository().join("config/center.yaml")).unwrap();
    assert!(shipped.contains(from), "{from}");
    let center = shipped.replacen(from, to, 1).replacen("queues:", &format!("{STAFFING}queues:"), 1);
    changed("center.yaml", &shipped, &center)
}

const WRAP_UP: &str = "    wrap_up_s: 10\n    wait_max_s: 900 # then";

fn with_wrap_up(text: &str) -> (TempDir, Result<Configuration, ConfigError>) {
    staffed_with(WRAP_UP, &format!("    {text}\n    wait_max_s: 900 # then"))
}

#[test]
fn after_call_work_has_a_mode_a_length_extensions_and_a_disposition() {
    let text = "wrap_up: {mode: forced, seconds: 45, extend_s: 20, extensions: 1, disposition: required}
    dispositions: [sold]";
    let (_directory, outcome) = with_wrap_up(text);
    let sales = outcome.unwrap().center.queues.remove(&"sales".into()).unwrap();
    let seconds = std::time::Duration::from_secs;
    let expected = hotline_acd::WrapUp {
        mode: hotline_acd::WrapUpMode::Forced,
        length: seconds(45),
        extend_by: seconds(20),
        extensions_max: 1,
        disposition_required: true,
    };
    assert_eq!(sales.routing.wrap_up, expected);
    assert_eq!(sales.dispositions, std::collections::BTreeSet::from(["sold".to_owned()]));
}

#[test]
fn mistakes_in_after_call_work_are_told() {
    for (text, told) in [
        ("wrap_up: {mode: froced}", "did you mean `forced`?"),
        ("wrap_up: {mode: manual, seconds: 5}", "`manual` lasts until the agent ends it"),
        ("wrap_up: {seconds: 5}\n    wrap_up_s: 10", "both `wrap_up` and `wrap_up_s`"),
        ("dispositions: [slod]", "did you mean `sold`?"),
    ] {
        let (_directory, outcome) = with_wrap_up(text);
        let error = outcome.expect_err(text).to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
    let wanted = "    wrap_up: {disposition: required}\n    wait_max_s: 900 # then";
    let text = mistake("center.yaml", WRAP_UP, wanted);
    assert!(text.contains("a disposition is required, and the center has none"), "{text}");
}

#[test]
fn agents_have_skills_of_the_center_groups_and_a_daily_cap() {
    let name = "    name: Alice Chen\n";
    let own = format!("{name}    skills: {{spanish: 3}}\n    groups: [early, vip]\n    daily_cap: 40\n");
    let (_directory, outcome) = staffed_with(name, &own);
    let agent = outcome.unwrap().center.agents.remove(&"1001".into()).unwrap();
    assert_eq!(agent.skills, std::collections::BTreeMap::from([("spanish".into(), 3)]));
    assert_eq!((agent.groups.len(), agent.daily_cap), (2, Some(40)));
    for (text, told) in [
        ("skills: {spansih: 3}", "did you mean `spanish`?"),
        ("skills: {spanish: 11}", "10"),
        ("groups: [\"the early\"]", "cannot be a group's name"),
        ("daily_cap: 0", "daily_cap"),
    ] {
        let (_directory, outcome) = staffed_with(name, &format!("{name}    {text}\n"));
        let error = outcome.expect_err(text).to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn a_member_can_have_after_call_work_of_its_own_length() {
    let members = "members: [\"1001\", \"1002\", \"1003\"]";
    let (_directory, outcome) =
        changed("center.yaml", members, "members: [{agent: \"1001\", wrap_up_s: 30}, \"1002\"]");
    let sales = outcome.unwrap().center.queues.remove(&"sales".into()).unwrap();
    let own: Vec<_> = sales.routing.members.iter().map(|member| member.wrap_up).collect();
    assert_eq!(own, [Some(std::time::Duration::from_secs(30)), None]);
    let text = mistake("center.yaml", members, "members: [{agent: \"1009\"}]");
    assert!(text.contains("there is no agent `1009`"), "{text}");
}

#[test]
fn a_flow_that_asks_for_a_skill_that_no_member_has_is_told() {
    let (directory, outcome) = staffed("", "");
    outcome.unwrap();
    let name = "    name: Alice Chen\n";
    let center = directory.path().join("center.yaml");
    let text = std::fs::read_to_string(&center).unwrap();
    std::fs::write(&center, text.replacen(name, &format!("{name}    skills: {{spanish: 3}}\n"), 1)).unwrap();
    let flow = directory.path().join("flows/main.yaml");
    let text = std::fs::read_to_string(&flow).unwrap();
    assert!(text.contains("name: sales"));
    for (level, told) in [(3, None), (4, Some("no agent of queue `sales` has `spanish` at level 4"))] {
        let asking = format!("name: sales\n      skills: {{spanish: {level}}}");
        std::fs::write(&flow, text.replacen("name: sales", &asking, 1)).unwrap();
        let outcome = load(&directory.path().join("hotline.yaml")).map_err(|error| error.to_string());
        match (outcome, told) {
            (Ok(_), None) => {}
            (Err(error), Some(told)) => assert!(error.contains(told), "{error}"),
            (outcome, _) => panic!("{level}: {:?}", outcome.err()),
        }
    }
}

/// The shipped center with these lines for `sales`, in which Alice speaks French.
fn sales(lines: &str) -> Result<Configuration, ConfigError> {
    let (directory, _) = changed("center.yaml", "    name: Sales\n", &format!("    name: Sales\n{lines}"));
    let center = directory.path().join("center.yaml");
    let text = std::fs::read_to_string(&center).unwrap();
    let name = "    name: Alice Chen\n";
    let text = text.replacen(name, &format!("{name}    skills: {{french: 3}}\n    groups: [vip]\n"), 1);
    std::fs::write(&center, text.replacen("queues:\n", "skills: {french: French}\nqueues:\n", 1)).unwrap();
    load(&directory.path().join("hotline.yaml"))
}

#[test]
fn a_queue_has_a_plan_announcements_and_rules_for_calling_back() {
    let lines = "    plan: [{require: {french: 3}, skip_if: nobody_working}, {after_s: 20, groups: [vip], ring_count: 2}, \
                 {after_s: 60, prefer: [french], priority_credit_s: 300, replace: true, min_level: 0}]\n    \
                 tiers: {wait_s: 30, each: false}\n    announce: {wait: true, repeat_s: 60}\n    \
                 comfort: {prompts: [thank_you_waiting]}\n    greeting: {whisper_wait: true, agent_number: true}\n    \
                 callback: {retries: 0, retry_s: 60}\n    place_kept_s: 90\n    weight: 3\n";
    let queue = sales(lines).unwrap().center.queues.remove(&"sales".into()).unwrap();
    let steps = &queue.routing.plan.steps;
    let after: Vec<u64> = steps.iter().map(|step| step.after.as_secs()).collect();
    assert_eq!(after, [0, 20, 60]);
    assert_eq!((steps[0].require[0].level, steps[1].ring_count), (3, Some(2)));
    assert!(steps[2].replace && steps[2].min_level == Some(0));
    assert_eq!((queue.routing.tiers.wait.as_secs(), queue.routing.tiers.each), (30, false));
    assert!(queue.announcements.position && queue.announcements.wait, "the place too");
    assert!(queue.announcements.over_music, "the music goes on unless it is told not to");
    let cut_in =
        sales("    announce: {over_music: false}\n").unwrap().center.queues.remove(&"sales".into()).unwrap();
    assert!(!cut_in.announcements.over_music && cut_in.announcements.position);
    assert_eq!((queue.announcements.comfort.len(), queue.greeting.agent_number), (1, true));
    assert_eq!((queue.callback.retries, queue.callback.retry.as_secs()), (0, 60));
    assert!(!queue.callback.confirm, "who answers waits at once unless a key is asked for");
    assert_eq!((queue.place_kept.as_secs(), queue.routing.weight), (90, 3));
}

#[test]
fn every_mistake_in_how_a_queue_gives_its_calls_is_told() {
    for (lines, told) in [
        ("plan: [{require: {frnch: 3}}]", "no agent has the skill `frnch`"),
        ("plan: [{after_s: 20}, {after_s: 10}]", "the step before it begins later"),
        ("plan: [{groups: [vips]}]", "no agent is in a group `vips`"),
        ("ring_delay_s: 5", "`ring_delay_s` has no meaning here"),
        ("callback: {retry_s: 0}", "1 to 86400"),
        ("callback: {again: 2}", "again"),
        ("callback: {confirm: true}", "`first: customer` beside it"),
        ("announce: {over_music: softly}", "`true` or `false`"),
        ("hours: office", "there are no hours `office`"),
        ("comfort: {prompts: [thank_you]}", "there is no prompt `thank_you`"),
    ] {
        let error = sales(&format!("    {lines}\n")).map(drop).expect_err("a mistake").to_string();
        assert!(error.contains(told), "{lines}: {error}");
    }
}

#[test]
fn groups_have_a_label_leaders_and_the_members_that_they_or_these_name() {
    let groups =
        "groups:\n  early: {label: Early shift, leaders: [\"1001\"], members: [\"1002\"]}\nagents: #";
    let (_directory, outcome) = changed("center.yaml", "agents: #", groups);
    let center = outcome.unwrap().center;
    let early = &center.staffing.groups[&GroupId::from("early")];
    assert_eq!(early.label.as_deref(), Some("Early shift"));
    assert!(early.leaders.contains(&AgentId::from("1001")));
    assert!(center.agents[&AgentId::from("1002")].groups.contains(&GroupId::from("early")));
    assert!(
        center.agents[&AgentId::from("1001")].groups.is_empty(),
        "whoever leads a group need not be in it"
    );
    for (from, to, told) in [
        ("Early shift", "\"\"", "a label that cannot be shown"),
        ("leaders: [\"1001\"]", "leaders: [\"2001\"]", "there is no agent `2001`"),
        ("members: [\"1002\"]", "members: [\"2002\"]", "there is no agent `2002`"),
        ("early:", "the early:", "cannot be a group's name"),
    ] {
        let text = mistake("center.yaml", "agents: #", &groups.replacen(from, to, 1));
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn callers_are_blocked_by_lists_with_reasons_and_ends() {
    let lists = "blocked:\n  nuisance:\n    numbers:\n      \"5550100666\": threatened agents\n      \"+1900*\": {reason: paid, until: \
                 \"2027-01-31\"}\n  withheld: {answer: {flow: support}, numbers: {anonymous: no number}}\nallowed: \
                 {\"+19005550100\": our own line}\nblocked_customers: busy\nagents: #";
    let (_directory, outcome) = changed("center.yaml", "agents: #", lists);
    let screening = outcome.unwrap().center.screening;
    let [nuisance, withheld] = screening.blocked.as_slice() else { panic!("{screening:?}") };
    assert!(nuisance.callers[0].callers.include(Some("+15550100666")), "it is read as it is dialled");
    assert_eq!(nuisance.callers[1].until, Some(hotline_base::WallTime(1_801_440_000_000_000)));
    assert_eq!((&nuisance.refusal, &withheld.refusal), (&Refusal::Decline, &Refusal::Flow("support".into())));
    assert_eq!((screening.allowed.len(), screening.customers), (1, Some(Refusal::Busy)));
    for (from, to, told) in [
        ("threatened agents", "\"\"", "a reason that cannot be shown"),
        ("\"2027-01-31\"", "\"2027-02-31\"", "that is no date"),
        ("\"+1900*\"", "\"+1900**\"", "stands for no numbers"),
        ("{flow: support}", "{flow: suport}", "there is no flow `suport`"),
        ("{flow: support}", "hang_up", "that is no answer to a call"),
        ("blocked_customers: busy", "blocked_customers: never", "that is no answer to a call"),
    ] {
        let text = mistake("center.yaml", "agents: #", &lists.replacen(from, to, 1));
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_number_can_be_for_some_callers_only() {
    let only = "\"4001\": {flow: support, allow_only: [\"+49*\", anonymous]}";
    let (_directory, outcome) = changed("center.yaml", "\"4001\": {flow: support}", only);
    let number = outcome.unwrap().center.numbers["4001"].clone();
    let includes = |caller| number.allow_only.iter().flatten().any(|some| some.include(caller));
    assert!(includes(Some("+4930")) && includes(None) && !includes(Some("+331")));
    let text = mistake("center.yaml", "\"4001\": {flow: support}", &only.replacen("+49*", "Ann", 1));
    assert!(text.contains("`Ann` stands for no numbers"), "{text}");
}

#[test]
fn how_long_things_are_kept_is_said_by_the_center_or_else_by_the_server() {
    let of_server =
        changed("hotline.yaml", "storage:", "retention: {messages_days: 90}\nstorage:").1.unwrap();
    assert_eq!(of_server.kept.retention.messages_days, Some(90));
    let (_directory, outcome) =
        changed("center.yaml", "agents: #", "retention: {recordings_days: 30}\nagents: #");
    let kept = outcome.unwrap().kept.retention;
    assert_eq!((kept.recordings_days, kept.messages_days), (Some(30), None));
    let text = mistake("center.yaml", "agents: #", "retention: {recordings_days: 0}\nagents: #");
    assert!(text.contains("a number from 1 to 36500"), "{text}");
}
