//! What a REGISTER changes, and what is told of it.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn update(call_id: &str, cseq: u32, contacts: &[(&str, u64)]) -> Update {
    let contact = |&(uri, seconds): &(&str, u64)| Requested {
        uri: uri.parse().unwrap(),
        expires: Duration::from_secs(seconds),
        q: 1000,
        instance: None,
    };
    Update {
        user: "ann".into(),
        agent: AgentId::from("ann"),
        call_id: call_id.into(),
        cseq,
        flow: Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.9:4000".parse().unwrap()),
        path: Vec::new(),
        change: Change::Contacts(contacts.iter().map(contact).collect()),
    }
}

fn registered(contacts: usize, seconds: u64) -> Option<Presence> {
    let expires = Duration::from_secs(seconds);
    Some(Presence::Registered { agent: AgentId::from("ann"), contacts, expires })
}

fn gone(why: Why) -> Option<Presence> {
    Some(Presence::Unregistered { agent: AgentId::from("ann"), why })
}

#[test]
fn contacts_are_added_refreshed_and_expire_one_by_one() {
    let mut registrar = Registrar::default();
    let now = Now::default();
    registrar.handle_register(now, update("a", 1, &[("sip:one", 60)])).unwrap();
    registrar.handle_register(now, update("b", 1, &[("sip:two", 3600)])).unwrap();
    assert_eq!(registrar.poll_event(), registered(1, 60));
    assert_eq!(registrar.poll_event(), registered(2, 3600));
    let minute = now + Duration::from_secs(60);
    assert_eq!(registrar.poll_timeout(), Some(minute.mono));
    registrar.handle_timeout(minute);
    assert_eq!(registrar.poll_event(), registered(1, 3540));
    registrar.handle_timeout(now + HOUR);
    assert_eq!(registrar.poll_event(), gone(Why::Expired));
    assert_eq!((registrar.poll_timeout(), registrar.bindings("ann").len()), (None, 0));
}

#[test]
fn the_contact_to_call_is_the_preferred_or_the_latest() {
    let mut registrar = Registrar::default();
    registrar.handle_register(Now::default(), update("a", 1, &[("sip:one", 60)])).unwrap();
    let later = Now::default() + Duration::from_secs(1);
    registrar.handle_register(later, update("b", 1, &[("sip:two", 60)])).unwrap();
    assert_eq!(registrar.preferred("ann")[0].uri.to_string(), "sip:two");
    let mut shy = update("b", 2, &[("sip:two", 60)]);
    if let Change::Contacts(contacts) = &mut shy.change {
        contacts[0].q = 500;
    }
    registrar.handle_register(later, shy).unwrap();
    assert_eq!(registrar.preferred("ann")[0].uri.to_string(), "sip:one");
    assert!(registrar.preferred("bob").is_empty());
}

#[test]
fn users_are_found_by_where_they_registered_while_they_are_registered() {
    let mut registrar = Registrar::default();
    let at = |port: u16| SocketAddr::from(([192, 0, 2, 9], port));
    let from = |update: Update, user: &str, port| Update {
        user: user.into(),
        flow: Flow { remote: at(port), ..update.flow },
        ..update
    };
    let now = Now::default();
    registrar.handle_register(now, from(update("a", 1, &[("sip:one", 60)]), "ann", 4000)).unwrap();
    registrar.handle_register(now, from(update("b", 1, &[("sip:two", 90)]), "bob", 5000)).unwrap();
    let found = |registrar: &Registrar, port| registrar.at(at(port)).map(str::to_owned).collect::<Vec<_>>();
    let behind = |registrar: &Registrar| registrar.behind(at(1).ip()).count();
    assert_eq!((found(&registrar, 4000), found(&registrar, 4001)), (vec!["ann".to_owned()], vec![]));
    assert_eq!((behind(&registrar), registrar.behind([192, 0, 2, 8].into()).count()), (2, 0));
    registrar.handle_register(now, from(update("a", 2, &[("sip:one", 60)]), "ann", 4001)).unwrap();
    assert_eq!((found(&registrar, 4000).len(), found(&registrar, 4001).len()), (0, 1), "it moved");
    registrar.handle_timeout(now + Duration::from_secs(60));
    assert_eq!(behind(&registrar), 1);
    registrar.keep_users(&BTreeSet::new());
    assert_eq!((behind(&registrar), registrar.sources.len()), (0, 0));
}

#[test]
fn an_old_register_changes_nothing() {
    let mut registrar = Registrar::default();
    let now = Now::default();
    registrar.handle_register(now, update("a", 5, &[("sip:one", 60)])).unwrap();
    let stale = update("a", 5, &[("sip:two", 60), ("sip:one", 0)]);
    assert_eq!(registrar.handle_register(now, stale), Err(OutOfOrder));
    let star = Update { change: Change::RemoveAll, ..update("a", 4, &[]) };
    assert_eq!(registrar.handle_register(now, star.clone()), Err(OutOfOrder));
    assert_eq!(registrar.bindings("ann").len(), 1);
    registrar.handle_register(now, Update { call_id: "b".into(), ..star }).unwrap();
    assert_eq!(registrar.poll_event(), registered(1, 60));
    assert_eq!(registrar.poll_event(), gone(Why::Removed));
}

#[test]
fn the_eleventh_contact_replaces_the_one_that_ends_first() {
    let mut registrar = Registrar::default();
    for number in 0..=MAX_BINDINGS_PER_USER {
        let uri = format!("sip:{number}");
        let seconds = 100 + number as u64;
        registrar.handle_register(Now::default(), update(&uri, 1, &[(&uri, seconds)])).unwrap();
    }
    assert_eq!(registrar.bindings("ann").len(), MAX_BINDINGS_PER_USER);
    assert_eq!(registrar.bindings("ann")[0].uri.to_string(), "sip:1");
    assert_eq!(registrar.replaced(), 1);
}

#[test]
fn a_user_who_is_configured_no_more_has_no_contacts() {
    let mut registrar = Registrar::default();
    registrar.handle_register(Now::default(), update("a", 1, &[("sip:one", 60)])).unwrap();
    registrar.keep_users(&BTreeSet::from(["ann"]));
    assert!(!registrar.preferred("ann").is_empty());
    registrar.keep_users(&BTreeSet::new());
    assert!(registrar.preferred("ann").is_empty());
    assert_eq!(registrar.poll_event(), registered(1, 60));
    assert_eq!(registrar.poll_event(), gone(Why::Removed));
}

/// A REGISTER of a phone that names itself: contacts with the way by which each is reached.
fn of_phone(call_id: &str, cseq: u32, id: &str, contacts: &[(&str, u64, Option<u32>)]) -> Update {
    let list: Vec<_> = contacts.iter().map(|(uri, seconds, _)| (*uri, *seconds)).collect();
    let mut update = update(call_id, cseq, &list);
    if let Change::Contacts(requested) = &mut update.change {
        for (contact, (_, _, reg_id)) in requested.iter_mut().zip(contacts) {
            contact.instance = Some(Instance { id: id.into(), reg_id: *reg_id });
        }
    }
    update
}

fn uris(registrar: &Registrar) -> Vec<String> {
    registrar.bindings("ann").iter().map(|binding| binding.uri.to_string()).collect()
}

#[test]
fn a_phone_that_registers_from_a_new_address_takes_its_own_place() {
    let mut registrar = Registrar::default();
    let now = Now::default();
    registrar.handle_register(now, of_phone("a", 1, "x", &[("sip:ann@10.0.0.1", 60, None)])).unwrap();
    registrar.handle_register(now, of_phone("b", 1, "y", &[("sip:ann@10.0.0.9", 60, None)])).unwrap();
    registrar.handle_register(now, of_phone("c", 1, "x", &[("sip:ann@10.0.0.2", 60, None)])).unwrap();
    assert_eq!(uris(&registrar), ["sip:ann@10.0.0.9", "sip:ann@10.0.0.2"]);
    let taken_back = of_phone("c", 2, "x", &[("sip:ann@10.0.0.1", 0, None)]);
    registrar.handle_register(now, taken_back).unwrap();
    assert_eq!(uris(&registrar).len(), 2, "what a phone takes back it names");
}

#[test]
fn two_contacts_of_one_register_stand_side_by_side_though_they_are_of_one_phone() {
    let mut registrar = Registrar::default();
    for cseq in 1..3 {
        let two = of_phone("a", cseq, "x", &[("sip:ann@10.0.0.1", 60, None), ("sip:ann@10.0.0.2", 60, None)]);
        registrar.handle_register(Now::default(), two).unwrap();
        assert_eq!(uris(&registrar), ["sip:ann@10.0.0.1", "sip:ann@10.0.0.2"], "{cseq}");
    }
}

#[test]
fn two_ways_to_one_phone_are_kept_and_each_takes_its_own_place() {
    let mut registrar = Registrar::default();
    let now = Now::default();
    let flow =
        |port: u16| Flow { remote: SocketAddr::from(([192, 0, 2, 9], port)), ..update("", 0, &[]).flow };
    let over = |call_id: &str, reg_id, port| Update {
        flow: flow(port),
        ..of_phone(call_id, 1, "x", &[("sip:ann@10.0.0.1;ob", 60, Some(reg_id))])
    };
    registrar.handle_register(now, over("a", 1, 4001)).unwrap();
    registrar.handle_register(now, over("b", 2, 4002)).unwrap();
    let moved = registrar.handle_register(now, over("c", 1, 4003)).unwrap();
    assert_eq!(moved, [flow(4001)]);
    let ports = |registrar: &Registrar| -> Vec<_> {
        registrar.bindings("ann").iter().map(|binding| binding.flow.remote.port()).collect()
    };
    assert_eq!(ports(&registrar), [4002, 4003]);
    registrar.handle_disconnect(now, flow(4002));
    assert_eq!(ports(&registrar), [4003]);
    let plain = of_phone("d", 1, "x", &[("sip:ann@10.0.0.7", 60, None)]);
    registrar.handle_register(now, plain).unwrap();
    assert_eq!(ports(&registrar), [4000], "a phone that has but one way has no other left");
}

#[test]
fn contacts_that_do_not_answer_are_not_called_and_their_user_is_not_there() {
    let mut registrar = Registrar::default();
    let now = Now::default();
    registrar.handle_register(now, update("a", 1, &[("sip:one", 60)])).unwrap();
    registrar.handle_register(now, update("b", 1, &[("sip:two", 90)])).unwrap();
    while registrar.poll_event().is_some() {}
    let ids: Vec<BindingId> = registrar.bindings("ann").iter().map(|binding| binding.id).collect();
    registrar.set_reach(now, "ann", ids[1], Reach::Unreachable);
    registrar.set_reach(now, "ann", ids[1], Reach::Unreachable);
    assert_eq!((registrar.poll_event(), registrar.poll_event()), (registered(1, 60), None));
    registrar.set_reach(now, "ann", ids[0], Reach::Unreachable);
    assert_eq!(registrar.poll_event(), gone(Why::Unanswered));
    assert!(registrar.preferred("ann").is_empty() && registrar.bindings("ann").len() == 2);
    registrar.set_reach(now, "ann", ids[1], Reach::Reachable);
    assert_eq!(registrar.poll_event(), registered(1, 90));
    registrar.handle_register(now, update("a", 2, &[("sip:one", 60)])).unwrap();
    assert_eq!(registrar.poll_event(), registered(2, 90), "who registers can be called");
    let fresh = registrar.bindings("ann").iter().find(|binding| binding.uri.to_string() == "sip:one");
    assert_ne!(fresh.unwrap().id, ids[0], "what was found of the former says nothing about it");
}

#[test]
fn a_contact_keeps_its_id_until_it_moves() {
    let mut registrar = Registrar::default();
    let now = Now::default();
    let mut id_after = |update: Update| {
        registrar.handle_register(now, update).unwrap();
        registrar.bindings("ann")[0].id
    };
    let first = id_after(update("a", 1, &[("sip:one", 60)]));
    assert_eq!(id_after(update("a", 2, &[("sip:one", 60)])), first);
    let elsewhere = Flow { remote: "192.0.2.9:5000".parse().unwrap(), ..update("a", 3, &[]).flow };
    assert_ne!(id_after(Update { flow: elsewhere, ..update("a", 3, &[("sip:one", 60)]) }), first);
}

#[test]
fn contacts_come_back_as_they_were_kept_but_those_that_have_expired() {
    let mut registrar = Registrar::default();
    let now = Now { mono: Time(7_000_000), wall: hotline_base::WallTime(1_000_000_000) };
    let proxy = NameAddr::parse("<sip:192.0.2.50;lr>").unwrap();
    let mut first = of_phone("a", 4, "x", &[("sip:one@10.0.0.1", 60, Some(1))]);
    first.path = vec![proxy.clone()];
    registrar.handle_register(now, first).unwrap();
    registrar.handle_register(now, update("b", 1, &[("sip:two", 90)])).unwrap();
    assert_eq!((registrar.poll_changed().as_deref(), registrar.poll_changed()), (Some("ann"), None));
    let text = serde_json::to_string(&registrar.save(now, "ann")).unwrap();
    let saved: SavedContacts = serde_json::from_str(&text).unwrap();
    assert_eq!(saved.expires_at(), Some(now.wall + Duration::from_secs(90)));

    let restarted = Now { mono: Time(5), wall: now.wall + Duration::from_secs(40) };
    let mut later = Registrar::default();
    let agent = AgentId::from("ann");
    assert_eq!(later.restore(restarted, &agent, &saved, HOUR, |contact| Some(contact.flow)), 2);
    assert_eq!(later.poll_event(), registered(2, 50));
    let back = &later.bindings("ann")[0];
    assert_eq!((back.uri.to_string().as_str(), &back.path[..]), ("sip:one@10.0.0.1", &[proxy][..]));
    assert_eq!(back.expires_at, restarted.mono + Duration::from_secs(20));
    assert_eq!(back.instance, Some(Instance { id: "x".into(), reg_id: Some(1) }));
    let late = of_phone("a", 4, "x", &[("sip:one@10.0.0.1", 60, Some(1))]);
    assert_eq!(later.handle_register(restarted, late), Err(OutOfOrder));
    assert_eq!(later.preferred("ann")[0].uri.to_string(), "sip:two", "the one refreshed last");

    let next_day = Now { mono: Time(5), wall: now.wall + HOUR * 24 };
    let mut too_late = Registrar::default();
    assert_eq!(too_late.restore(next_day, &agent, &saved, HOUR, |contact| Some(contact.flow)), 0);
    assert_eq!((too_late.poll_event(), too_late.poll_timeout()), (gone(Why::Expired), None));
    assert_eq!(too_late.poll_changed().as_deref(), Some("ann"), "so that what was kept is deleted");

    let set_back = Now { mono: Time(5), wall: hotline_base::WallTime(0) };
    let mut early = Registrar::default();
    early.restore(set_back, &agent, &saved, HOUR, |contact| Some(contact.flow));
    assert_eq!(early.poll_event(), registered(2, 1090), "the clock was set back");
    let mut short = Registrar::default();
    short.restore(set_back, &agent, &saved, Duration::from_secs(300), |contact| Some(contact.flow));
    assert_eq!(short.poll_event(), registered(2, 300));
}
