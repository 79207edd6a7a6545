"""The only SQL and the only label folder: tables, engine, migrations, files by content hash."""
