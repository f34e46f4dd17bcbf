"""The way to Kafka: client settings, producer, topics, the sink. Port: `Sink`."""
