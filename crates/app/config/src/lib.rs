//! config/ and ivr-flows/: YAML files to checked configuration, every mistake with file, line and column.
