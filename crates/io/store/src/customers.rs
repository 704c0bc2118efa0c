//! The address book: customers and their numbers.
//!
//! A number may belong to several customers (a family, a switchboard); a call is matched to the one changed
//! last.

mod caller;
mod erase;
mod fields;
mod import;
mod merge;

pub use erase::{ERASED_CALLS_MAX, Footprint};
pub use fields::{CustomerField, CustomerFieldKind};
pub use import::IMPORT_ROWS_MAX;
pub use merge::DUPLICATES_MAX;
pub(crate) use merge::point_to_kept;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hotline_base::{AgentId, CustomerId, Pii, WallTime};
use hotline_call::{Asset, Customer, FieldValue};
use serde::{Deserialize, Serialize};

use crate::db::{Argument, Row, Tx, sql};
use crate::text::{check, check_required};
use crate::{Store, StoreError, TextProblem};

/// The longest name of a person or user, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest company name, in characters.
pub const COMPANY_CHARS_MAX: usize = 200;
/// The longest e-mail address, in characters (RFC 5321 §4.5.3.1: 64 and 255 and the sign between).
pub const EMAIL_CHARS_MAX: usize = 320;
/// The longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 10_000;
/// Numbers of one customer.
pub const CUSTOMER_NUMBERS_MAX: usize = 20;
/// The longest number, in characters (`+` and the digits that call control looks at).
pub const NUMBER_CHARS_MAX: usize = hotline_call::number::DIGITS_MAX + 1;
/// The longest name of a class of customers, in characters.
pub const CLASS_CHARS_MAX: usize = 64;
/// The longest language tag (BCP 47 §4.4.1), in characters.
pub const LANGUAGE_CHARS_MAX: usize = 35;
/// Tags of one customer.
pub const CUSTOMER_TAGS_MAX: usize = 32;
/// The longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 64;
/// Fields that a center adds to customers.
pub const CUSTOMER_FIELDS_MAX: usize = 64;
/// The longest value of such a field, in characters.
pub const FIELD_CHARS_MAX: usize = 2000;
/// Assets of one customer.
pub const CUSTOMER_ASSETS_MAX: usize = 64;
/// The longest text of an asset, in characters.
pub const ASSET_CHARS_MAX: usize = 200;
/// Most customers that one search gives.
pub const CUSTOMER_SEARCH_MAX: usize = 100;

/// Rows of one customer with its numbers, one row per number, in order.
pub(super) const SELECT: &str =
    "SELECT c.id, c.name, c.company, c.email, c.note, c.class, c.language, c.vip, c.blocked, c.agent, c.details,
        c.changed_at, n.number
    FROM customer c LEFT JOIN customer_number n ON n.customer = c.id ";

impl Store {
    /// The customer with this normalised number; of several the one changed last. Fast enough to be asked
    /// while a call is set up: one statement, by indices only.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn find_customer(&self, number: &Pii<String>) -> Result<Option<Customer>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind(
            "WHERE c.id = (SELECT m.customer FROM customer_number m WHERE m.number = ",
            number.expose().as_str(),
        );
        // Not a join: PostgreSQL would read all customers for it while it has no statistics of the table.
        statement.push(
            " ORDER BY (SELECT k.changed_at FROM customer k WHERE k.id = m.customer) DESC, m.customer LIMIT 1)
            ORDER BY n.position",
        );
        let found = read_customers(&self.db.fetch(statement).await?)?.into_iter().next();
        let Some(mut customer) = found else { return Ok(None) };
        customer.last_agent = self.last_agent(customer.id).await?;
        Ok(Some(customer))
    }

    /// Who had a call of this customer last.
    pub(super) async fn last_agent(&self, customer: CustomerId) -> Result<Option<AgentId>, StoreError> {
        let statement = sql("SELECT agent FROM call WHERE customer = $1 AND agent IS NOT NULL
                ORDER BY started_at DESC, id DESC LIMIT 1")
        .bind(customer.to_string());
        let row = self.db.fetch_first(statement).await?;
        Ok(row.map(|row| row.get::<String>("agent")).transpose()?.map(|agent| AgentId::from(agent.as_str())))
    }

    /// The customer of this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn get_customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let mut statement = sql(SELECT);
        statement.push_bind("WHERE c.id = ", id.to_string());
        statement.push(" ORDER BY n.position");
        Ok(read_customers(&self.db.fetch(statement).await?)?.into_iter().next())
    }

    /// Customers whose name, company, e-mail or number holds `text`, in any case, by name, those behind the
    /// customer `after`; at most `limit`, and one more than [`CUSTOMER_SEARCH_MAX`]. With `blocked` only those whom the center
    /// does not want to hear from.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn search_customers(
        &self,
        text: &Pii<String>,
        blocked: bool,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        check("the search", text.expose(), NAME_CHARS_MAX)?;
        let limit = i64::try_from(limit.min(CUSTOMER_SEARCH_MAX + 1)).unwrap_or(0);
        let mut statement = sql(SELECT);
        statement.push_bind(
            "WHERE c.id IN (SELECT id FROM customer WHERE search LIKE ",
            like_pattern(text.expose()),
        );
        statement.push(" ESCAPE '!'");
        if blocked {
            statement.push_bind(" AND blocked = ", true);
        }
        if let Some(after) = after {
            // By its id, not by what it is called: places in lists are sent about.
            statement.push_bind(
                " AND (name, id) > (SELECT k.name, k.id FROM customer k WHERE k.id = ",
                after.to_string(),
            );
            statement.push(")");
        }
        statement.push_bind(" ORDER BY name, id LIMIT ", limit);
        statement.push(") ORDER BY c.name, c.id, n.position");
        read_customers(&self.db.fetch(statement).await?)
    }

    /// Keeps a new customer.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the id is in use, [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn create_customer(&self, customer: &Customer) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        insert(&mut tx, customer).await?;
        tx.commit().await
    }

    /// Changes a customer; `customer.changed_at` is the version that was read, and what comes back holds the
    /// version after.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody changed the customer since, [`StoreError::NotFound`],
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn update_customer(&self, customer: &Customer, now: WallTime) -> Result<Customer, StoreError> {
        let mut tx = self.db.begin().await?;
        let after = update(&mut tx, customer, now).await?;
        tx.commit().await?;
        Ok(after)
    }
}

/// Writes a new customer in a transaction.
pub(super) async fn insert(tx: &mut Tx, customer: &Customer) -> Result<(), StoreError> {
    check_customer(customer)?;
    let statement =
        sql("INSERT INTO customer (id, name, company, email, note, search, changed_at, class, language,
            vip, blocked, agent, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
        .bind(customer.id.to_string())
        .bind(customer.name.expose().as_str())
        .bind(plain(customer.company.as_ref()))
        .bind(plain(customer.email.as_ref()))
        .bind(plain(customer.note.as_ref()))
        .bind(search_text(customer))
        .bind(customer.changed_at.as_unix_micros())
        .bind(customer.class.clone())
        .bind(customer.language.clone())
        .bind(customer.vip)
        .bind(customer.blocked)
        .bind(customer.agent.as_ref().map(ToString::to_string))
        .bind(details(customer)?);
    tx.execute(statement).await?;
    insert_numbers(tx, customer).await
}

/// Changes a customer in a transaction, see [`Store::update_customer`].
pub(super) async fn update(tx: &mut Tx, customer: &Customer, now: WallTime) -> Result<Customer, StoreError> {
    check_customer(customer)?;
    // The clock may have been set back, the version must grow.
    let changed_at = now.max(customer.changed_at + Duration::from_micros(1));
    let statement = sql("UPDATE customer SET name = $3, company = $4, email = $5, note = $6, search = $7,
            changed_at = $8, class = $9, language = $10, vip = $11, blocked = $12, agent = $13, details = $14
            WHERE id = $1 AND changed_at = $2")
    .bind(customer.id.to_string())
    .bind(customer.changed_at.as_unix_micros())
    .bind(customer.name.expose().as_str())
    .bind(plain(customer.company.as_ref()))
    .bind(plain(customer.email.as_ref()))
    .bind(plain(customer.note.as_ref()))
    .bind(search_text(customer))
    .bind(changed_at.as_unix_micros())
    .bind(customer.class.clone())
    .bind(customer.language.clone())
    .bind(customer.vip)
    .bind(customer.blocked)
    .bind(customer.agent.as_ref().map(ToString::to_string))
    .bind(details(customer)?);
    if tx.execute(statement).await? == 0 {
        let known = sql("SELECT id FROM customer WHERE id = $1").bind(customer.id.to_string());
        return match tx.fetch_first(known).await? {
            Some(_) => Err(StoreError::Conflict),
            None => Err(StoreError::NotFound),
        };
    }
    let forget = sql("DELETE FROM customer_number WHERE customer = $1").bind(customer.id.to_string());
    tx.execute(forget).await?;
    insert_numbers(tx, customer).await?;
    Ok(Customer { changed_at, ..customer.clone() })
}

async fn insert_numbers(tx: &mut Tx, customer: &Customer) -> Result<(), StoreError> {
    if customer.numbers.is_empty() {
        return Ok(());
    }
    let mut statement = sql("INSERT INTO customer_number (customer, number, position) VALUES ");
    for (position, number) in (0_i64..).zip(&customer.numbers) {
        let row: [Argument; 3] =
            [customer.id.to_string().into(), number.expose().as_str().into(), position.into()];
        statement.push_row(position == 0, row);
    }
    tx.execute(statement).await.map(drop)
}

/// What is kept of a customer as JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Details {
    tags: Vec<String>,
    fields: BTreeMap<String, FieldValue>,
    assets: Vec<Asset>,
}

fn details(customer: &Customer) -> Result<String, StoreError> {
    let Customer { tags, fields, assets, .. } = customer.clone();
    serde_json::to_string(&Details { tags, fields, assets }).map_err(StoreError::Encode)
}

/// A NUL in what is kept as JSON is written as an escape there, which both databases take; it is refused all the same.
fn check_details(customer: &Customer) -> Result<(), StoreError> {
    let mut lengths = [
        ("the list of tags", customer.tags.len(), CUSTOMER_TAGS_MAX),
        ("the list of fields", customer.fields.len(), CUSTOMER_FIELDS_MAX),
        ("the list of assets", customer.assets.len(), CUSTOMER_ASSETS_MAX),
    ]
    .into_iter();
    if let Some((field, _, most)) = lengths.find(|(_, length, most)| length > most) {
        return Err(StoreError::Invalid { field, problem: TextProblem::TooMany(most) });
    }
    for tag in &customer.tags {
        check_required("a tag", tag, TAG_CHARS_MAX)?;
    }
    for value in customer.fields.values() {
        if let FieldValue::Text(text) | FieldValue::Number(text) = value {
            check("a field", text.expose(), FIELD_CHARS_MAX)?;
        }
    }
    for asset in &customer.assets {
        check_required("a product", &asset.product, ASSET_CHARS_MAX)?;
        let optional = [&asset.serial, &asset.contract];
        for text in optional.into_iter().flatten() {
            check("an asset", text.expose(), ASSET_CHARS_MAX)?;
        }
        check("the end of a warranty", asset.warranty_end.as_deref().unwrap_or_default(), ASSET_CHARS_MAX)?;
    }
    let agent = customer.agent.as_ref().map_or("", AgentId::as_str);
    check("the agent", agent, NAME_CHARS_MAX)
}

fn check_customer(customer: &Customer) -> Result<(), StoreError> {
    check_details(customer)?;
    check_required("the name", customer.name.expose(), NAME_CHARS_MAX)?;
    let optional = [
        ("the company", &customer.company, COMPANY_CHARS_MAX),
        ("the e-mail address", &customer.email, EMAIL_CHARS_MAX),
        ("the note", &customer.note, NOTE_CHARS_MAX),
    ];
    for (field, text, chars_max) in optional {
        if let Some(text) = text {
            check(field, text.expose(), chars_max)?;
        }
    }
    for (field, text, chars_max) in [
        ("the class", &customer.class, CLASS_CHARS_MAX),
        ("the language", &customer.language, LANGUAGE_CHARS_MAX),
    ] {
        if let Some(text) = text {
            check(field, text, chars_max)?;
        }
    }
    let field = "the list of numbers";
    if customer.numbers.len() > CUSTOMER_NUMBERS_MAX {
        return Err(StoreError::Invalid { field, problem: TextProblem::TooMany(CUSTOMER_NUMBERS_MAX) });
    }
    let mut seen = BTreeSet::new();
    for number in &customer.numbers {
        check_required("a number", number.expose(), NUMBER_CHARS_MAX)?;
        if !seen.insert(number) {
            return Err(StoreError::Invalid { field, problem: TextProblem::Repeated });
        }
    }
    Ok(())
}

/// Lower case is made here, by Unicode's rules: the databases differ beyond ASCII.
fn search_text(customer: &Customer) -> String {
    let optional = [&customer.company, &customer.email];
    let mut text = customer.name.expose().to_lowercase();
    for part in optional.into_iter().flatten().chain(&customer.numbers) {
        text.push('\n');
        text.push_str(&part.expose().to_lowercase());
    }
    text
}

fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.trim().to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

fn plain(text: Option<&Pii<String>>) -> Option<String> {
    text.map(|text| text.expose().clone())
}

/// Folds the rows of [`SELECT`]; those of one customer follow one another.
pub(super) fn read_customers(rows: &[Row]) -> Result<Vec<Customer>, StoreError> {
    let mut customers: Vec<Customer> = Vec::new();
    for row in rows {
        let id = read_id(row)?;
        let number: Option<Pii<String>> = row.get::<Option<String>>("number")?.map(Pii::new);
        match customers.last_mut() {
            Some(customer) if customer.id == id => customer.numbers.extend(number),
            Some(_) | None => {
                let mut customer = read_customer(row, id)?;
                customer.numbers.extend(number);
                customers.push(customer);
            }
        }
    }
    Ok(customers)
}

fn read_customer(row: &Row, id: CustomerId) -> Result<Customer, StoreError> {
    let Details { tags, fields, assets } =
        serde_json::from_str(&row.get::<String>("details")?).map_err(|source| StoreError::Corrupt {
            what: "customer",
            key: id.to_string(),
            source: Some(source),
        })?;
    Ok(Customer {
        id,
        name: Pii::new(row.get("name")?),
        company: row.get::<Option<String>>("company")?.map(Pii::new),
        email: row.get::<Option<String>>("email")?.map(Pii::new),
        numbers: Vec::new(),
        note: row.get::<Option<String>>("note")?.map(Pii::new),
        class: row.get("class")?,
        language: row.get("language")?,
        vip: row.get("vip")?,
        blocked: row.get("blocked")?,
        tags,
        agent: row.get::<Option<String>>("agent")?.map(|agent| AgentId::from(agent.as_str())),
        fields,
        assets,
        last_agent: None,
        changed_at: WallTime(row.get("changed_at")?),
    })
}

fn read_id(row: &Row) -> Result<CustomerId, StoreError> {
    let id: String = row.get("id")?;
    CustomerId::parse(&id).ok_or(StoreError::Corrupt { what: "customer", key: id, source: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_taken_as_it_is_written() {
        assert_eq!(like_pattern(" 100%_Ü! "), "%100!%!_ü!!%");
    }
}
