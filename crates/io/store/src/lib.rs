//! Durable state on SQLite or PostgreSQL: migrations, repositories, the event journal.
