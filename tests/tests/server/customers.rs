//! What an agent's page shows of whoever calls: everybody with the number, the contacts before, the way through the flow.

use anyhow::{Context, Result};
use hotline_api_client::{Client, ClientError};
use hotline_api_types::{
    AgentState, ContactOutcome, Customer, Direction, FieldValue, FollowUpList, Pop, What,
};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{Center, Hotline, PATIENCE, Watch, record_of, rings, wait_until_told};
use serde_json::{Value, json};

const CENTER: &str = "config/center.yaml";
const CALLER: &str = "+15550100123";
const PIN: &str = "8642";
const CREDIT: &str = "owes-a-lot";

/// Asks for an account and a PIN; customers with an agent of their own wait for that one.
const FLOW: &str = r##"flow: account
languages: [en]
variables: {account: text, pin: {type: text, sensitive: true}}
start: answer
steps:
  answer: {answer: {then: ask}}
  ask:
    collect:
      prompts: [menu]
      into: account
      min_digits: 3
      max_digits: 3
      no_input: {then: bye}
      invalid: {then: bye}
      then: pin
  pin:
    collect:
      prompts: [menu]
      into: pin
      min_digits: 4
      max_digits: 4
      no_input: {then: bye}
      invalid: {then: bye}
      then: blocked
  blocked: {condition: {if: customer.blocked, then: bye, else: wait}}
  wait: {queue: {name: sales, agent: customer.agent, exits: {full: bye, timeout: bye, no_agents: bye}}}
  bye: {hangup: {cause: normal}}
"##;

async fn center() -> Result<Hotline> {
    Center::new()
        .flow("4500", "account", FLOW)
        .edit(CENTER, "numbers:\n", "blocked_customers: admit\nnumbers:\n")
        .edit(CENTER, "numbers:\n", "crm: {url: \"https://crm.example/?n={number}&q={queue}\"}\nnumbers:\n")
        .edit(
            CENTER,
            "numbers:\n",
            "dispositions: {sold: Sold, lost: {name: Lost, codes: {late: Too late}}}\nnumbers:\n",
        )
        .start()
        .await
}

/// A caller who has given account 123 and the PIN.
async fn calls(hotline: &Hotline) -> Result<Phone> {
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&caller, "en/menu").await?;
    for key in "123".chars().chain(PIN.chars()) {
        caller.press(key).await?;
    }
    Ok(caller)
}

async fn offered(page: &mut Watch) -> Result<Pop> {
    let event =
        page.event("the pop", |event| matches!(&event.what, What::CallOffered { pop: Some(_), .. })).await?;
    let What::CallOffered { pop: Some(pop), .. } = event.what else { unreachable!("waited for it") };
    Ok(*pop)
}

async fn answered(page: &mut Watch) -> Result<Pop> {
    let event = page
        .event("the pop", |event| matches!(&event.what, What::CallConnected { pop: Some(_), .. }))
        .await?;
    let What::CallConnected { pop: Some(pop), .. } = event.what else { unreachable!("waited for it") };
    Ok(*pop)
}

async fn make(client: &Client, draft: Value) -> Result<Customer> {
    Ok(serde_json::from_value(client.post("/api/v1/customers", &draft).await?)?)
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> u16 {
    match outcome {
        Err(ClientError::Refused { status, .. }) => status.as_u16(),
        other => panic!("it was not refused: {other:?}"),
    }
}

/// Two fields, one of which agents do not see.
async fn add_fields(admin: &Client) -> Result<()> {
    for (name, visible_to) in [("segment", json!([])), ("credit", json!(["admin"]))] {
        let field = json!({"name": name, "label_en": name, "label_zh": name, "kind": "text",
            "visible_to": visible_to});
        admin.post("/api/v1/customer-fields", &field).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_pop_tells_the_agent_alone_who_calls_how_and_what_was_before() -> Result<()> {
    let hotline = center().await?;
    let admin = hotline.admin().await?;
    add_fields(&admin).await?;
    let bert = make(&admin, json!({"name": "Bert", "numbers": [CALLER]})).await?;
    let ada = json!({"name": "Ada Lovelace", "numbers": ["+1 (555) 010-0123"], "vip": true, "tags": ["north"],
        "agent": "1001", "fields": {"segment": "gold", "credit": CREDIT},
        "assets": [{"product": "Router", "serial": "S-1", "warranty_end": "2027-01-31"}]});
    let ada = make(&admin, ada).await?;
    let mut other = Watch::open(hotline.desk("1002").await?).await?;
    let _other_agent = hotline.ready("1002").await?;
    other.agent("1002", AgentState::Ready).await?;
    let mut page = Watch::open(hotline.desk("1001").await?).await?;
    let mut agent = hotline.ready("1001").await?;

    let caller = calls(&hotline).await?;
    let pop = offered(&mut page).await?;
    rings(&mut agent).await.context("the customer's own agent")?;
    assert_eq!((pop.queue.as_deref(), pop.lookup_done), (Some("sales"), true));
    let matches: Vec<&str> = pop.matches.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(matches, [&ada.id, &bert.id], "the one changed last is first");
    let shown = pop.customer.as_ref().context("a customer")?;
    assert_eq!((shown.vip, &shown.tags, &shown.assets), (true, &ada.tags, &ada.assets));
    assert_eq!(shown.fields.keys().collect::<Vec<_>>(), ["segment"], "credit is for admins");
    assert_eq!(shown.agent.as_deref(), Some("1001"));
    let steps: Vec<&str> = pop.path.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["answer", "ask", "pin", "blocked"]);
    assert_eq!(pop.path[1].input.as_deref(), Some("123"));
    assert_eq!(pop.collected.get("account"), Some(&FieldValue::Text("123".to_owned())));
    assert_eq!(pop.collected.len(), 1, "the PIN is sensitive");
    assert_eq!(pop.crm_url.as_deref(), Some("https://crm.example/?n=%2B15550100123&q=sales"));
    assert!(pop.history.is_empty());

    agent.answer().await?;
    let at_answer = answered(&mut page).await?;
    assert_eq!((&at_answer.matches, &at_answer.collected), (&pop.matches, &pop.collected));
    let steps: Vec<&str> = at_answer.path.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["answer", "ask", "pin", "blocked", "wait"], "the wait is over, too");
    let live = page.client().get("/api/v1/live").await?;
    assert_eq!(live["pop"]["collected"]["account"], "123", "a page that is opened now has it, too");
    for text in [format!("{pop:?}"), serde_json::to_string(&pop)?, live.to_string()] {
        assert!(!text.contains(PIN) && !text.contains(CREDIT));
    }
    caller.hang_up().await?;
    page.agent("1001", AgentState::WrapUp).await?;
    let said = json!({"code": "late", "note": "call again in May", "follow_up_at": "2027-05-03T08:00:00Z"});
    page.client().put(&format!("/api/v1/calls/{}/disposition", pop.call), &said).await?;
    let record = record_of(&admin, &pop.call).await?;
    let offer = &record.offers[0];
    assert!(offer.popped_at.context("popped_at")? <= offer.invited_at.context("invited_at")?);

    hotline.set_state("1002", "not_ready").await?;
    other.agent("1002", AgentState::NotReady).await?;
    assert!(other.events().iter().all(|event| event.call.is_none()), "{:?}", other.events());
    for event in other.events() {
        let text = serde_json::to_string(event)?;
        assert!(!text.contains("Ada") && !text.contains(CALLER) && !text.contains("crm.example"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn the_next_call_shows_the_one_before_also_after_two_customers_became_one() -> Result<()> {
    let hotline = center().await?;
    let admin = hotline.admin().await?;
    let twin = make(&admin, json!({"name": "A. Lovelace", "numbers": [CALLER]})).await?;
    let mut page = Watch::open(hotline.desk("1001").await?).await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = calls(&hotline).await?;
    let first = offered(&mut page).await?;
    assert!(first.matches.is_empty(), "one customer is no choice");
    rings(&mut agent).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    page.agent("1001", AgentState::Talking).await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let desk = page.client().clone();
    let path = format!("/api/v1/calls/{}/disposition", first.call);
    let said = json!({"code": "late", "note": "call again in May", "follow_up_at": "2027-05-03T08:00:00Z"});
    // The record is there a moment after the call.
    record_of(&admin, &first.call).await?;
    desk.put(&path, &said).await?;
    let due: FollowUpList = serde_json::from_value(desk.get("/api/v1/follow-ups").await?)?;
    assert_eq!(due.follow_ups.iter().map(|one| one.call.as_str()).collect::<Vec<_>>(), [&first.call]);
    assert_eq!(refused(desk.get("/api/v1/follow-ups?agent=1002").await), 403);
    let tree = desk.get("/api/v1/dispositions").await?;
    assert_eq!(tree["groups"][0]["codes"], json!(["late"]));

    let ada = make(&admin, json!({"name": "Ada Lovelace", "numbers": ["+15550100199"]})).await?;
    let merge = format!("/api/v1/customers/{}/merge", ada.id);
    for _ in 0..2 {
        let kept = desk.post(&merge, &json!({"other": twin.id})).await?;
        assert_eq!(kept["numbers"], json!(["+15550100199", CALLER]));
    }
    assert_eq!(refused(desk.get(&format!("/api/v1/customers/{}", twin.id)).await), 404);
    assert_eq!(refused(desk.post(&merge, &json!({"other": ada.id})).await), 422);

    hotline.set_state("1001", "ready").await?;
    page.from_here();
    let _caller = calls(&hotline).await?;
    let second = offered(&mut page).await?;
    assert_eq!(second.customer.context("a customer")?.id, ada.id);
    let [before] = second.history.as_slice() else { panic!("one call before: {:?}", second.history) };
    assert_eq!(
        (&before.call, before.direction, before.outcome),
        (&first.call, Direction::In, ContactOutcome::Talked)
    );
    assert_eq!((before.agent.as_deref(), before.queue.as_deref()), (Some("1001"), Some("sales")));
    assert_eq!(
        (before.disposition.as_deref(), before.note.as_deref()),
        (Some("late"), Some("call again in May"))
    );
    Ok(())
}

#[tokio::test]
async fn flows_know_who_is_blocked_and_whose_number_nobody_knows_gets_an_empty_form() -> Result<()> {
    let hotline = center().await?;
    let admin = hotline.admin().await?;
    let mut page = Watch::open(hotline.desk("1001").await?).await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = calls(&hotline).await?;
    let pop = offered(&mut page).await?;
    rings(&mut agent).await?;
    assert_eq!((pop.customer.as_ref(), pop.matches.len(), pop.history.len()), (None, 0, 0));
    assert_eq!((pop.caller.as_str(), pop.lookup_done), (CALLER, true));
    caller.hang_up().await?;
    make(&admin, json!({"name": "Mallory", "numbers": [CALLER], "blocked": true})).await?;
    let mut caller = calls(&hotline).await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    Ok(())
}
