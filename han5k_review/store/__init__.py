"""The only schema and transactions, the only label folder: tables, engine, migrations, files."""
