//! The address book: customers and their numbers.
//!
//! A number may belong to several customers (a family, a switchboard); a call is matched to the one changed
//! last.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_base::{AgentId, CustomerId, Pii, WallTime};
use hotline_call::Customer;

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
/// Most customers that one search gives.
pub const CUSTOMER_SEARCH_MAX: usize = 100;

/// Rows of one customer with its numbers, one row per number, in order.
const SELECT: &str =
    "SELECT c.id, c.name, c.company, c.email, c.note, c.class, c.language, c.changed_at, n.number
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
    async fn last_agent(&self, customer: CustomerId) -> Result<Option<AgentId>, StoreError> {
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
    /// customer `after`; at most `limit`, and one more than [`CUSTOMER_SEARCH_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn search_customers(
        &self,
        text: &Pii<String>,
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
        check_customer(customer)?;
        let mut tx = self.db.begin().await?;
        let statement =
            sql("INSERT INTO customer (id, name, company, email, note, search, changed_at, class, language)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(customer.id.to_string())
            .bind(customer.name.expose().as_str())
            .bind(plain(customer.company.as_ref()))
            .bind(plain(customer.email.as_ref()))
            .bind(plain(customer.note.as_ref()))
            .bind(search_text(customer))
            .bind(customer.changed_at.as_unix_micros())
            .bind(customer.class.clone())
            .bind(customer.language.clone());
        tx.execute(statement).await?;
        insert_numbers(&mut tx, customer).await?;
        tx.commit().await
    }

    /// Changes a customer; `customer.changed_at` is the version that was read, and what comes back holds the
    /// version after.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody changed the customer since, [`StoreError::NotFound`],
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn update_customer(&self, customer: &Customer, now: WallTime) -> Result<Customer, StoreError> {
        check_customer(customer)?;
        // The clock may have been set back, the version must grow.
        let changed_at = now.max(customer.changed_at + Duration::from_micros(1));
        let mut tx = self.db.begin().await?;
        let statement =
            sql("UPDATE customer SET name = $3, company = $4, email = $5, note = $6, search = $7,
                changed_at = $8, class = $9, language = $10 WHERE id = $1 AND changed_at = $2")
            .bind(customer.id.to_string())
            .bind(customer.changed_at.as_unix_micros())
            .bind(customer.name.expose().as_str())
            .bind(plain(customer.company.as_ref()))
            .bind(plain(customer.email.as_ref()))
            .bind(plain(customer.note.as_ref()))
            .bind(search_text(customer))
            .bind(changed_at.as_unix_micros())
            .bind(customer.class.clone())
            .bind(customer.language.clone());
        if tx.execute(statement).await? == 0 {
            let known = sql("SELECT id FROM customer WHERE id = $1").bind(customer.id.to_string());
            return match tx.fetch_first(known).await? {
                Some(_) => Err(StoreError::Conflict),
                None => Err(StoreError::NotFound),
            };
        }
        let forget = sql("DELETE FROM customer_number WHERE customer = $1").bind(customer.id.to_string());
        tx.execute(forget).await?;
        insert_numbers(&mut tx, customer).await?;
        tx.commit().await?;
        Ok(Customer { changed_at, ..customer.clone() })
    }
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

fn check_customer(customer: &Customer) -> Result<(), StoreError> {
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
fn read_customers(rows: &[Row]) -> Result<Vec<Customer>, StoreError> {
    let mut customers: Vec<Customer> = Vec::new();
    for row in rows {
        let id = read_id(row)?;
        let number: Option<Pii<String>> = row.get::<Option<String>>("number")?.map(Pii::new);
        match customers.last_mut() {
            Some(customer) if customer.id == id => customer.numbers.extend(number),
            Some(_) | None => customers.push(Customer {
                id,
                name: Pii::new(row.get("name")?),
                company: row.get::<Option<String>>("company")?.map(Pii::new),
                email: row.get::<Option<String>>("email")?.map(Pii::new),
                numbers: number.into_iter().collect(),
                note: row.get::<Option<String>>("note")?.map(Pii::new),
                class: row.get("class")?,
                language: row.get("language")?,
                last_agent: None,
                changed_at: WallTime(row.get("changed_at")?),
            }),
        }
    }
    Ok(customers)
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
