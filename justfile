# List the recipes
_default:
    @just --list --unsorted

# Serve; rebuild when Rust changes, show style sheets and scripts anew at each reload
dev *args:
    @command -v entr >/dev/null || { echo "just dev needs entr: apt install entr, or brew install entr"; exit 1; }
    @while sleep 0.2; do \
        find src Cargo.toml -name '*.rs' -o -name Cargo.toml \
            | EXEUNT_ASSETS=assets entr -ndr cargo run -- {{ args }} || true; \
    done

# Add an account; asks for its password
add-account name *args:
    cargo run -q -- account add {{ name }} {{ args }}

# Run every test; installs what they need
test *args:
    tests/run {{ args }}

# Measure: pages, a million sessions, many who log in, out or listen at once; goals beside ratios
bench *args:
    cargo bench --locked {{ args }}

# Exactly what CI runs
check:
    .ci/run

# Format the code
fmt:
    cargo fmt --all
