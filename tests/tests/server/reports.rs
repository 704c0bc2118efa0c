//! Reports of real calls: what the formulas say of calls whose waits and talks the test has made, and the journal counted anew.

use anyhow::{Context, Result};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, Watch, binary, eventually, wait_until_heard, within};
use serde_json::Value;
use tokio::process::Command;

const CALLER: &str = "+15550100123";
const GIVES_UP: &str = "+15550100124";

/// A call that an agent takes, a talk, and the end.
async fn answered(hotline: &Hotline, watch: &mut Watch) -> Result<String> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    caller.hang_up().await?;
    watch.over(&call).await?;
    Ok(call)
}

async fn abandoned(hotline: &Hotline, watch: &mut Watch) -> Result<()> {
    let mut caller = hotline.caller(GIVES_UP).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(GIVES_UP).await?;
    caller.hang_up().await?;
    watch.over(&call).await.map(drop)
}

fn only_row<'r>(report: &'r Value, id: &str, value: &str) -> Result<&'r Value> {
    let rows = report["rows"].as_array().context("rows")?;
    let mut of_it = rows.iter().filter(|row| row[id] == value);
    let row = of_it.next().with_context(|| format!("a row of {value}: {report}"))?;
    assert!(of_it.next().is_none(), "one row: {report}");
    Ok(row)
}

#[tokio::test]
async fn the_figures_of_a_day_are_those_of_its_calls() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    abandoned(&hotline, &mut watch).await?;
    answered(&hotline, &mut watch).await?;

    let client = hotline.admin().await?;
    let report = client.get("/api/v1/reports/queues?within_s=60&short_s=0").await?;
    let row = only_row(&report, "queue", "sales")?;
    assert_eq!(
        (&row["offered"], &row["answered"], &row["abandoned"]),
        (&2.into(), &1.into(), &1.into()),
        "{row}"
    );
    assert_eq!(
        (&row["service_level"], &row["sl1"], &row["abandon_rate"]),
        (&0.5.into(), &1.0.into(), &0.5.into()),
        "{row}"
    );
    assert!(row["asa_ms"].as_u64().context("asa")? > 0);
    let defined = report["definitions"].as_array().context("definitions")?;
    assert!(
        defined
            .iter()
            .any(|one| one["field"] == "service_level" && one["formula"] == "SL5 = A_T / (A + B − B_short)")
    );
    // Who hangs up at once counts for nobody if the question is asked so.
    let report = client.get("/api/v1/reports/queues?short_s=600").await?;
    assert_eq!(only_row(&report, "queue", "sales")?["service_level"], 1.0);

    let of_agent = eventually("after-call work to be over", async || {
        let report = client.get("/api/v1/reports/agents?id=1001").await?;
        let row = only_row(&report, "id", "1001")?.clone();
        Ok((row["wrap_up_ms"].as_u64() >= Some(900) && row["ready_ms"].as_u64() > Some(0)).then_some(row))
    })
    .await?;
    assert_eq!((&of_agent["offered"], &of_agent["answered"]), (&1.into(), &1.into()), "{of_agent}");
    let time = |row: &Value, key: &str| row[key].as_u64().unwrap_or_default();
    let states = ["ready_ms", "ring_ms", "talk_ms", "hold_ms", "wrap_up_ms", "not_ready_ms"];
    let sum: u64 = states.iter().map(|state| time(&of_agent, state)).sum();
    // Each number is cut to the millisecond.
    assert!(time(&of_agent, "signed_in_ms").abs_diff(sum) <= states.len() as u64, "{of_agent}");
    // What goes on is in the figures of the agent; those of the queue wait for the end of after-call work.
    let row = eventually("after-call work to count for its queue", async || {
        let report = client.get("/api/v1/reports/queues").await?;
        let row = only_row(&report, "queue", "sales")?.clone();
        Ok((time(&row, "wrap_up_ms") >= 900).then_some(row))
    })
    .await?;
    assert_eq!(row["handled"], 1, "{row}");
    assert!(time(&row, "aht_ms").abs_diff(time(&row, "talk_ms") + time(&row, "wrap_up_ms")) <= 2, "{row}");

    let report = client.get("/api/v1/reports/flows").await?;
    assert_eq!(only_row(&report, "flow", "straight")?["calls"], 2);
    let by_interval = client.get("/api/v1/reports/queues?by=interval").await?;
    let rows = by_interval["rows"].as_array().context("rows")?;
    let offered: u64 = rows.iter().map(|row| time(row, "offered")).sum();
    assert_eq!(offered, 2, "{by_interval}");
    recounted(&hotline).await
}

/// The journal says the same, and whoever changes what was counted is found out.
async fn recounted(hotline: &Hotline) -> Result<()> {
    let today = &hotline_api_types::Timestamp::from_unix_millis(now_ms()).to_string()[..10];
    let recount = async || {
        let mut command = Command::new(binary()?);
        command.current_dir(hotline.directory()).args(["reports", "recount", "--from", today]);
        let output =
            within("the program to end", async { Ok(command.env_remove("HOTLINE_CONFIG").output().await?) });
        let output = output.await?;
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        anyhow::Ok((output.status.code(), said))
    };
    let (code, said) = recount().await?;
    assert!(code == Some(0) && said.contains("2 calls, 0 counted otherwise"), "{said}");
    let checks = hotline.admin().await?.get("/api/v1/reports/checks").await?;
    assert_eq!((&checks["checks"][0]["calls"], &checks["checks"][0]["differing"]), (&2.into(), &0.into()));
    Ok(())
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
