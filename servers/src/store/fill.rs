//! Fills an empty store with a data set, once, also when several processes start on the same file at the same time.

use serde::Serialize;
use sqlx::{Connection, Row, SqliteConnection};

use super::{
    Place, StoreError, category_key, folded,
    tables::{LAYOUT, MARK, RECORDS},
    text,
};
use crate::{
    clock::day,
    data::{
        Dataset,
        record::{Article, Asset, Customer, Invoice, Ticket},
    },
};

/// How many tables there are besides the mark: of a file without a mark they are somebody else's.
pub(super) const TABLES_OF_OTHERS: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name <> 'data_set' AND name NOT LIKE 'sqlite_%'";

/// Creates the tables and inserts every record, unless that has been done before.
pub(super) async fn fill(connection: &mut SqliteConnection, place: &Place, data: &Dataset) -> Result<(), StoreError> {
    // Taking the write lock first makes the others wait until the file is full.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(MARK).execute(&mut *transaction).await?;
    let mark = sqlx::query("SELECT layout, name FROM data_set").fetch_optional(&mut *transaction).await?;
    if let Some(mark) = mark {
        transaction.rollback().await?;
        return fits(mark.try_get(0)?, mark.try_get(1)?, place, &data.profile.name);
    }
    let others: i64 = sqlx::query_scalar(TABLES_OF_OTHERS).fetch_one(&mut *transaction).await?;
    if others > 0 {
        transaction.rollback().await?;
        return Err(StoreError::OtherProgram { file: place.to_string() });
    }
    sqlx::raw_sql(RECORDS).execute(&mut *transaction).await?;
    text::TICKET.create(&mut transaction).await?;
    text::ARTICLE.create(&mut transaction).await?;
    for customer in &data.customers {
        insert_customer(&mut transaction, customer).await?;
    }
    for ticket in &data.tickets {
        insert_ticket(&mut transaction, ticket).await?;
    }
    for invoice in &data.invoices {
        insert_invoice(&mut transaction, invoice).await?;
    }
    for article in &data.articles {
        insert_article(&mut transaction, article).await?;
    }
    for asset in &data.assets {
        insert_asset(&mut transaction, asset).await?;
    }
    sqlx::query("INSERT INTO data_set (layout, name) VALUES ($1, $2)")
        .bind(LAYOUT)
        .bind(&data.profile.name)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Refuses a file that was filled by something else.
pub(super) fn fits(layout: i64, name: String, place: &Place, wanted: &str) -> Result<(), StoreError> {
    let file = place.to_string();
    if layout != LAYOUT {
        return Err(StoreError::OtherLayout { file, found: layout });
    }
    if name != wanted {
        return Err(StoreError::OtherData { file, found: name, wanted: wanted.to_owned() });
    }
    Ok(())
}

async fn insert_customer(connection: &mut SqliteConnection, customer: &Customer) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO customer VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(customer.customer_id.as_str())
        .bind(folded(&customer.company_name))
        .bind(&customer.company_name)
        .bind(customer.status.as_str())
        .bind(customer.tier.as_str())
        .bind(body(customer)?)
        .execute(&mut *connection)
        .await?;
    let contacts = customer.contacts.iter().map(|contact| &contact.email);
    for email in contacts.chain([&customer.email]) {
        sqlx::query("INSERT INTO customer_email VALUES ($1, $2)")
            .bind(customer.customer_id.as_str())
            .bind(folded(email))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_ticket(connection: &mut SqliteConnection, ticket: &Ticket) -> Result<(), StoreError> {
    let id = ticket.ticket_id.as_str();
    sqlx::query("INSERT INTO ticket VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(id)
        .bind(ticket.customer_id.as_str())
        .bind(ticket.status.as_str())
        .bind(ticket.priority.as_str())
        .bind(category_key(&ticket.category))
        .bind(folded(&ticket.os))
        .bind(folded(&ticket.assignee))
        .bind(ticket.created_date.to_string())
        .bind(day(ticket.created_date).to_string())
        .bind(body(ticket)?)
        .execute(&mut *connection)
        .await?;
    for tag in &ticket.tags {
        sqlx::query("INSERT INTO ticket_tag VALUES ($1, $2)")
            .bind(id)
            .bind(folded(tag))
            .execute(&mut *connection)
            .await?;
    }
    let notes: Vec<&str> = ticket.notes.iter().map(|note| note.text.as_str()).collect();
    let texts = [
        &ticket.subject,
        &ticket.tags.join(" "),
        &format!("{} {} {id}", category_key(&ticket.category), ticket.os),
        &ticket.description,
        ticket.resolution.as_deref().unwrap_or_default(),
        &notes.join("\n"),
    ];
    text::TICKET.add(connection, id, &texts).await
}

async fn insert_invoice(connection: &mut SqliteConnection, invoice: &Invoice) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO invoice VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(invoice.invoice_id.as_str())
        .bind(invoice.customer_id.as_str())
        .bind(invoice.status.as_str())
        .bind(invoice.issue_date.to_string())
        .bind(invoice.due_date.to_string())
        .bind(body(invoice)?)
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_article(connection: &mut SqliteConnection, article: &Article) -> Result<(), StoreError> {
    let id = article.article_id.as_str();
    sqlx::query("INSERT INTO article VALUES ($1, $2, $3)")
        .bind(id)
        .bind(category_key(&article.category))
        .bind(body(article)?)
        .execute(&mut *connection)
        .await?;
    let texts = [
        &article.title,
        &article.tags.join(" "),
        &article.products.join(" "),
        &category_key(&article.category),
        &article.content,
    ];
    text::ARTICLE.add(connection, id, &texts.map(String::as_str)).await
}

async fn insert_asset(connection: &mut SqliteConnection, asset: &Asset) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO asset VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(asset.asset_id.as_str())
        .bind(asset.customer_id.as_str())
        .bind(asset.asset_type.as_str())
        .bind(asset.status.as_str())
        .bind(folded(&asset.serial_number))
        .bind(folded(&asset.hostname))
        .bind(asset.warranty.end_date.to_string())
        .bind(body(asset)?)
        .execute(connection)
        .await?;
    Ok(())
}

fn body(record: &impl Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(record)?)
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::{
        data::{load, source::Source},
        store::Store,
    };

    #[tokio::test]
    async fn the_database_of_another_program_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("orders.db");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut theirs = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("CREATE TABLE orders (number)").execute(&mut theirs).await.unwrap();
        let data = load::load(&Source::Sample).unwrap();
        let refused = Store::open(&Place::File(file.clone()), &data).await.unwrap_err();
        assert!(matches!(refused, StoreError::OtherProgram { .. }), "{refused}");
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master").fetch_all(&mut theirs).await.unwrap();
        assert_eq!(tables, ["orders"]);
        let seen = crate::store::look(&file, "any").unwrap_err().to_string();
        assert!(seen.contains("the database of another program"), "{seen}");
    }
}
