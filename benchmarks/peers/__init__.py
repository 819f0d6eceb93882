"""One job on one Kafka, done by Hallstream and by three other engines; see benchmarks/README.md."""
