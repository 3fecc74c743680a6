# What CI runs, word for word.
ci: test

# Install what the tests need, check and test everything.
test *ARGS:
    cargo xtask test {{ARGS}}

# Format, lint, walls, generated documents.
check:
    cargo xtask check

# Write the generated documents.
generate:
    cargo xtask generate

# A server with a data directory of its own, for trying things.
dev:
    cargo run --release -- serve --data target/dev
